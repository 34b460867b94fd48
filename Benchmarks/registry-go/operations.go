// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package main

import (
	"math"
	"runtime"
	"syscall"
	"unsafe"

	"github.com/prometheus/client_golang/prometheus"
)

// The bounds of Buckets.milliseconds, in seconds.
var bounds = []float64{
	1e-4, 2.5e-4, 5e-4, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
}

// A short run makes as many calls as one of RegistryBench.
const callsPerRun = 100_000

// latencies returns what RegistryBench observes in a short run, in seconds: some hundred microseconds, in five buckets.
func latencies() []float64 {
	values := make([]float64, callsPerRun)
	for i := range values {
		values[i] = float64(80_000+uint64(i&15)*100_000) / 1e9
	}
	return values
}

// random returns the same for values that fall into any bucket, so that the processor cannot foresee which.
func random() []float64 {
	values := make([]float64, callsPerRun)
	for i := range values {
		mixed := uint64(i) * 0x9E3779B97F4A7C15
		values[i] = float64(mixed>>(30+((mixed>>8)&15))) / 1e9
	}
	return values
}

// hotOperations returns what is done for each message; each function does it callsPerRun times.
func hotOperations() map[string]func() {
	latencies, random := latencies(), random()
	histogram := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "bench_latency_seconds", Buckets: bounds})
	scopes := []string{"room", "user", "broadcast", "client"}
	counters := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "bench_events_total"}, []string{"scope"})
	for _, scope := range scopes {
		counters.WithLabelValues(scope)
	}
	handle := counters.WithLabelValues("user")
	return map[string]func(){
		"observe": func() {
			for _, value := range latencies {
				histogram.Observe(value)
			}
		},
		"observe_random": func() {
			for _, value := range random {
				histogram.Observe(value)
			}
		},
		"counter_handle": func() {
			for i := 0; i < callsPerRun; i++ {
				handle.Inc()
			}
		},
		"counter_labels": func() {
			for i := 0; i < callsPerRun; i++ {
				counters.WithLabelValues(scopes[i&3]).Inc()
			}
		},
	}
}

const (
	processClock = 2 // CLOCK_PROCESS_CPUTIME_ID
	threadClock  = 3 // CLOCK_THREAD_CPUTIME_ID
)

// cpuTime reads a CPU clock in nanoseconds; Go's own library has no function for it.
func cpuTime(clock uintptr) int64 {
	var now syscall.Timespec
	_, _, failed := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clock, uintptr(unsafe.Pointer(&now)), 0)
	if failed != 0 {
		panic(failed)
	}
	return now.Nano()
}

// measure returns the nanoseconds of one operation, in the least of some short runs on a thread of its own.
func measure(runs int, operation func()) float64 {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	operation()
	least := int64(math.MaxInt64)
	for i := 0; i < runs; i++ {
		start := cpuTime(threadClock)
		operation()
		if elapsed := cpuTime(threadClock) - start; elapsed < least {
			least = elapsed
		}
	}
	return float64(least) / callsPerRun
}
