// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubServer
import HubTesting
import Testing

/// Runs a test with a server of its own, which is stopped whatever happens.
///
/// Afterwards, when the test's own ends of connections are gone, nothing may be left of them in any table, and every
/// delivery must be accounted for.
func withServer(
    _ change: (inout TestServer.Options) -> Void = { _ in },
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (TestServer) async throws -> Void
) async throws {
    let server = try TestServer(change)
    do {
        try await body(server)
    } catch {
        await server.stop()
        throw error
    }
    let left = await server.leftoversInTheEnd()
    #expect(left == nil, sourceLocation: sourceLocation)
    let imbalance = await server.imbalance()
    #expect(imbalance == nil, sourceLocation: sourceLocation)
    await server.stop()
}

extension TestServer {
    /// How many connections were turned away for a reason.
    func rejected(_ reason: RejectionReason) async throws -> Double? {
        try await scrape().value(of: "gohub_connections_rejected_total", ["reason": reason.labelValue])
    }

    /// Waits until so many connections have ended for a reason, and expects that none ended for another.
    func expectClosed(
        _ reason: String,
        _ count: Int = 1,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let page = try await eventually("\(count) connections closed") { page in
            page.sum(of: "gohub_connections_closed_total") >= Double(count) ? page : nil
        }
        let reasons = page.samples.filter { $0.name == "gohub_connections_closed_total" && $0.value > 0 }
            .map { "\($0.value) \($0.labels.map(\.value))" }
        #expect(reasons == ["\(Double(count)) [\"\(reason)\"]"], sourceLocation: sourceLocation)
    }
}
