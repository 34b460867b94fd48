// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import HubWire
import Testing

@Suite("The hub's allocations")
struct HubAllocationTests {
    @Test("a delivery, a message and a connection take no more memory blocks than Benchmarks/limits allows")
    func limits() async throws {
        let tests = try #require(CommandLine.arguments.first)
        let probe = (tests.lastIndex(of: "/").map { String(tests[..<$0]) } ?? ".") + "/AllocationProbe"
        let run = try await ChildProcess.run(probe, ["hub"], environment: ["LLVM_PROFILE_FILE": "/dev/null"])
        let lines = run.output.split(separator: "\n")
        // Under a sanitizer, which brings its own malloc, the probe says so.
        if lines == ["not counted"] { return }
        let limits = try Self.limits()
        #expect(Set(limits.keys) == ["delivery", "publish", "binary", "message", "connection"])
        #expect(lines.count == limits.count, "\(run.errors)")
        for line in lines {
            let parts = line.split(separator: " ")
            let count = try #require(Double(parts[1]))
            let limit = try #require(limits[String(parts[0])])
            #expect(count <= limit, "\(parts[0]): \(count) allocations, at most \(limit) are allowed")
        }
    }

    /// The numbers of Benchmarks/limits/hub-allocations.json for a debug build; the gate `release` looks at the others.
    private static func limits() throws -> [String: Double] {
        let folder = String(#filePath.split(separator: "Tests/HubCoreTests")[0])
        let text = try TestFile.read(folder + "Benchmarks/limits/hub-allocations.json")
        var limits: [String: Double] = [:]
        try text.withUnsafeBytes { bytes in
            try JSONReader.members(of: bytes) { key, value throws(JSONError) in
                guard try key.decoded() == "debug" else { return }
                let debug = UnsafeRawBufferPointer(rebasing: bytes[value])
                try JSONReader.members(of: debug) { key, value throws(JSONError) in
                    limits[try key.decoded()] = Double(String(decoding: debug[value], as: UTF8.self))
                }
            }
        }
        return limits
    }
}
