// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package main

import (
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"github.com/prometheus/client_golang/prometheus"
)

// The bounds of Buckets.milliseconds, in seconds.
var bounds = []float64{
	1e-4, 2.5e-4, 5e-4, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
}

// latencies returns 4096 durations in nanoseconds, spread evenly over the orders of magnitude of the buckets; the same
// numbers as RegistryBench observes.
func latencies() []uint64 {
	state := uint64(42)
	next := func() uint64 {
		state += 0x9E3779B97F4A7C15
		mixed := state
		mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9
		mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB
		return mixed ^ (mixed >> 31)
	}
	values := make([]uint64, 4096)
	for i := range values {
		// 2^14 ns is 16 µs, 2^34 ns are 17 s.
		magnitude := 14 + next()%20
		values[i] = uint64(1)<<magnitude + next()%(uint64(1)<<magnitude)
	}
	return values
}

// hotOperations returns what is done for each message; each function does it the given number of times.
func hotOperations() map[string]func(count int) {
	nanoseconds := latencies()
	seconds := make([]float64, len(nanoseconds))
	for i, value := range nanoseconds {
		seconds[i] = float64(value) / 1e9
	}
	histogram := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "bench_latency_seconds", Buckets: bounds})
	counters := prometheus.NewCounterVec(
		prometheus.CounterOpts{Name: "bench_events_total"}, []string{"scope", "result"})
	scopes := []string{"room", "user", "client", "broadcast"}
	results := []string{"ok", "denied", "failed"}
	for _, scope := range scopes {
		for _, result := range results {
			counters.WithLabelValues(scope, result)
		}
	}
	handle := counters.WithLabelValues("room", "ok")
	return map[string]func(int){
		"observe": func(count int) {
			for i := 0; i < count; i++ {
				histogram.Observe(seconds[i&4095])
			}
		},
		"counter_handle": func(count int) {
			for i := 0; i < count; i++ {
				handle.Inc()
			}
		},
		"counter_labels": func(count int) {
			for i := 0; i < count; i++ {
				counters.WithLabelValues(scopes[i&3], results[i&1]).Inc()
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

// measure returns the nanoseconds of one operation in each of some short runs on a thread of its own.
func measure(runs int, length time.Duration, operation func(count int)) []float64 {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	count := 1000
	for {
		start := cpuTime(threadClock)
		operation(count)
		if elapsed := cpuTime(threadClock) - start; elapsed > int64(length)/10 {
			count = int(float64(count) * float64(length) / float64(elapsed))
			break
		}
		count *= 10
	}
	results := make([]float64, runs)
	for i := range results {
		start := cpuTime(threadClock)
		operation(count)
		results[i] = float64(cpuTime(threadClock)-start) / float64(count)
	}
	return results
}
