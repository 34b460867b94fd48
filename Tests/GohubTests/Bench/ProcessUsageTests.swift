// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if os(Linux)
    import Glibc
    import HubTesting
    import Testing

    @testable import gohub

    extension ProcessUsage {
        /// What this process has used.
        static var own: ProcessUsage? { ProcessUsage(Int(getpid())) }
    }

    @Suite("What a process uses")
    struct ProcessUsageTests {
        @Test("processor time grows with work")
        func processor() async throws {
            let before = try #require(ProcessUsage.own)
            #expect(before.processor > 0)
            let grown = try await eventually("processor time") { () -> ProcessUsage? in
                var sum: UInt64 = 0
                for number in 0..<1_000_000 as Range<UInt64> { sum = sum &* 31 &+ number }
                let after = ProcessUsage.own
                return sum != 0 && (after?.processor ?? 0) > before.processor + 5_000_000 ? after : nil
            }
            #expect(grown.processor < before.processor + 600_000_000_000)
        }

        @Test("resident memory grows with what is touched")
        func resident() throws {
            let before = try #require(ProcessUsage.own)
            #expect(before.resident > 1 << 20)
            let size = 256 << 20
            let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 4096)
            defer { memory.deallocate() }
            for offset in stride(from: 0, to: size, by: 4096) {
                memory.storeBytes(of: 1, toByteOffset: offset, as: UInt8.self)
            }
            let after = try #require(ProcessUsage.own)
            #expect(after.resident > before.resident + UInt64(size / 2))
        }

        @Test("a process that does not exist has used nothing", arguments: [-1, 0, Int.max, 4_194_305])
        func none(pid: Int) {
            #expect(ProcessUsage(pid) == nil)
            #expect(ProcessUsage.objection(to: pid) == "there is no such process")
        }

        @Test("a process that runs can be measured")
        func measurable() {
            #expect(ProcessUsage.objection(to: Int(getpid())) == nil)
        }

        @Test("a process that has ended and was not waited for cannot be measured")
        func ended() async throws {
            var child: pid_t = 0
            let path = strdup("/bin/true")
            defer { free(path) }
            try #require(posix_spawn(&child, "/bin/true", nil, nil, [path, nil], nil) == 0)
            defer { waitpid(child, nil, 0) }
            let pid = Int(child)
            let objection = try await eventually("the end of the process") {
                ProcessUsage.objection(to: pid) == "it has ended" ? true : nil
            }
            #expect(objection)
        }
    }
#endif
