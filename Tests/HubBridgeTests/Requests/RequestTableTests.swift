// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import Synchronization
import Testing

@testable import HubBridge

/// What is open between nodes, and which answer counts.
@Suite("Request table")
struct RequestTableTests {
    /// What the completions were called with.
    private final class Results: Sendable {
        private let all = Mutex<[String]>([])
        var taken: [String] { all.withLock { $0 } }
        func completion() -> @Sendable (HubError?) -> Void {
            { [self] error in all.withLock { $0.append(error.map { "\($0.code.rawValue)" } ?? "ok") } }
        }
    }

    @Test(
        "one ok wins, else a full queue says more than a failure, and that more than an unknown client",
        arguments: [
            ([nil, .clientNotFound], "ok"),
            ([.clientNotFound, nil], "ok"),
            ([.sendBufferFull, nil], "ok"),
            ([.clientNotFound, .sendBufferFull], "send_buffer_full"),
            ([.sendBufferFull, .clientNotFound], "send_buffer_full"),
            ([.clientNotFound, .clientNotFound], "client_not_found"),
            ([.clientNotFound, .busUnavailable], "bus_unavailable"),
            ([.busUnavailable, .sendBufferFull], "send_buffer_full"),
        ] as [([HubError?], String)]
    )
    func weighs(answers: [HubError?], outcome: String) throws {
        var table = RequestTable()
        let results = Results()
        let opened = table.open(to: [1, 2], until: 100, results.completion())
        let id = try #require(opened)
        for (index, answer) in answers.enumerated() { table.answered(id, by: UInt64(index + 1), answer) }
        #expect(results.taken == [outcome])
        #expect(table.count == 0)
        table.expire(.max)
        #expect(results.taken == [outcome])
    }

    @Test(
        "where not all nodes were asked that may have the client, none can say that it is unknown",
        arguments: [
            ([.clientNotFound, .clientNotFound], "bus_unavailable"),
            ([.clientNotFound, .sendBufferFull], "send_buffer_full"),
            ([.clientNotFound, nil], "ok"),
        ] as [([HubError?], String)]
    )
    func notAll(answers: [HubError?], outcome: String) throws {
        var table = RequestTable()
        let results = Results()
        let opened = table.open(to: [1, 2], isAll: false, until: 100, results.completion())
        let id = try #require(opened)
        for (index, answer) in answers.enumerated() { table.answered(id, by: UInt64(index + 1), answer) }
        #expect(results.taken == [outcome])
    }

    @Test("a refusal of a node that was not meant, or that has answered, counts for nothing; its ok does")
    func strangers() throws {
        var table = RequestTable()
        let results = Results()
        let opened = table.open(to: [1, 2], until: 100, results.completion())
        let id = try #require(opened)
        table.answered(id, by: 3, .clientNotFound)
        table.answered(id, by: 1, .clientNotFound)
        table.answered(id, by: 1, .clientNotFound)
        table.answered(id &+ 1, by: 2, nil)
        #expect(results.taken == [])
        table.answered(id, by: 3, nil)
        #expect(results.taken == ["ok"])
    }

    @Test("what is not answered by all is unavailable at its deadline, in order")
    func deadlines() throws {
        var table = RequestTable(lastID: .max)
        let results = Results()
        let opened = table.open(to: [1, 2], until: 100, results.completion())
        let first = try #require(opened)
        _ = table.open(to: [1], until: 200, results.completion())
        table.answered(first, by: 1, .clientNotFound)
        #expect(table.nextDeadline == 100)
        table.expire(99)
        #expect(results.taken == [])
        table.expire(100)
        #expect(results.taken == ["bus_unavailable"])
        #expect(table.nextDeadline == 200)
        table.answered(first, by: 2, nil)
        table.expire(200)
        #expect(results.taken == ["bus_unavailable", "bus_unavailable"])
        #expect(table.nextDeadline == .max)
    }

    @Test("holds so many at most")
    func bounded() {
        var table = RequestTable()
        for _ in 0..<RequestTable.limit { _ = table.open(to: [1], until: 1) { _ in } }
        let refused = table.open(to: [1], until: 1) { _ in }
        #expect(refused == nil)
        table.expire(1)
        #expect(table.count == 0)
        let next = table.open(to: [1], until: 1) { _ in }
        #expect(next != nil)
    }
}
