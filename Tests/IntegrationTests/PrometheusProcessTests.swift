// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if os(Linux)
    import Glibc
    import HubMetrics
    import HubTesting
    import Testing

    @Suite("The process's own metrics beside /proc")
    struct PrometheusProcessTests {
        /// What this test reads from /proc in its own way.
        private struct Proc {
            var cpuSeconds = 0.0
            var threads = 0.0
            var virtualBytes = 0.0
            var residentBytes = 0.0
            var startSeconds = 0.0
            var maximumDescriptors = 0.0

            init() throws {
                let stat = try Self.text("/proc/self/stat").split(separator: ") ").last.map { $0.split(separator: " ") }
                let fields = try #require(stat)
                let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
                cpuSeconds = (Self.number(fields[11]) + Self.number(fields[12])) / ticks
                threads = Self.number(fields[17])
                virtualBytes = Self.number(fields[20])
                let boot = try Self.text("/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
                startSeconds = Self.number(try #require(boot).dropFirst(6)) + Self.number(fields[19]) / ticks
                let status = try Self.text("/proc/self/status").split(separator: "\n")
                let resident = try #require(status.first { $0.hasPrefix("VmRSS:") })
                residentBytes = Self.number(resident.split(whereSeparator: \.isWhitespace)[1]) * 1024
                let limits = try Self.text("/proc/self/limits").split(separator: "\n")
                let files = try #require(limits.first { $0.hasPrefix("Max open files") })
                maximumDescriptors = Self.number(files.split(whereSeparator: \.isWhitespace)[3])
            }

            private static func text(_ path: String) throws -> String {
                String(decoding: try TestFile.read(path), as: UTF8.self)
            }

            private static func number(_ text: Substring) -> Double { Double(String(text)) ?? .nan }
        }

        @Test("are what /proc says at the same time")
        func agree() throws {
            let registry = Registry()
            registry.registerProcess()
            // Other tests run in this process: what grows is held between two readings, the rest within some slack.
            let before = try Proc()
            let page = try Exposition(scraping: registry)
            let after = try Proc()
            func value(_ name: String) throws -> Double { try #require(page.value(of: name), "no \(name)") }

            let cpu = try value("process_cpu_seconds_total")
            #expect(cpu >= before.cpuSeconds - 0.02 && cpu <= after.cpuSeconds + 0.02)
            #expect(abs(try value("process_threads") - after.threads) <= 64)
            #expect(try value("process_max_fds") == after.maximumDescriptors)
            #expect(abs(try value("process_start_time_seconds") - after.startSeconds) < 0.011)
            let resident = try value("process_resident_memory_bytes")
            #expect(resident > before.residentBytes / 2 && resident < after.residentBytes * 2)
            let size = try value("process_virtual_memory_bytes")
            #expect(size > before.virtualBytes / 2 && size < after.virtualBytes * 2)
            #expect(try value("process_virtual_memory_max_bytes") > size)
            #expect(try value("process_start_time_seconds") < Double(WallClock.unixMilliseconds()) / 1000)
        }

        @Test("count descriptors that this test opens")
        func descriptors() throws {
            let registry = Registry()
            registry.registerProcess()
            let before = try Exposition(scraping: registry).value(of: "process_open_fds") ?? .nan
            let opened = (0..<500).map { _ in open("/dev/null", O_RDONLY | O_CLOEXEC) }
            defer { for descriptor in opened { close(descriptor) } }
            let after = try Exposition(scraping: registry).value(of: "process_open_fds") ?? .nan
            #expect(abs(after - before - 500) <= 100)
        }
    }
#endif
