// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubTesting
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("Process and runtime", .serialized)
struct ProcessCollectorTests {
    /// A file of `/proc`, as text.
    static func text(_ path: String) throws -> String {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// The number in a line such as `Threads:  7`, whose first word is this.
    static func number(_ name: String, in text: String) -> Double? {
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.first.map(String.init) == name, words.count > 1 { return Double(words[1]) }
        }
        return nil
    }

    #if os(Linux)
        @Test("L3 the process families show what /proc says")
        func agreesWithProc() throws {
            let registry = Registry()
            registry.registerProcess()
            let page = try registry.read(.text004)
            let value = { (name: String) in try #require(page.value(of: name), "\(name)") }

            #expect(page[family: "process_cpu_seconds_total"]?.type?.rawValue == "counter")
            for family in page.families where !family.name.hasSuffix("_total") {
                #expect(family.type?.rawValue == "gauge")
            }

            let stat = try Self.text("/proc/self/stat")
            let fields = try #require(stat.split(separator: ")").last).split(separator: " ")
            #expect(try value("process_threads") >= 1)

            let limits = try Self.text("/proc/self/limits")
            let files = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max open files") })
            #expect(try value("process_max_fds") == Double(files.split(separator: " ")[3]))
            let space = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max address space") })
            #expect(try value("process_virtual_memory_max_bytes") == Double(space.split(separator: " ")[3]) ?? 0x1p64)

            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            let uptime = try #require(try Self.text("/proc/uptime").split(separator: " ").first.flatMap { Double($0) })
            let start = try #require(Double(fields[19])) / 100
            #expect(abs(try value("process_start_time_seconds") - (Double(time.tv_sec) - uptime + start)) < 2.5)
        }

        /// What `/proc` says of this process: CPU in seconds, memory in bytes.
        static func usage() throws -> (cpu: Double, resident: Double, virtual: Double) {
            let fields = try #require(try text("/proc/self/stat").split(separator: ")").last).split(separator: " ")
            let ticks = try #require(Double(fields[11])) + (try #require(Double(fields[12])))
            let status = try text("/proc/self/status")
            let resident = try #require(number("VmRSS:", in: status))
            return (ticks / 100, resident * 1024, try #require(number("VmSize:", in: status)) * 1024)
        }

        @Test("L3 CPU and memory are those of /proc, in a moment in which no other test takes any")
        func usageAgrees() throws {
            let registry = Registry()
            registry.registerProcess()
            for _ in 0..<5000 {
                let before = try Self.usage()
                let page = try registry.read(.text004)
                let after = try Self.usage()
                let cpu = try #require(page.value(of: "process_cpu_seconds_total"))
                #expect((before.cpu - 0.1...after.cpu + 0.1).contains(cpu))
                guard before.virtual == after.virtual, before.resident == after.resident else { continue }
                #expect(page.value(of: "process_virtual_memory_bytes") == before.virtual)
                // The kernel adds up pages per thread now and then only, and each file from its own sum.
                let resident = try #require(page.value(of: "process_resident_memory_bytes"))
                #expect(abs(resident - before.resident) < 8_388_608)
                return
            }
            Issue.record("the process was never quiet")
        }

        @Test("L3 open descriptors are counted, the one for counting apart")
        func descriptors() throws {
            let registry = Registry()
            registry.registerProcess()
            // Other tests open and close files meanwhile, so ask for the tendency.
            let before = try #require(try registry.read(.text004).value(of: "process_open_fds"))
            let opened = (0..<200).map { _ in open("/dev/null", O_RDONLY | O_CLOEXEC) }
            let after = try #require(try registry.read(.text004).value(of: "process_open_fds"))
            for descriptor in opened { close(descriptor) }
            #expect((100...300).contains(after - before))
        }

        @Test("the heap's parts and the cores are shown")
        func runtime() throws {
            let registry = Registry()
            registry.registerRuntime()
            let page = try registry.read(.openMetrics)
            // The thread sanitizer brings its own malloc, which does not tell.
            let isSanitized = dlsym(nil, "__tsan_init") != nil
            #expect(try #require(page.value(of: "gohub_runtime_heap_bytes", ["part": "used"])) > 0 || isSanitized)
            #expect(page[family: "gohub_runtime_heap_bytes"]?.samples.count == 3)
            #expect(try #require(page.value(of: "gohub_host_cores")) >= 1)
            #expect(page[family: "gohub_host_pressure_seconds"]?.samples.count == 3)
            #expect(page[family: "gohub_host_throttled_seconds"]?.samples.count == 1)
        }
    #endif

    @Test(
        "reads a stat line whatever the program is called",
        arguments: ["gohub", "a b", "a) S 1 2", "((()", ") R 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 (", ""]
    )
    func statLines(name: String) throws {
        let line =
            "42 (\(name)) S 1 42 42 0 -1 4194560 100 0 7 0 11 22 0 0 20 0 5 0 12345 987654 321 18446744073709551615 1\n"
        let figures = try #require(Array(line.utf8).withUnsafeBytes { ProcessFigures(stat: $0) })
        #expect(figures.minorFaults == 100 && figures.majorFaults == 7 && figures.threads == 5)
        #expect(figures.startTicks == 12345 && figures.virtualBytes == 987_654 && figures.residentPages == 321)
    }

    @Test(
        "does not trip over a stat file that is none",
        arguments: [
            "", ")", "1 (x) S", "1 (x) S 1 2 3", "no numbers at all",
            "42 (x) S 1 42 42 0 -1 4194560 100 0 7 0 11 22 0 0 20 0 99999999999999999999 0 12345 987654 321 1",
            "42 (x) S 1 42 42 0 -1 4194560 a 0 7 0 11 22 0 0 20 0 5 0 12345 987654 321 1",
        ]
    )
    func badStatLines(text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { ProcessFigures(stat: $0) } == nil)
    }

    @Test(
        "reads the pressure and the boot time, or nothing",
        arguments: [
            ("some avg10=0.00 avg60=0.00 avg300=0.00 total=12345\nfull total=1\n", 12345, nil),
            ("cpu 1 2\nbtime 1700000000\nctxt 5\n", nil, 1_700_000_000), ("", nil, nil), ("some\n", nil, nil),
            ("btime\n", nil, nil), ("some avg10=1 total=", nil, nil), ("some total=x\n", nil, nil),
        ] as [(String, UInt64?, Double?)]
    )
    func smallFiles(text: String, pressure: UInt64?, boot: Double?) {
        #expect(Array(text.utf8).withUnsafeBytes { Pressure.microseconds(in: $0) } == pressure)
        #expect(Array(text.utf8).withUnsafeBytes { BootTime.unixSeconds(in: $0) } == boot)
    }
}

@Suite("What the registry tells of itself")
struct SelfMetricsTests {
    @Test("the series on the page are as many as it says")
    func series() throws {
        let registry = everyKind()
        registry.registerSelfMetrics()
        registry.registerBuild(version: "1", revision: "2")
        for format in ExpositionFormat.allCases {
            let page = try registry.read(format)
            #expect(page.value(of: "gohub_metrics_series") == Double(page.samples.count))
        }
    }

    @Test("scrapes, their length and their time are those of the pages before")
    func scrapes() throws {
        let registry = Registry()
        registry.registerSelfMetrics()
        let first = registry.page(.text004)
        #expect(first.contains("gohub_metrics_scrapes_total{format=\"text\"} 0\n"))
        #expect(first.contains("gohub_metrics_page_bytes 0\n"))
        let second = try registry.read(.openMetrics)
        #expect(second.value(of: "gohub_metrics_page_bytes") == Double(first.utf8.count))
        #expect(try #require(second.value(of: "gohub_metrics_scrape_duration_seconds")) > 0)
        #expect(second.value(of: "gohub_metrics_scrapes_total", ["format": "text"]) == 1)
        #expect(second.value(of: "gohub_metrics_scrapes_total", ["format": "openmetrics"]) == 0)
    }

    @Test("the build says version, revision and compiler")
    func build() {
        let registry = Registry()
        registry.registerBuild(version: "1.2.3", revision: "")
        let expected = #"gohub_build_info{version="1.2.3",revision="__empty__",swift_version=""#
        #expect(registry.samples().count == 1)
        #expect(registry.samples()[0].hasPrefix(expected))
    }
}
