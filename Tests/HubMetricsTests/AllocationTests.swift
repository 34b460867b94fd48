// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubTesting
import Testing

@Suite("Allocations")
struct AllocationTests {
    /// The program that counts them: built beside the tests, as counting replaces malloc.
    static func probe() throws -> String {
        let tests = try #require(CommandLine.arguments.first)
        let folder = tests.lastIndex(of: "/").map { String(tests[..<$0]) } ?? "."
        return folder + "/AllocationProbe"
    }

    @Test("neither an update nor a scrape takes memory once the registry is warm")
    func none() async throws {
        let run = try await ChildProcess.run(try Self.probe(), environment: ["LLVM_PROFILE_FILE": "/dev/null"])
        let lines = run.output.split(separator: "\n")
        // Under a sanitizer, which brings its own malloc, the probe says so.
        if lines == ["not counted"] { return }
        #expect(lines.count >= 13, "\(run.errors)")
        #expect(lines.filter { !$0.hasSuffix(" 0") } == [])
        #expect(run.ending == .exited(0))
    }

    @Test("a buffer that is kept does not grow again")
    func buffer() {
        let registry = everyKind()
        var page = ExpositionBuffer(capacity: 1)
        registry.render(.openMetrics, into: &page)
        let first = page.bytes
        registry.render(.openMetrics, into: &page)
        #expect(page.bytes == first)
        page.removeAll()
        #expect(page.count == 0 && page.text == "")
    }
}
