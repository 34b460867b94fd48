// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension Registry {
    /// Registers what every Prometheus client shows of its process: CPU, memory, descriptors, threads, start.
    ///
    /// Read from the system at each scrape, without allocating; on other systems than Linux there are fewer families.
    package func registerProcess() {
        let collector = ProcessCollector(self)
        onScrape { collector.collect() }
    }
}

/// Reads the process's figures at a scrape.
private struct ProcessCollector: Sendable {
    private enum Fault: String, MetricLabel {
        case minor, major
        static var labelName: String { "kind" }
    }

    private let cpu: Counter
    private let openDescriptors: Gauge
    private let descriptorLimit: Gauge
    #if os(Linux)
        private let stat = SmallFile("/proc/self/stat")
        private let virtualMemory: Gauge
        private let virtualMemoryLimit: Gauge
        private let residentMemory: Gauge
        private let threads: Gauge
        private let startTime: Gauge
        private let faults: Family<Counter, Fault>
        private let pageBytes = UInt64(max(sysconf(Int32(_SC_PAGESIZE)), 1))
        private let ticksPerSecond = Double(max(sysconf(Int32(_SC_CLK_TCK)), 1))
        private let bootTime = BootTime.unixSeconds()
    #endif

    init(_ registry: Registry) {
        let node = Shown.dashboard(.clientsAndNode)
        cpu = registry.secondsCounter(
            "process_cpu_seconds_total",
            help: "CPU time that the process has used, in user and in kernel mode.",
            shown: node
        )
        openDescriptors = registry.gauge(
            "process_open_fds",
            help: "File descriptors that are open.",
            shown: node
        )
        descriptorLimit = registry.gauge(
            "process_max_fds",
            help: "File descriptors that may be open at once.",
            shown: node
        )
        #if os(Linux)
            virtualMemory = registry.gauge(
                "process_virtual_memory_bytes",
                help: "Address space in use.",
                shown: .diagnostic
            )
            virtualMemoryLimit = registry.gauge(
                "process_virtual_memory_max_bytes",
                help: "Address space that may be used; 1.8446744073709552e+19 stands for no limit.",
                shown: .diagnostic
            )
            residentMemory = registry.gauge(
                "process_resident_memory_bytes",
                help: "Memory of the process that is in RAM.",
                shown: node
            )
            threads = registry.gauge("process_threads", help: "Threads of the process.", shown: node)
            startTime = registry.gauge(
                "process_start_time_seconds",
                help: "When the process started, in seconds since 1970.",
                shown: node
            )
            faults = registry.counter(
                "process_page_faults_total",
                help: "Page faults; a major one waited for the disk.",
                by: Fault.self,
                shown: .diagnostic
            )
        #endif
    }

    func collect() {
        cpu.publish(gohub_processor_clock())
        let open = gohub_open_descriptors()
        if open >= 0 { openDescriptors.set(open) }
        var limit = rlimit()
        #if os(Linux)
            if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
                descriptorLimit.set(UInt64(limit.rlim_cur))
            }
            if getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 {
                virtualMemoryLimit.set(UInt64(limit.rlim_cur))
            }
            guard let figures = stat.read(ProcessFigures.init(stat:)) else { return }
            virtualMemory.set(figures.virtualBytes)
            residentMemory.set(figures.residentPages &* pageBytes)
            threads.set(figures.threads)
            if let bootTime { startTime.set(bootTime + Double(figures.startTicks) / ticksPerSecond) }
            faults[.minor].publish(figures.minorFaults)
            faults[.major].publish(figures.majorFaults)
        #else
            if getrlimit(RLIMIT_NOFILE, &limit) == 0 { descriptorLimit.set(UInt64(limit.rlim_cur)) }
        #endif
    }
}

/// When the machine started.
package enum BootTime {
    /// The line `btime` of `/proc/stat`; nil where there is none.
    package static func unixSeconds() -> Double? {
        SmallFile("/proc/stat", capacity: 1 << 20).read(unixSeconds(in:))
    }

    /// Finds the line in the file's text.
    package static func unixSeconds(in text: UnsafeRawBufferPointer) -> Double? {
        for line in text.split(separator: UInt8(ascii: "\n")) where line.starts(with: "btime ".utf8) {
            var numbers = NumberReader(UnsafeRawBufferPointer(rebasing: line), field: 1)
            return numbers.value(ofField: 2).map { Double($0) }
        }
        return nil
    }
}
