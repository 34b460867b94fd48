// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubServer
import HubTesting
import HubWire
import Testing

@Suite("Subscriptions of an address")
struct SubscriptionShareTests {
    /// Subscribes to as many topics of a client's own as it can, at most so many; returns how many that were.
    private func subscribe(_ client: HubPeer, _ name: String, atMost count: Int) async throws -> Int {
        for number in 0..<count {
            let answer = try await client.ask("subscribe", #"{"topic":"\#(name)/\#(number)"}"#)
            guard answer.type == "subscribed" else {
                #expect(isRefused(answer, because: "all clients of an address"))
                return number
            }
        }
        return count
    }

    private func isRefused(_ answer: HubText, because reason: String) -> Bool {
        answer.type == "error" && answer.data["reason"]?.string?.hasPrefix(reason) == true
    }

    @Test(
        "all clients of an address share its limit, on whatever loop they are; others have theirs",
        arguments: [1, 2]
    )
    func shared(loops: Int) async throws {
        try await withServer {
            $0.settings.loops = loops
            $0.settings.maxSubscriptionsPerIP = 10
        } _: { server in
            var clients: [HubPeer] = []
            for _ in 0..<4 { clients.append(try await server.client(from: "127.0.0.1")) }
            var taken = 0
            for (number, client) in clients.enumerated() {
                taken += try await subscribe(client, "a\(number)", atMost: 4)
            }
            #expect(taken == 10)
            let other = try await server.client(from: "127.0.0.2")
            #expect(try await subscribe(other, "b", atMost: 11) == 10)
            #expect(try await server.scrape().value(of: "gohub_subscriptions") == 20)
        }
    }

    @Test("what is given up, by leaving a topic or the hub, can be had again")
    func givenBack() async throws {
        try await withServer {
            $0.settings.maxSubscriptionsPerIP = 10
        } _: { server in
            let stays = try await server.client()
            var leaves: HubPeer? = try await server.client()
            #expect(try await subscribe(stays, "a", atMost: 6) == 6)
            // Again is no further subscription.
            #expect(try await subscribe(stays, "a", atMost: 6) == 6)
            if let leaves { #expect(try await subscribe(leaves, "b", atMost: 6) == 4) }
            _ = try await stays.ask("unsubscribe", #"{"topic":"a/0"}"#)
            _ = try await stays.ask("unsubscribe", #"{"topic":"a/0"}"#)
            #expect(try await subscribe(stays, "c", atMost: 6) == 1)
            leaves = nil
            try await server.eventually("its end") { $0.shard.subscriptions == 6 }
            #expect(try await subscribe(stays, "d", atMost: 6) == 4)
        }
    }

    @Test("a subscription that the node has no room for takes nothing of the share")
    func nodeFull() async throws {
        try await withServer {
            $0.settings.maxSubscriptionsPerIP = 3
            $0.hub.maxTopics = 2
        } _: { server in
            let client = try await server.client()
            #expect(try await subscribe(client, "a", atMost: 2) == 2)
            for _ in 0..<5 {
                let answer = try await client.ask("subscribe", #"{"topic":"b"}"#)
                #expect(isRefused(answer, because: "the hub holds its limit"))
            }
            let other = try await server.client()
            try await other.subscribe("a/0")
            let answer = try await other.ask("subscribe", #"{"topic":"a/1"}"#)
            #expect(isRefused(answer, because: "all clients of an address"))
        }
    }

    @Test("no limit is none")
    func unlimited() async throws {
        try await withServer {
            $0.settings.maxSubscriptionsPerIP = 0
            $0.hub.maxSubscriptionsPerClient = 100
        } _: { server in
            for name in ["a", "b"] {
                let count = try await subscribe(server.client(), name, atMost: 100)
                #expect(count == 100)
            }
        }
    }
}
