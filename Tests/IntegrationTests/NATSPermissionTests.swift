// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubNATS
import HubTesting
import Testing

@Suite("A node that lacks rights at NATS", .tags(.nats), .needsNATS, .timeLimit(.minutes(2)))
struct NATSPermissionTests {
    private static let login = NATSSettings.Login.password(user: "hub") { BusSecret("secret") }

    private static func user(_ permissions: NATSServer.Permissions) -> NATSServer.User {
        NATSServer.User("hub", password: "secret", permissions: permissions)
    }

    /// Names that the server quotes in its complaint as they are, with escapes, and cut off.
    private static let awkward =
        [
            "a", "a.b", "a\"b", "a\\b", "\"", "é", "e\u{301}", "日本語😀", "\u{85}\u{A0}\u{AD}\u{E000}\u{FEFF}\u{10FFFF}",
            "'",
        ]
        + ["x", "é", "\u{85}", "\""].map { String(repeating: $0, count: 200 / $0.utf8.count * 2) }

    @Test("a publication that is not permitted is settled as rejected, with the server's words, whatever its name")
    func publications() async throws {
        try await withNATSServer {
            $0.users = [Self.user(.init(deniesPublish: ["gohub.topic.>"]))]
        } _: { nats in
            try await withNATSNode(NATSSettings([nats.port], login: Self.login)) { node in
                #expect(try await node.connect() == nil)
                let topics = try Self.awkward.map { try BusTopic(named: "topic/\($0)") }
                var wrong: [String] = []
                for round in 0..<20 {
                    // Each twice, between some that are permitted, in one batch and the next time one by one.
                    let all = topics.flatMap { [$0, .broadcast, $0] }.map { ($0, [UInt8(round)]) }
                    var errors: [BusError?] = []
                    if round % 2 == 0 {
                        errors = try await node.publish(all)
                    } else {
                        for each in all { errors += try await node.publish([each]) }
                    }
                    for (index, error) in errors.enumerated() {
                        let isRefused = error?.message.contains("Permissions Violation for Publish") == true
                        let isExpected = index % 3 == 1 ? error == nil : error?.code == .rejected && isRefused
                        if !isExpected { wrong.append("round \(round), \(all[index].0.name.debugDescription)") }
                    }
                }
                #expect(wrong == [])
                #expect(node.story.faults == [])
            }
        }
    }

    @Test("a topic to which it may not subscribe is told as refused, and the rest of the change is confirmed")
    func subscriptions() async throws {
        try await withNATSServer {
            $0.users = [Self.user(.init(deniesSubscribe: ["gohub.topic.>"]))]
        } _: { nats in
            try await withNATSNode(NATSSettings([nats.port], login: Self.login)) { node in
                #expect(try await node.connect() == nil)
                let topics = try Self.awkward.map { try BusTopic(named: "topic/\($0)") }
                try await node.want([.add(.broadcast)] + topics.map { .add($0) } + [.add(.node("a"))])
                _ = try await eventually("refusals") { node.story.refused.count >= topics.count ? true : nil }
                #expect(Set(node.story.refused) == Set(topics))
                #expect(node.story.refused.count == topics.count)
                #expect(node.story.reasons.allSatisfy { $0.contains("Permissions Violation for Subscription") })
                // Dropped before the refusal comes.
                try await node.want(topics.flatMap { [.add($0), .remove($0)] })
                try await node.publish([(.broadcast, [1]), (.node("a"), [2])])
                _ = try await eventually("messages") { node.story.receivedCount == 2 ? true : nil }
                #expect(node.story.faults == [])
            }
        }
    }

    @Test(
        "without its own names no node is one of the hub: the link ends as refused, with the server's words",
        arguments: ["broadcast", "nodes", "node.a", "unicast.>", "receipt.>"]
    )
    func essential(subject: String) async throws {
        try await withNATSServer {
            $0.users = [Self.user(.init(deniesSubscribe: ["gohub.\(subject)"]))]
        } _: { nats in
            try await withNATSNode(NATSSettings([nats.port], login: Self.login)) { node in
                for attempt in 1...3 {
                    // It may be refused already when this is seen.
                    _ = try await node.connect()
                    _ = try await node.beginToWant([
                        .add(.broadcast), .add(.nodes), .add(.node("a")), .addPrefix(BusTopic.unicastPrefix),
                    ])
                    let fault = try await node.fault(after: attempt - 1)
                    #expect(fault.reason == .refused)
                    #expect(fault.message.contains("127.0.0.1:\(nats.port)"))
                    #expect(fault.message.contains("Permissions Violation for Subscription"), "\(fault.message)")
                }
            }
        }
    }

    @Test("a node that may not publish to itself ends as refused, as nothing would be confirmed")
    func receipts() async throws {
        try await withNATSServer {
            $0.users = [Self.user(.init(deniesPublish: ["gohub.receipt.>"]))]
        } _: { nats in
            try await withNATSNode(NATSSettings([nats.port], login: Self.login)) { node in
                #expect(try await node.connect() == nil)
                _ = try await node.beginToWant([.add(.broadcast)])
                let fault = try await node.fault()
                #expect(fault.reason == .refused)
                #expect(fault.message.contains("Permissions Violation for Publish"), "\(fault.message)")
            }
        }
    }

    @Test("a right that is granted while the node is connected works within a moment")
    func granted() async throws {
        try await withNATSServer {
            $0.users = [Self.user(.init(deniesPublish: ["gohub.topic.a"]))]
        } _: { nats in
            try await withNATSNode(NATSSettings([nats.port], login: Self.login)) { node in
                #expect(try await node.connect() == nil)
                let topic = try BusTopic(named: "topic/a")
                #expect(try await node.publish([(topic, [1])]).map { $0?.code } == [.rejected])
                try nats.rewrite { $0.users = [Self.user(.init())] }
                try await nats.reload()
                if !node.story.faults.isEmpty { #expect(try await node.connect() == nil) }
                let start = ContinuousClock.now
                _ = try await eventually("a publication that is taken") { () -> Bool? in
                    try await node.publish([(topic, [2])]) == [nil] ? true : nil
                }
                #expect(ContinuousClock.now - start < .seconds(10))
            }
        }
    }
}
