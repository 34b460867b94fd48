// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
package import HubServer

extension TestServer {
    /// What the loops say of themselves now.
    package func snapshot() async -> WorkerSnapshot {
        (try? await Blocking.run { [server] in server.snapshot() }) ?? WorkerSnapshot()
    }

    /// The page that a scrape gets, read strictly.
    package func scrape(_ format: Exposition.Format = .openMetrics) async throws -> Exposition {
        try await Blocking.run { [registry] in try Exposition(scraping: registry, as: format) }
    }

    /// Waits until the exposed values are what a test waits for.
    package func eventually<Answer: Sendable>(
        _ what: String,
        within limit: Duration = .seconds(60),
        metrics probe: (Exposition) -> Answer?
    ) async throws -> Answer {
        try await HubTesting.eventually(what, within: limit) { try await probe(scrape()) }
    }

    /// Waits until a condition on the loops' snapshot holds.
    package func eventually(
        _ what: String,
        within limit: Duration = .seconds(60),
        snapshot condition: (WorkerSnapshot) -> Bool
    ) async throws {
        _ = try await HubTesting.eventually(what, within: limit) { await condition(snapshot()) ? true : nil }
    }

    /// Which deliveries are in no book, as a sentence; nil when none is missing.
    package func imbalance() async -> String? {
        let residual = await snapshot().shard.residual
        return residual == 0 ? nil : "residual \(residual)"
    }

    /// Which tables still hold something, one a line; nil when the server is as empty as a new one.
    package func leftovers() async -> String? {
        let all = await snapshot()
        let closed = all.closedCount
        let tables: [(String, Int)] = [
            ("clients in the directory", hub.clientCount),
            ("addresses in the limiter", server.addressCount),
            ("HTTP connections", all.httpConnections),
            ("WebSockets", all.webSockets),
            ("answers that are awaited", all.awaitedAnswers),
            ("requests in flight", all.requestsInFlight),
            ("bytes of request bodies", server.bodyBytes),
            ("attached", all.shard.attached),
            ("registered", all.shard.registered),
            ("topics", all.shard.topics),
            ("subscriptions", all.shard.subscriptions),
            ("queued messages", all.shard.queuedMessages),
            ("queued bytes", all.shard.queuedBytes),
            ("slow clients", all.shard.slowClients),
            ("opened but not counted as closed", Int(all.opened) - Int(closed)),
        ]
        let left = tables.filter { $0.1 != 0 }
        return left.isEmpty ? nil : left.map { "\($0.1) \($0.0)" }.joined(separator: "\n")
    }

    /// Waits until nothing is left of any connection; the last leftovers when that takes too long.
    package func leftoversInTheEnd(within limit: Duration = .seconds(60)) async -> String? {
        let left = try? await HubTesting.eventually("empty tables", within: limit) {
            await leftovers() == nil ? true : nil
        }
        return left == nil ? await leftovers() : nil
    }
}
