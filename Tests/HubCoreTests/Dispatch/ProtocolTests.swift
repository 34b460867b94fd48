// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import HubWire
import Testing

/// The client protocol: JSON in, JSON out, byte for byte.
@Suite("Client protocol")
struct ProtocolTests {
    /// Data that a careless hub would change: spaces, order, numbers, escapes, letters beyond ASCII.
    static let untouched = [
        "null", "true", "0", "-0", "1e400", "123456789012345678901234567890", #""""#, #""\u0041\/\ud83d\ude00""#, "[]",
        "{}",
        #"{ "b" : 1 , "a" : [ 1.0 , 1.10 ] , "b" : 2 }"#, "\"ä€😀\"", " \t[1 , 2]",
    ]

    @Test("ping is answered with the same data, or null", arguments: untouched)
    func ping(data: String) {
        let hub = HubHarness()
        let client = hub.connect()
        client.send(#"{"message_id":7,"message_type":"ping","data":\#(data)}"#)
        client.send(#"{"message_id":8,"message_type":"ping"}"#)
        hub.tick()
        let trimmed = String(data.drop { " \t".contains($0) })
        #expect(client.takeTexts() == [hubMessage(7, "pong", trimmed), hubMessage(8, "pong", "null")])
    }

    @Test(
        "an answer carries the number of its question, whatever integer it is",
        arguments: [0, 1, -1, Int.max, Int.min]
    )
    func messageID(id: Int) throws {
        let hub = HubHarness()
        let client = hub.connect()
        let to = client.id
        let questions = [
            (#""message_type":"ping""#, hubMessage(id, "pong", "null")),
            (#""message_type":"subscribe","data":{"topic":"news"}"#, answer(id, "subscribed", topic: "news")),
            (#""message_type":"unsubscribe","data":{"topic":"news"}"#, answer(id, "unsubscribed", topic: "news")),
            (#""message_type":"publish","data":{"topic":"none","payload":1}"#, answer(id, "published", topic: "none")),
            (
                #""message_type":"unicast","data":{"client_id":"\#(to)","payload":1}"#,
                answer(id, "published", topic: "unicast/\(to)")
            ),
            (
                #""message_type":"nonsense""#,
                failure(id, "unknown_type", "no handler for this message_type", "nonsense")
            ),
        ]
        for (question, expected) in questions {
            client.send(#"{"message_id":\#(id),\#(question)}"#)
            hub.tick()
            #expect(client.takeTexts().contains(expected))
        }
    }

    @Test("messages come between the answers to subscribe and to unsubscribe, answers to publish in their order")
    func subscription() {
        let hub = HubHarness()
        let client = hub.connect()
        client.send(#"{"message_id":1,"message_type":"subscribe","data":{"topic":"news"}}"#)
        client.send(#"{"message_id":2,"message_type":"publish","data":{"topic":"news","payload":{"a": 1}}}"#)
        client.send(#"{"message_id":3,"message_type":"publish","data":{"topic":"news","payload":3}}"#)
        client.send(#"{"message_id":4,"message_type":"unsubscribe","data":{"topic":"news"}}"#)
        client.send(#"{"message_id":5,"message_type":"publish","data":{"topic":"news","payload":5}}"#)
        hub.tick()
        let published = [2, 3, 5].map { answer($0, "published", topic: "news") }
        let texts = client.takeTexts()
        #expect(texts.filter { published.contains($0) } == published)
        #expect(
            texts.filter { !published.contains($0) } == [
                answer(1, "subscribed", topic: "news"),
                message(1, topic: "news", payload: #"{"a": 1}"#, from: client.id),
                message(2, topic: "news", payload: "3", from: client.id),
                answer(4, "unsubscribed", topic: "news"),
            ]
        )
        hub.expectBalanced()
    }

    @Test("unsubscribing from what one is not subscribed to is no error")
    func unsubscribe() {
        let hub = HubHarness()
        let client = hub.connect()
        client.send(#"{"message_id":1,"message_type":"unsubscribe","data":{"topic":"news"}}"#)
        hub.tick()
        #expect(client.takeTexts() == [answer(1, "unsubscribed", topic: "news")])
    }

    @Test("a payload reaches subscribers byte for byte, on every shard", arguments: untouched)
    func payload(data: String) {
        let hub = HubHarness(shards: 2)
        let (publisher, local, remote) = (hub.connect(), hub.connect(), hub.connect(to: 1))
        for client in [local, remote] {
            client.send(#"{"message_type":"subscribe","data":{"topic":"a \"b\" ä"}}"#)
            hub.tick()
            _ = client.take()
        }
        publisher.send(
            #"{"message_id":9,"message_type":"publish","data":{"topic":"a \"b\" \u00e4","payload":\#(data)}}"#
        )
        hub.tick()
        let trimmed = String(data.drop { " \t".contains($0) })
        let expected = message(1, topic: #"a \"b\" ä"#, payload: trimmed, from: publisher.id)
        #expect(local.takeTexts() == [expected])
        #expect(remote.takeTexts() == [expected])
        #expect(publisher.takeTexts() == [answer(9, "published", topic: #"a \"b\" ä"#)])
    }

    @Test(
        "echo false spares the publisher, true and nothing do not",
        arguments: [("", true), (#","echo":true"#, true), (#","echo":false"#, false)]
    )
    func echo(member: String, echoes: Bool) {
        let hub = HubHarness()
        let (publisher, other) = (hub.connect(), hub.connect())
        for client in [publisher, other] { client.send(#"{"message_type":"subscribe","data":{"topic":"t"}}"#) }
        publisher.send(#"{"message_id":3,"message_type":"publish","data":{"topic":"t","payload":1\#(member)}}"#)
        hub.tick()
        let delivery = message(1, topic: "t", payload: "1", from: publisher.id)
        let own = [answer(0, "subscribed", topic: "t"), answer(3, "published", topic: "t")]
        #expect(Set(publisher.takeTexts()) == Set(own + (echoes ? [delivery] : [])))
        #expect(other.takeTexts() == [answer(0, "subscribed", topic: "t"), delivery])
    }

    @Test("broadcast reaches everyone, as topic broadcast", arguments: ["broadcast", "publish"])
    func broadcast(type: String) {
        let hub = HubHarness(shards: 2)
        let clients = (0..<4).map { hub.connect(to: $0 % 2) }
        let topic = type == "publish" ? #""topic":"broadcast","# : ""
        clients[0].send(#"{"message_id":5,"message_type":"\#(type)","data":{\#(topic)"payload":[1 ,2]}}"#)
        hub.tick()
        let delivery = message(1, topic: "broadcast", payload: "[1 ,2]", from: clients[0].id)
        #expect(Set(clients[0].takeTexts()) == [answer(5, "published", topic: "broadcast"), delivery])
        for client in clients[1...] { #expect(client.takeTexts() == [delivery]) }
        #expect(hub.snapshot().publishes[Int(DeliveryScope.broadcast.rawValue)] == 1)
    }

    @Test("unicast reaches its client only, on its own shard and on another, itself too", arguments: [0, 1, 2])
    func unicast(target: Int) {
        let hub = HubHarness(shards: 2)
        let clients = [hub.connect(), hub.connect(), hub.connect(to: 1)]
        let id = clients[target].id
        clients[0].send(#"{"message_id":5,"message_type":"unicast","data":{"client_id":"\#(id)","payload":{"x": 1}}}"#)
        hub.tick()
        let delivery = message(1, topic: "unicast/\(id)", payload: #"{"x": 1}"#, from: clients[0].id)
        let published = answer(5, "published", topic: "unicast/\(id)")
        for (index, client) in clients.enumerated() {
            let expected = (index == 0 ? [published] : []) + (index == target ? [delivery] : [])
            #expect(Set(client.takeTexts()) == Set(expected))
        }
        #expect(hub.snapshot().ledger.written(.client) == 1)
        hub.expectBalanced()
    }

    @Test("an id in capital letters is the same client, and everybody is told it in small ones", arguments: [0, 1])
    func unicastCapitals(shard: Int) {
        let hub = HubHarness(shards: 2)
        let sender = hub.connect()
        let target = hub.connect(to: shard)
        let id = target.id.description
        sender.send(
            #"{"message_id":5,"message_type":"unicast","data":{"client_id":"\#(id.uppercased())","payload":1}}"#
        )
        hub.tick()
        #expect(sender.takeTexts() == [answer(5, "published", topic: "unicast/\(id)")])
        #expect(target.takeTexts() == [message(1, topic: "unicast/\(id)", payload: "1", from: sender.id)])
    }

    @Test("every message of the hub's own has a number of its own, the same for all its receivers")
    func numbers() {
        let hub = HubHarness(shards: 2)
        let clients = (0..<4).map { hub.connect(to: $0 % 2) }
        for round in 0..<5 { clients[round % 4].send(#"{"message_type":"broadcast","data":{"payload":\#(round)}}"#) }
        hub.tick()
        for client in clients {
            let ids = client.takeTexts().filter { $0.contains(#""message_type":"message""#) }
            #expect(ids.count == 5)
            #expect(Set(ids.map { $0.prefix { $0 != "," } }) == Set((1...5).map { #"{"message_id":\#($0)"# }))
        }
    }

    @Test("welcome says who, where and what")
    func welcome() {
        var settings = HubSettings()
        settings.nodeID = "node \"7\""
        let hub = HubHarness(settings: settings)
        let client = hub.connect(welcome: true)
        hub.tick()
        let data =
            #"{"client_id":"\#(client.id)","node_id":"node \"7\"","version":"1.2.3","#
            + #""ping_interval_ms":25000,"max_message_bytes":1048576,"max_payload_bytes":1047903}"#
        #expect(client.takeTexts() == [hubMessage(0, "welcome", data)])
    }

    @Test("draining says when to come back")
    func draining() {
        let hub = HubHarness()
        let client = hub.connect()
        hub.receiver.draining(client.client, on: client.shard, retryAfterMilliseconds: 1_234)
        hub.tick()
        #expect(client.takeTexts() == [hubMessage(0, "draining", #"{"retry_after_ms":1234}"#)])
    }

    @Test("ts is the wall clock at the time of the answer")
    func timestamp() {
        let hub = HubHarness()
        let client = hub.connect()
        hub.clock.advance(by: .milliseconds(1_500))
        client.send(#"{"message_id":1,"message_type":"ping","ts":5}"#)
        hub.tick()
        let time = HubHarness.epochMilliseconds + 1_500
        #expect(client.takeTexts() == [#"{"message_id":1,"message_type":"pong","data":null,"ts":\#(time)}"#])
    }

    @Test("members that the protocol does not know are ignored, in any order")
    func unknownMembers() {
        let hub = HubHarness()
        let client = hub.connect()
        client.send(#"{"x":{"y":[1]},"data":{"z":0,"topic":"t"},"message_type":"subscribe","v":2,"message_id":4}"#)
        hub.tick()
        #expect(client.takeTexts() == [answer(4, "subscribed", topic: "t")])
    }

    // MARK: Binary

    @Test(
        "a binary publish arrives as the same bytes and is not acknowledged",
        arguments: [[], [0], Array(0...255)] as [[UInt8]]
    )
    func binary(payload: [UInt8]) throws {
        let hub = HubHarness(shards: 2)
        let (publisher, local, remote) = (hub.connect(), hub.connect(), hub.connect(to: 1))
        let topic = try TopicName("nëws")
        for client in [publisher, local, remote] { try client.subscribe(topic) }
        let bytes = [UInt8(topic.text.utf8.count)] + topic.text.utf8 + payload
        publisher.send(bytes)
        hub.tick()
        for client in [publisher, local, remote] { #expect(client.take() == [.binary(bytes)]) }
        let snapshot = hub.snapshot()
        #expect(snapshot.publishes[Int(DeliveryScope.topic.rawValue)] == 1)
        #expect(snapshot.ledger.enqueued(.reply) == 0)
        hub.expectBalanced()
    }

    @Test("the topic broadcast in a binary frame is a broadcast")
    func binaryBroadcast() {
        let hub = HubHarness(shards: 2)
        let clients = (0..<4).map { hub.connect(to: $0 % 2) }
        let bytes = [9] + Array("broadcast".utf8) + [1, 2, 3]
        clients[0].send(bytes)
        hub.tick()
        for client in clients { #expect(client.take() == [.binary(bytes)]) }
        #expect(hub.snapshot().publishes[Int(DeliveryScope.broadcast.rawValue)] == 1)
    }
}

/// An `error` as clients get it.
func failure(_ id: Int, _ code: String, _ reason: String, _ type: String) -> String {
    let escaped = reason.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: #"\""#)
    return hubMessage(id, "error", #"{"code":"\#(code)","reason":"\#(escaped)","message_type":"\#(type)"}"#)
}
