// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@Suite("What a real Prometheus makes of scrape bodies", .tags(.prometheus), .needsPrometheus)
struct PrometheusVerdictTests {
    @Test("each body is accepted or rejected as the table of faults says", .timeLimit(.minutes(5)))
    func verdicts() async throws {
        let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(
            separator: "/"
        )
        let cases = try ExpositionCase.all(recordedIn: folder + "/HubTestingTests/Fixtures/exposition")
        let targets = try PrometheusTargets()
        for sample in cases {
            let response = PrometheusTargets.Response(
                sample.body,
                contentType: sample.contentType,
                isCompressed: sample.isCompressed
            )
            targets.serve("/\(sample.name)") { _ in response }
        }
        let server = try await PrometheusServer(
            scraping: cases.map { PrometheusServer.Job($0.name, port: targets.port, path: "/\($0.name)") }
        )
        let found = try await server.waitUntilScraped()
        for sample in cases {
            let target = try #require(found[sample.name])
            #expect(target.isUp == (sample.prometheus == .accepted), "\(target)")
        }
        await server.stop()
    }
}
