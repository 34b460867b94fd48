// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLog
import HubLoop
import HubTesting
import Testing

@testable import HubServer

@Suite("What the log says of connections")
struct ConnectionLogTests {
    let sink = MemorySink()
    let peer = SocketAddress(host: "192.0.2.7", port: 99)
    let client: ClientID = {
        var generator = SplitMix64(seed: 1)
        return ClientID(unixMilliseconds: -1, using: &generator)
    }()

    func connectionLog(_ level: LogLevel) -> ConnectionLog {
        ConnectionLog(Logger(level: level, format: .json, sink: sink))
    }

    @Test("an opening and an end name client and peer, at debug")
    func debug() {
        let traffic = ConnectionLog.Traffic(receivedMessages: 1, receivedBytes: 2, sentBytes: 3)
        for level in [LogLevel.info, .debug] {
            let log = connectionLog(level)
            log.opened(client, peer)
            log.closed(client, peer, .noPong, after: .seconds(4), traffic)
        }
        #expect(sink.records.map(\.message) == ["connection opened", "connection closed"])
        for record in sink.records {
            #expect(record["client"] == .string(client.description))
            #expect(record["peer"] == "192.0.2.7:99")
        }
        let closed = sink.records.last
        #expect(closed?["reason"] == "no_pong")
        #expect(closed?["initiator"] == "server")
        #expect(closed?["duration"] == .duration(.seconds(4)))
        #expect([closed?["received_messages"], closed?["received_bytes"], closed?["sent_bytes"]] == [1, 2, 3])
    }

    @Test("of clients that were too slow one a second and reason is named, of others none")
    func slow() {
        let log = connectionLog(.info)
        for reason in CloseReason.allCases {
            for _ in 0..<3 { log.closed(client, peer, reason, after: .seconds(1), .init()) }
        }
        #expect(sink.records.map { $0["reason"] } == ["slow", "write_timeout"])
        #expect(sink.records.allSatisfy { $0.message == "slow client disconnected" && $0.level == .info })
    }

    @Test("of refusals one a second and reason is written, at the level that it deserves")
    func refusals() {
        let log = connectionLog(.debug)
        for reason in RejectionReason.allCases {
            for _ in 0..<3 { log.refused(reason, peer) }
        }
        #expect(sink.records.map { $0["reason"] } == RejectionReason.allCases.map { .string($0.labelValue) })
        #expect(sink.records.allSatisfy { $0["peer"] == "192.0.2.7:99" })
        for record in sink.records {
            let level: LogLevel =
                switch record["reason"] {
                case "node_limit", "ip_limit": .warning
                case "draining": .info
                default: .debug
                }
            #expect(record.level == level)
        }
    }

    @Test("what a lack of descriptors makes each listener say ten times a second is said once")
    func descriptors() {
        let log = connectionLog(.info)
        for _ in 0..<100 {
            log.acceptingPauses(LoopError(.outOfDescriptors, "accept: too many open files"))
            log.notWatched(peer, LoopError(.outOfDescriptors, "watch: too many open files"))
        }
        #expect(sink.records.map(\.message) == ["accepting pauses", "a connection could not be watched"])
    }
}
