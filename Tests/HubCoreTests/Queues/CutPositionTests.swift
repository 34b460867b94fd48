// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import HubWire
import Testing

/// A socket that stops at every possible byte: what arrives is whole frames, and exactly those that the policy leaves.
@Suite("Cut positions")
struct CutPositionTests {
    /// Ten messages whose frames differ in length, with one of a longer header among them.
    static let texts: [String] = zip("abcdefghij", [6, 133, 2, 40, 9, 30, 131, 3, 20, 7]).map {
        textOfFrame($0, byteCount: $1)
    }

    @Test("with room for four messages, exactly these arrive whatever byte the socket stops at")
    func messageLimit() {
        let ends = [6, 139, 141, 181]
        for policy in SlowClientPolicy.allCases {
            for cut in 0...181 {
                let hub = HubHarness(settings: settings(messages: 4, policy: policy))
                let client = hub.connect()
                client.block(after: cut)
                for text in CutPositionTests.texts[..<4] { hub.hub.broadcast(Frame(text)) }
                hub.tick()
                for text in CutPositionTests.texts[4...] { hub.hub.broadcast(Frame(text)) }
                hub.tick()
                client.unblock()
                hub.tick()
                let finished = ends.count { $0 <= cut }
                let begun = finished < 4 && cut > (finished == 0 ? 0 : ends[finished - 1]) ? 1 : 0
                let sent = Array(CutPositionTests.texts[..<(finished + begun)])
                let expected: [ReceivedFrame]
                switch policy {
                case .disconnect:
                    expected = sent.map { .text($0) } + [.close(1013, "too slow, try again later")]
                case .dropNewest:
                    expected = CutPositionTests.texts[..<(4 + finished)].map { .text($0) }
                case .dropOldest:
                    let rest = CutPositionTests.texts[(finished + begun)...].suffix(4 - begun)
                    expected = (sent + rest).map { .text($0) }
                }
                #expect(client.take() == expected, "\(policy), cut at \(cut)")
                #expect(client.transport.fault == nil, "\(policy), cut at \(cut)")
                #expect(client.transport.endsWithWholeFrame, "\(policy), cut at \(cut)")
                hub.expectBalanced()
            }
        }
    }

    static let limits = [
        QueueLimits(messages: 4, bytes: 1_000),
        QueueLimits(messages: 100, bytes: 181),
        QueueLimits(messages: 100, bytes: 60),
        QueueLimits(messages: 3, bytes: 150),
        QueueLimits(messages: 1, bytes: 1),
        QueueLimits(messages: 1, bytes: 1_000),
        QueueLimits(messages: 2, bytes: 134),
    ]

    @Test("the queue does to each message what the model does", arguments: SlowClientPolicy.allCases, limits)
    func likeTheModel(policy: SlowClientPolicy, limits: QueueLimits) throws {
        for cut in 0...390 { try compare(policy, limits, cut: cut, bursts: [3, 7], step: nil) }
        // Around the ends of frames, the pings among them, whatever comes at once.
        for cut in [0, 1, 3, 4, 8, 9, 10, 141, 142, 143, 144, 181, 184, 185, 190, 380, 381, 400] {
            for bursts in [[10], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [4, 2, 4]] {
                try compare(policy, limits, cut: cut, bursts: bursts, step: nil)
            }
        }
    }

    @Test(
        "a socket that takes a few bytes at a time changes nothing",
        arguments: SlowClientPolicy.allCases,
        [1, 2, 5, 64]
    )
    func slowly(policy: SlowClientPolicy, step: Int) throws {
        for limits in CutPositionTests.limits {
            for bursts in [[3, 7], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]] {
                try compare(policy, limits, cut: 0, bursts: bursts, step: step)
            }
        }
    }

    /// Publishes the ten messages in bursts, a ping between them, to a socket that stops at `cut`; then lets it go on.
    private func compare(
        _ policy: SlowClientPolicy,
        _ limits: QueueLimits,
        cut: Int,
        bursts: [Int],
        step: Int?
    ) throws {
        let settings = settings(messages: limits.messages, bytes: limits.bytes, policy: policy)
        let hub = HubHarness(settings: settings)
        let client = hub.connect()
        var model = QueueModel(settings)
        client.block(after: cut)
        model.room = cut
        var waiting = CutPositionTests.texts[...]
        for burst in bursts {
            [UInt8](arrayLiteral: 7).withUnsafeBytes { hub.shards[0].control(9, $0, to: client.client) }
            model.control(.ping([7]))
            for text in waiting.prefix(burst) {
                hub.hub.broadcast(Frame(text))
                model.enqueue(.text(text), .broadcast)
            }
            waiting = waiting.dropFirst(burst)
            hub.tick()
            model.flushIfOpen()
            if model.closeReason != nil { break }
            if let step {
                client.unblock(step)
                model.room = step
                model.socketWritable()
            }
        }
        if model.closeReason == .slow {
            // The rest of the bursts would go to nobody.
            let stays = model.close()
            #expect(stays)
        }
        client.unblock()
        model.room = nil
        model.socketWritable()
        hub.tick()
        let note: Comment = "\(policy), \(limits), cut at \(cut), bursts of \(bursts), step \(step ?? 0)"
        #expect(client.take() == model.received, note)
        #expect(client.transport.fault == nil, note)
        #expect(client.transport.endsWithWholeFrame, note)
        let difference = model.books.difference(to: hub.snapshot())
        #expect(difference == nil, note)
        hub.expectBalanced()
    }
}
