// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension Registry {
    /// Registers what the process's surroundings do to it: malloc's memory, cores, time spent waiting for resources.
    ///
    /// Read at each scrape, without allocating; 0 where the system does not tell.
    package func registerRuntime() {
        let cores = gauge("gohub_host_cores", help: "Processor cores in operation.", shown: .diagnostic)
        onScrape { cores.set(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
        registerHeap()
        registerPressure()
        registerThrottling()
    }

    private func registerHeap() {
        let heap = gauge(
            "gohub_runtime_heap_bytes",
            help: "Memory that malloc holds: used in its arenas, unused in them, and mapped for single large blocks.",
            by: HeapPart.self,
            shown: .dashboard(.clientsAndNode)
        )
        onScrape {
            var usage = gohub_heap_usage()
            guard gohub_heap_usage(&usage) else { return }
            heap[.used].set(usage.used)
            heap[.unused].set(usage.unused)
            heap[.mapped].set(usage.mapped)
        }
    }

    private func registerPressure() {
        let waited = secondsCounter(
            "gohub_host_pressure_seconds_total",
            help: "Time in which some task of the machine waited for this resource.",
            by: Resource.self,
            shown: .diagnostic
        )
        let files = Resource.allCases.map { resource in
            (SmallFile("/proc/pressure/\(resource.rawValue)", capacity: 512), waited[resource])
        }
        onScrape {
            for index in files.indices {
                guard let microseconds = files[index].0.read(Pressure.microseconds(in:)) else { continue }
                files[index].1.publish(microseconds &* 1000)
            }
        }
    }
}

extension Registry {
    private func registerThrottling() {
        let throttled = secondsCounter(
            "gohub_host_throttled_seconds_total",
            help: """
                Time in which the process's control group had used up its share of the processor and stood still, \
                each core's counted; 0 where no limit is set.
                """,
            shown: .dashboard(.clientsAndNode)
        )
        guard let directory = ControlGroup.directory() else { return }
        let file = SmallFile(directory + "/cpu.stat", capacity: 1024)
        onScrape {
            guard let microseconds = file.read(ControlGroup.throttledMicroseconds(in:)) else { return }
            throttled.publish(microseconds &* 1000)
        }
    }
}

private enum HeapPart: String, MetricLabel {
    case used, unused, mapped
    static var labelName: String { "part" }
}

private enum Resource: String, MetricLabel {
    case cpu, memory, io
    static var labelName: String { "resource" }
}

/// Reads a file of `/proc/pressure`.
package enum Pressure {
    /// The total of the line `some avg10=0.00 avg60=0.00 avg300=0.00 total=12345`; nil where there is none.
    package static func microseconds(in text: UnsafeRawBufferPointer) -> UInt64? {
        guard let end = text.first(UInt8(ascii: "\n")) else { return nil }
        let line = UnsafeRawBufferPointer(rebasing: text[..<end])
        guard line.first(UInt8(ascii: "s")) == 0, let equals = line.last(UInt8(ascii: "=")) else { return nil }
        var numbers = NumberReader(UnsafeRawBufferPointer(rebasing: line[(equals + 1)...]), field: 1)
        return numbers.value(ofField: 1)
    }
}
