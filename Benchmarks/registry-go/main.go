// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

// registry-go measures Prometheus's own client_golang at what RegistryBench measures of gohub's registry.
//
//	registry-go --load PAGE [--dump FILE] [--runs 60] [--scrapes 5]
//
// It reads a page in the text format, registers the same families with the same series and values, and prints one JSON
// object: nanoseconds of an operation, the least of its short runs, as whatever disturbs a run only makes it longer. An
// operation is one observation, one increment, or one whole scrape: Gather, then the text format into memory that is
// used again.
//
// Hot operations are timed by the CPU time of their thread, so that another process on the machine does not count; a
// scrape by the CPU time of the process, as client_golang spreads it over threads, and by the clock on the wall.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
)

func main() {
	load := flag.String("load", "", "page to take families, series and values from")
	dump := flag.String("dump", "", "file to write the rendered page to")
	runs := flag.Int("runs", 60, "short runs of each hot operation")
	scrapes := flag.Int("scrapes", 5, "scrapes to time")
	flag.Parse()

	results := map[string]float64{}
	if *load != "" {
		registry, err := registryFrom(*load)
		if err != nil {
			fmt.Fprintln(os.Stderr, "registry-go:", err)
			os.Exit(1)
		}
		var page bytes.Buffer
		render(registry, &page)
		if *dump != "" {
			if err := os.WriteFile(*dump, page.Bytes(), 0o644); err != nil {
				fmt.Fprintln(os.Stderr, "registry-go:", err)
				os.Exit(1)
			}
		}
		least := func(name string, value int64) {
			if seen, found := results[name]; !found || float64(value) < seen {
				results[name] = float64(value)
			}
		}
		for i := 0; i < *scrapes; i++ {
			cpu, wall := cpuTime(processClock), time.Now()
			page.Reset()
			render(registry, &page)
			least("scrape_wall", time.Since(wall).Nanoseconds())
			least("scrape_cpu", cpuTime(processClock)-cpu)
		}
	}
	// What the pages left behind shall not be collected while the hot operations run.
	runtime.GC()
	for name, operation := range hotOperations() {
		results[name] = measure(*runs, operation)
	}
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		os.Exit(1)
	}
}

// render does what promhttp does for a scrape without compression.
func render(registry *prometheus.Registry, page *bytes.Buffer) {
	families, err := registry.Gather()
	if err != nil {
		fmt.Fprintln(os.Stderr, "registry-go:", err)
		os.Exit(1)
	}
	encoder := expfmt.NewEncoder(page, expfmt.FmtText)
	for _, family := range families {
		if err := encoder.Encode(family); err != nil {
			fmt.Fprintln(os.Stderr, "registry-go:", err)
			os.Exit(1)
		}
	}
}
