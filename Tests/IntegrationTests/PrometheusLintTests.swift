// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubTesting
import Testing

@Suite("What promtool says", .tags(.prometheus), .needsPrometheus)
struct PrometheusLintTests {
    private func check(_ body: [UInt8]) async throws -> (ending: ChildProcess.Ending, output: String) {
        let result = try await ChildProcess.run("promtool", ["check", "metrics"], input: body)
        return (result.ending, result.output + result.errors)
    }

    @Test("nothing of a live page with everything that a node registers by itself")
    func silent() async throws {
        let registry = Registry()
        registry.registerProcess()
        registry.registerRuntime()
        registry.registerSelfMetrics()
        registry.registerBuild(version: "1.2.3", revision: "0123abc")
        let targets = try PrometheusTargets()
        targets.serve("/metrics", registry, as: .text)
        let page = try await LoopbackHTTP.get(port: targets.port, "/metrics")
        let verdict = try await check(page.body)
        #expect(verdict.output == "")
        #expect(verdict.ending == .exited(0))
    }

    @Test("something of each example that breaks a rule it knows, as the lint does", arguments: NamingLint.examples)
    func agrees(example: NamingLint.Example) async throws {
        let verdict = try await check(Array(example.body.utf8))
        #expect(verdict.output.isEmpty != example.isPromtools, "\(verdict.output)")
        #expect((verdict.ending == .exited(0)) != example.isPromtools)
    }

    @Test("a page that cannot be parsed is another matter")
    func parse() async throws {
        #expect(try await check(Array("gohub_x{a=\"1\n".utf8)).ending == .exited(1))
    }
}
