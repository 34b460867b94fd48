// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop
import HubNATS
import HubTesting
import HubWire
import Testing

@Suite("Floods between a node and NATS", .tags(.nats), .needsNATS, .timeLimit(.minutes(3)))
struct NATSFlowTests {
    /// How long a loop may be busy at a time on a test machine where others compute as well.
    private static let pause = Duration.milliseconds(400)

    @Test("while the server takes nothing, publications fail once the bound is reached, and the loop goes on")
    func frozen() async throws {
        try await withNATSServer { nats in
            var settings = NATSSettings([nats.port])
            settings.outboxBytes = 1 << 20
            try await withNATSNode(settings) { node in
                #expect(try await node.connect() == nil)
                try await node.want([.add(.broadcast)])
                try await node.watchTicks()
                try await nats.freeze()
                let payload = [UInt8](repeating: 7, count: 50_000)
                var ids: [UInt64] = []
                for _ in 0..<200 {
                    ids += try await node.beginToPublish((0..<4).map { _ in (.broadcast, payload) })
                }
                let settled = node.story.settled
                // What the kernel holds on both sides counts for nothing.
                #expect(settled.count > 400)
                #expect(settled.values.allSatisfy { $0?.code == .timeout })
                #expect(node.story.longestPause < Self.pause, "\(node.story.longestPause)")
                nats.thaw()
                let answers = try await eventually("answers") { () -> [BusError?]? in
                    let settled = node.story.settled
                    return settled.count == ids.count ? ids.compactMap { settled[$0] } : nil
                }
                let taken = answers.filter { $0 == nil }.count
                #expect(taken > 0)
                _ = try await eventually("what was taken") { node.story.receivedCount == taken ? true : nil }
                #expect(try await node.publish([(.broadcast, payload)]) == [nil])
                #expect(node.story.faults == [])
                #expect(node.story.longestPause < Self.pause, "\(node.story.longestPause)")
            }
        }
    }

    @Test("a frozen server is left without waiting for it, and nothing is told of it any more")
    func leavesFrozen() async throws {
        try await withNATSServer { nats in
            try await withNATSNode(NATSSettings([nats.port])) { node in
                #expect(try await node.connect() == nil)
                try await node.want([.add(.broadcast)])
                try await node.watchTicks()
                try await nats.freeze()
                for _ in 0..<100 {
                    _ = try await node.beginToPublish([(.broadcast, [UInt8](repeating: 7, count: 50_000))])
                }
                try await node.disconnect()
                nats.thaw()
                let settled = node.story.settled.count
                _ = try await eventually("the server to be alone") {
                    try await nats.connections().isEmpty ? true : nil
                }
                #expect(node.story.settled.count == settled)
                #expect(node.story.receivedCount == 0)
                #expect(node.story.faults == [])
                #expect(try await node.connect() == nil)
                #expect(try await node.publish([(.broadcast, [1])]) == [nil])
                #expect(node.story.longestPause < Self.pause, "\(node.story.longestPause)")
            }
        }
    }

    @Test("what finds no room while the hub has none is dropped, counted and told, and then messages flow again")
    func noRoom() async throws {
        try await withNATSServer { nats in
            var settings = NATSSettings([nats.port])
            settings.inboxBytes = 100_000
            try await withNATSNode(settings) { node in
                #expect(try await node.connect() == nil)
                try await node.want([.add(.broadcast), .add(.node("a"))])
                try await node.setRoom(false)
                try await node.watchTicks()
                let client = try await nats.client()
                for _ in 0..<2000 { try await client.publish("gohub.broadcast", [UInt8](repeating: 7, count: 1000)) }
                try await client.flush()
                // The node's own questions are answered meanwhile.
                #expect(try await node.publish([(.node("a"), [1])]) == [nil])
                _ = try await eventually("what was dropped to be counted") {
                    try node.count("slow_consumer_total") ?? 0 > 0 ? true : nil
                }
                #expect(node.story.receivedCount <= 1)
                try await node.setRoom(true)
                _ = try await eventually("messages to flow") {
                    try await client.publish("gohub.broadcast", "last")
                    try await client.flush()
                    return node.story.received["broadcast"]?.last == Array("last".utf8) ? true : nil
                }
                // Two batches of what fits.
                let received = node.story.receivedCount
                #expect(received > 50 && received < 400, "\(received)")
                #expect(node.story.faults == [])
                #expect(node.story.longestPause < Self.pause, "\(node.story.longestPause)")
            }
        }
    }

