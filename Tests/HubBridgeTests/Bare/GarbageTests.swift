// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubCore
import HubTesting
import HubWire
import Testing

/// Whatever comes from a bus, a node goes on.
@Suite("Garbage on the bus")
struct GarbageTests {
    let harness = BridgeHarness()

    /// Bytes that are, or once were, something.
    private func garbage(_ stranger: Stranger, _ topic: BusTopic, _ random: inout SplitMix64) -> [UInt8] {
        var bytes: [UInt8]
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            return (0..<Int.random(in: 0...200, using: &random)).map { _ in .random(in: 0...255, using: &random) }
        case 1:
            var record = NodeRecord(stranger.identity)
            (record.tag, record.heads) = (
                7, [.broadcast: .init(epoch: 1, sequence: .random(in: 0...9, using: &random))]
            )
            var json = record.json
            json[.random(in: json.indices, using: &random)] = .random(in: 0...255, using: &random)
            return stranger.encode(.init(.node, to: .nodes), json)
        default:
            let kinds: [Envelope.Kind] = [.publication, .request, .answer, .node, .probe, .canary]
            var fields = EnvelopeWriter.Fields(kinds.randomElement(using: &random) ?? .probe, to: topic)
            fields.sequence = .random(in: 0...20, using: &random)
            fields.epoch = .random(in: 0...2, using: &random)
            fields.publishTime = .random(in: .min ... .max, using: &random)
            fields.isBinary = .random(using: &random)
            if .random(using: &random) { fields.correlation = .random(in: 0...9, using: &random) }
            if .random(using: &random) {
                fields.client = Array(repeating: 7, count: Int.random(in: 1...17, using: &random))
            }
            if .random(using: &random) { fields.operation = "unicast" }
            bytes = stranger.encode(fields, Array("payload".utf8))
        }
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let index = Int.random(in: 4..<bytes.count, using: &random)
            if .random(using: &random) {
                bytes[index] = .random(in: 0...255, using: &random)
            } else {
                bytes = Array(bytes[...index])
            }
            if bytes.count < 6 { break }
        }
        return bytes
    }

    @Test("a node survives it on every channel, and goes on to do its work", arguments: 1...10)
    func everyChannel(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        let (a, b) = (harness.serve("a"), harness.serve("b"))
        let (client, far) = (a.hub.connect(), b.hub.connect())
        client.askSubscribe()
        harness.settle()
        let topics = ["broadcast", "nodes", "node/a", "topic/news", "unicast/\(client.id)", "unicast/x"].map(\.busTopic)
        let strangers = (0..<3).map { Stranger(harness, id: "stranger \($0)", incarnation: UInt64($0) + 1) }
        for _ in 0..<400 {
            guard let topic = topics.randomElement(using: &random),
                let stranger = strangers.randomElement(using: &random)
            else { continue }
            harness.broker.publishBare(garbage(stranger, topic, &random), to: topic)
            if Int.random(in: 0..<20, using: &random) == 0 { harness.settle() }
        }
        harness.advance(.seconds(1))
        _ = client.take()
        _ = far.take()
        far.askPublish("41", id: 1)
        far.askUnicast("42", to: client.id, id: 2)
        harness.settle()
        #expect(client.takeNews().sorted() == ["41", "42"])
        #expect(far.takeNews() == ["published 1", "published 2"])
        #expect(a.hub.imbalance() == nil)
        #expect(a.hub.snapshot().openAnswers == 0)
    }
}
