// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import HubWire
import Testing

/// Everything at once through the client protocol, within ticks of any length: what holds for every order of events.
@Suite("Mixed traffic")
struct MixedTrafficTests {
    @Test(
        "who keeps reading gets everything once and in order, whatever the others do",
        arguments: 1...3 as ClosedRange<UInt64>,
        SlowClientPolicy.allCases
    )
    func mixed(seed: UInt64, policy: SlowClientPolicy) throws {
        for shards in 1...3 {
            var traffic = try MixedTraffic(seed: seed &* 101 &+ UInt64(shards), shards: shards, policy: policy)
            try traffic.run(steps: 1_500)
            traffic.check()
        }
    }
}

/// Some clients that read and stay, among others that do anything.
private struct MixedTraffic {
    private let seed: UInt64
    private let hub: HubHarness
    private let policy: SlowClientPolicy
    private var random: SplitMix64
    private let topics = ["news", "sport", "bin", "broadcast"]
    /// Subscribed to everything from the beginning, never blocked.
    private let steady: [FakeClient]
    private var others: [FakeClient] = []
    /// What was published to each topic by each publisher, in order.
    private var published: [String: [Int]] = [:]
    private var accepted = 0
    private let outcomes = Outcomes()

    init(seed: UInt64, shards: Int, policy: SlowClientPolicy) throws {
        self.seed = seed
        self.policy = policy
        random = SplitMix64(seed: seed)
        hub = HubHarness(
            shards: shards,
            settings: settings(messages: Int.random(in: 1...40, using: &random), bytes: 4_000, policy: policy)
        )
        let harness = hub
        steady = (0..<3).map { harness.connect(to: $0 % shards, welcome: true) }
        for client in steady {
            for topic in topics[..<3] { client.send(#"{"message_type":"subscribe","data":{"topic":"\#(topic)"}}"#) }
        }
        hub.tick()
    }

    mutating func run(steps: Int) throws {
        for step in 0..<steps {
            switch Int.random(in: 0..<100, using: &random) {
            case 0...39: publish(step)
            case 40...47: publishBinary(step)
            case 48...53: try publishThroughHub(step)
            case 54...60: push(step)
            case 61...66: ask(step)
            case 67...74: changeSubscription()
            case 75...79: others.append(hub.connect(to: hub.shards.indices.randomElement(using: &random) ?? 0))
            case 80...82: other()?.vanish()
            case 83...86: other()?.block(after: Int.random(in: 0...300, using: &random))
            case 87...90: other()?.unblock(Bool.random(using: &random) ? nil : Int.random(in: 0...300, using: &random))
            case 91: other()?.transport.isBroken = true
            case 92: if let client = other() { try? hub.hub.disconnect(client.id) }
            case 93...96: hub.tick(hub.shards.indices.randomElement(using: &random) ?? 0)
            default: hub.tick()
            }
            if step % 100 == 0 { #expect(hub.shards.allSatisfy { $0.snapshot().residual == 0 }, "seed \(seed)") }
        }
        hub.tick()
    }

    // MARK: Steps

    private mutating func publish(_ step: Int) {
        guard let client = anyone(), client.client.isRegistered, let topic = topics.randomElement(using: &random) else {
            return
        }
        let padding = String(repeating: "x", count: Int.random(in: 0...60, using: &random))
        let payload = "[\(step),\"\(padding)\"]"
        let isBroadcast = topic == "broadcast" && Bool.random(using: &random)
        let data = isBroadcast ? "" : #""topic":"\#(topic)","#
        let type = isBroadcast ? "broadcast" : "publish"
        client.send(#"{"message_id":\#(step),"message_type":"\#(type)","data":{\#(data)"payload":\#(payload)}}"#)
        published["\(client.id) \(topic)", default: []].append(step)
    }

    private mutating func publishBinary(_ step: Int) {
        guard let client = anyone(), client.client.isRegistered else { return }
        client.send([3] + Array("bin".utf8) + Array("\(client.id) bin \(step)".utf8))
        published["\(client.id) bin", default: []].append(step)
    }

    private mutating func publishThroughHub(_ step: Int) throws {
        guard let topic = topics.randomElement(using: &random) else { return }
        try hub.hub.publish(Frame("hub \(topic) \(step)"), to: topic)
        published["hub \(topic)", default: []].append(step)
    }

    private mutating func push(_ step: Int) {
        guard let client = anyone() else { return }
        do throws(HubError) {
            try hub.hub.push(Frame("push \(client.id) \(step)"), to: client.id, completion: outcomes.recorder(step))
            accepted += 1
            published["push \(client.id)", default: []].append(step)
        } catch {
            #expect(error == .sendBufferFull || !client.client.isRegistered, "seed \(seed)")
        }
    }

    private mutating func ask(_ step: Int) {
        guard let client = anyone(), let target = anyone(), client.client.isRegistered else { return }
        let data = #"{"client_id":"\#(target.id)","payload":\#(step)}"#
        switch Int.random(in: 0..<4, using: &random) {
        case 0: client.send(#"{"message_id":\#(step),"message_type":"unicast","data":\#(data)}"#)
        case 1: client.send("nonsense")
        case 2: client.send([9, 9])
        default: client.send(#"{"message_id":\#(step),"message_type":"ping"}"#)
        }
    }

    private mutating func changeSubscription() {
        guard let client = other(), client.client.isRegistered, let topic = topics.randomElement(using: &random) else {
            return
        }
        let type = Bool.random(using: &random) ? "subscribe" : "unsubscribe"
        client.send(#"{"message_type":"\#(type)","data":{"topic":"\#(topic)"}}"#)
    }

    private mutating func other() -> FakeClient? {
        others.suffix(12).filter(\.isAttached).randomElement(using: &random)
    }

    private mutating func anyone() -> FakeClient? { (steady + others.suffix(12)).randomElement(using: &random) }

    // MARK: Checking

    mutating func check() {
        let note: Comment = "seed \(seed), \(hub.shards.count) shards, \(policy)"
        for client in steady {
            #expect(streams(of: client).merging(ownPushes(of: client)) { $1 } == expected(for: client), note)
        }
        for client in others {
            for (stream, steps) in streams(of: client) {
                // Those who come and go, block and break miss some, but never get one twice or out of order.
                #expect(isSubsequence(steps, of: published[stream] ?? []), note)
            }
        }
        hub.expectBalanced()
        hub.expectEmptyAfterAllLeft()
        #expect(outcomes.all.count == accepted, note)
        #expect(outcomes.all.values.allSatisfy { $0.count == 1 }, note)
    }

    /// What a steady client must have got: every stream of every topic, and the pushes to itself.
    private func expected(for client: FakeClient) -> [String: [Int]] {
        published.filter { stream, _ in !stream.hasPrefix("push") || stream == "push \(client.id)" }
    }

    private func ownPushes(of client: FakeClient) -> [String: [Int]] {
        streams(of: client).filter { $0.key == "push \(client.id)" }
    }

    /// The numbers that a client got, by publisher and topic, in order of arrival.
    private func streams(of client: FakeClient) -> [String: [Int]] {
        var streams: [String: [Int]] = [:]
        for frame in client.transport.frames {
            guard let (stream, step) = parse(frame) else { continue }
            streams[stream, default: []].append(step)
        }
        return streams
    }

    private func parse(_ frame: ReceivedFrame) -> (String, Int)? {
        switch frame {
        case .binary(let bytes): numbered(String(decoding: bytes.dropFirst(4), as: UTF8.self))
        case .text(let text) where text.hasPrefix("{"): parse(text)
        case .text(let text): numbered(text)
        default: nil
        }
    }

    private func numbered(_ text: String) -> (String, Int)? {
        guard let space = text.lastIndex(of: " "), let step = Int(text[text.index(after: space)...]) else { return nil }
        return (String(text[..<space]), step)
    }

    /// A `message` of the client protocol to a topic; unicasts and answers are not streams.
    private func parse(_ text: String) -> (String, Int)? {
        Array(text.utf8).withUnsafeBytes { bytes in
            guard let message = try? ClientMessage.parse(bytes), message.knownType == .message,
                let data = try? message.requiredData(in: bytes), let delivery = try? DeliveryData.parse(data),
                let from = try? delivery.from.decoded(), let topic = try? delivery.topic.decoded(),
                !topic.hasPrefix("unicast/")
            else { return nil }
            let digits = data[delivery.payload].dropFirst().prefix { $0 != UInt8(ascii: ",") }
            return Int(String(decoding: digits, as: UTF8.self)).map { ("\(from) \(topic)", $0) }
        }
    }

    private func isSubsequence(_ part: [Int], of whole: [Int]) -> Bool {
        var rest = whole[...]
        for step in part {
            guard let index = rest.firstIndex(of: step) else { return false }
            rest = rest[(index + 1)...]
        }
        return true
    }
}