    @Test("a pause costs nothing: a node without room does not look for it again and again")
    func idlesWhilePaused() async throws {
        try await withNATSServer { nats in
            try await withNATSNode(NATSSettings([nats.port])) { node in
                #expect(try await node.connect() == nil)
                try await node.want([.add(.broadcast)])
                try await node.setRoom(false)
                let client = try await nats.client()
                for _ in 0..<100 { try await client.publish("gohub.broadcast", "x") }
                try await client.flush()
                _ = try await eventually("a message") { node.story.receivedCount == 1 ? true : nil }
                let before = try await node.ticks()
                // Time passes at the server meanwhile.
                for _ in 0..<50 { try await client.flush() }
                let after = try await node.ticks()
                #expect(after - before < 100, "\(after - before) ticks")
                try await node.setRoom(true)
                _ = try await eventually("the rest") { node.story.receivedCount == 100 ? true : nil }
            }
        }
    }

    @Test("a hundred thousand names are wanted in slices, so that nothing else waits for long")
    func manyNames() async throws {
        try await withNATSServer { nats in
            try await withNATSNode(NATSSettings([nats.port])) { node in
                #expect(try await node.connect() == nil)
                try await node.watchTicks()
                let names = try (0..<100_000).map { try BusTopic(named: "topic/room.\($0)") }
                let start = ContinuousClock.now
                try await node.want(names.map { .add($0) }, within: .seconds(60))
                // A part of it, however slow the machine is.
                let limit = max(Self.pause, (ContinuousClock.now - start) / 4)
                #expect(node.story.longestPause < limit, "\(node.story.longestPause)")
                #expect(try await nats.monitoring("/varz")["subscriptions"]?.number ?? 0 > 100_000)
                try await node.publish([(names[99_999], [1]), (names[0], [2])])
                _ = try await eventually("messages") { node.story.receivedCount == 2 ? true : nil }
                // Given up while it has all of them, and in the midst of it.
                try await node.disconnect()
                #expect(try await node.connect() == nil)
                _ = try await node.beginToWant(names.map { .add($0) })
                try await node.disconnect()
                #expect(try await node.connect() == nil)
                #expect(try await node.publish([(.broadcast, [1])]) == [nil])
                #expect(node.story.longestPause < limit, "\(node.story.longestPause)")
            }
        }
    }

    @Test("what others publish below a prefix comes by its name, or as it stands where it is none")
    func foreignNames() async throws {
        try await withNATSServer { nats in
            try await withNATSNode(NATSSettings([nats.port])) { node in
                #expect(try await node.connect() == nil)
                try await node.want([.addPrefix(BusTopic.unicastPrefix), .add(try BusTopic(named: "unicast/1"))])
                let client = try await nats.client()
                let subjects = ["gohub.unicast.1", "gohub.unicast.a%20b", "gohub.unicast.%zz", "gohub.unicast.1.2"]
                for subject in subjects { try await client.publish(subject, subject) }
                // Names that are not below it.
                for subject in ["gohub.unicast", "gohub.topic.1", "unicast.1"] {
                    try await client.publish(subject, "x")
                }
                try await client.flush()
                try await node.want([.add(.broadcast)])
                try await client.publish("gohub.broadcast", "last")
                _ = try await eventually("messages") { node.story.received["broadcast"] != nil ? true : nil }
                let names = ["unicast/1", "unicast/a b", "gohub.unicast.%zz", "unicast/1.2", "broadcast"]
                #expect(Set(node.story.received.keys) == Set(names))
                #expect(node.story.receivedCount == 5)
            }
        }
    }

    @Test("all that a node publishes at once comes, in order, with a burst of messages that come meanwhile")
    func bothWays() async throws {
        try await withNATSServer { nats in
            try await withNATSNode(NATSSettings([nats.port])) { node in
                #expect(try await node.connect() == nil)
                let topic = try BusTopic(named: "topic/a")
                try await node.want([.add(topic), .add(.broadcast)])
                let client = try await nats.client()
                let numbers = (0..<3000).map { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
                async let foreign: Void = {
                    for number in numbers { try await client.publish("gohub.broadcast", number) }
                    try await client.flush()
                }()
                let errors = try await node.publish(numbers.map { (topic, $0) })
                #expect(errors.allSatisfy { $0 == nil })
                try await foreign
                _ = try await eventually("all messages") { node.story.receivedCount == 6000 ? true : nil }
                #expect(node.story.received == ["topic/a": numbers, "broadcast": numbers])
            }
        }
    }
}
