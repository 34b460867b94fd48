// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubTesting
import HubWire
import Testing

@Suite("Gap detector")
struct GapDetectorTests {
    private func at(_ sequence: UInt64, epoch: UInt32 = 1) -> SequenceBook.Position {
        SequenceBook.Position(epoch: epoch, sequence: sequence)
    }

    private func topic(_ number: Int) -> BusTopic { .node("n\(number)") }

    @Test("claims nothing about what came before the first message")
    func first() {
        var detector = GapDetector()
        #expect(detector.received(1, .broadcast, at(500)) == .expected)
        #expect(detector.received(1, .broadcast, at(501)) == .expected)
    }

    @Test("counts a hole once, and what fills it later is a duplicate")
    func holes() {
        var detector = GapDetector()
        #expect(detector.received(1, .broadcast, at(1)) == .expected)
        #expect(detector.received(1, .broadcast, at(5)) == .gap(3))
        #expect(detector.received(1, .broadcast, at(3)) == .duplicate)
        #expect(detector.received(1, .broadcast, at(5)) == .duplicate)
        #expect(detector.received(1, .broadcast, at(6)) == .expected)
    }

    @Test("keeps incarnations and topics apart")
    func streams() {
        var detector = GapDetector()
        #expect(detector.received(1, .broadcast, at(1)) == .expected)
        #expect(detector.received(2, .broadcast, at(9)) == .expected)
        #expect(detector.received(1, .nodes, at(4)) == .expected)
        #expect(detector.received(2, .broadcast, at(10)) == .expected)
        #expect(detector.received(1, .broadcast, at(2)) == .expected)
    }

    @Test("takes a new epoch for a stream that begins at 1")
    func epochs() {
        var detector = GapDetector()
        #expect(detector.received(1, .broadcast, at(100)) == .expected)
        #expect(detector.received(1, .broadcast, at(3, epoch: 2)) == .gap(2))
        #expect(detector.received(1, .broadcast, at(101)) == .duplicate)
        #expect(detector.received(1, .broadcast, at(1, epoch: 3)) == .expected)
    }

    @Test("forgets a topic that ends, so that what nobody wanted is no gap")
    func forgets() {
        var detector = GapDetector()
        _ = detector.received(1, topic(1), at(1))
        detector.forget(topic(1))
        #expect(detector.count == 0)
        #expect(detector.received(1, topic(1), at(90)) == .expected)
    }

    @Test("finds a lost tail by what the origin said one heartbeat before")
    func heads() {
        var detector = GapDetector()
        #expect(detector.announced(1, .broadcast, at(10)) == 0)
        #expect(detector.received(1, .broadcast, at(11)) == .expected)
        #expect(detector.announced(1, .broadcast, at(14)) == 0)
        // 12 was on its way, 13 and 14 were not.
        #expect(detector.received(1, .broadcast, at(12)) == .expected)
        #expect(detector.announced(1, .broadcast, at(14)) == 2)
        #expect(detector.announced(1, .broadcast, at(14)) == 0)
        #expect(detector.received(1, .broadcast, at(15)) == .expected)
    }

    @Test("takes messages that the first heartbeat overtook, each once")
    func overtaken() {
        var detector = GapDetector()
        #expect(detector.announced(1, .broadcast, at(10)) == 0)
        #expect(detector.received(1, .broadcast, at(9)) == .expected)
        #expect(detector.received(1, .broadcast, at(9)) == .duplicate)
        #expect(detector.received(1, .broadcast, at(10)) == .expected)
        #expect(detector.announced(2, .broadcast, at(10)) == 0)
        #expect(detector.received(2, .broadcast, at(12)) == .gap(1))
    }

    @Test("holds so many topics at most, and what it forgot claims nothing")
    func bounds() {
        var detector = GapDetector(capacity: 3)
        for number in 0..<3 { _ = detector.received(1, topic(number), at(1)) }
        _ = detector.received(1, topic(0), at(2))
        _ = detector.received(1, topic(3), at(1))
        #expect(detector.count == 3)
        #expect(detector.evictions == 1)
        #expect(detector.received(1, topic(0), at(5)) == .gap(2))
        #expect(detector.received(1, topic(1), at(50)) == .expected)
    }

    @Test(
        "holds so many publishers of a topic at most: the one that was longest not heard goes",
        arguments: [true, false]
    )
    func publishers(isTopic: Bool) throws {
        let topic = isTopic ? BusTopic(try TopicName("news")) : .broadcast
        let limit: UInt64 = isTopic ? 64 : 1024
        var detector = GapDetector()
        for incarnation in 1...limit { _ = detector.received(incarnation, topic, at(1)) }
        _ = detector.announced(1, topic, at(1))
        #expect(detector.evictions == 0)
        #expect(detector.received(limit + 1, topic, at(1)) == .expected)
        #expect(detector.evictions == 1)
        #expect(detector.received(limit + 1, topic, at(3)) == .gap(1))
        #expect(detector.received(1, topic, at(30)) == .gap(28))
        #expect(detector.received(2, topic, at(30)) == .expected)
    }

    @Test("holds so many streams of all topics at most: the topics go that were longest not used")
    func allStreams() {
        var gaps = GapDetector(capacity: 100, streams: 10)
        for topic in 0..<4 {
            for origin in 1...3 as ClosedRange<UInt64> {
                let verdict = gaps.received(origin, .node("\(topic)"), SequenceBook.Position(epoch: 1, sequence: 5))
                #expect(verdict == .expected)
            }
        }
        #expect(gaps.count == 3 && gaps.evictions == 1)
        let second = SequenceBook.Position(epoch: 1, sequence: 7)
        #expect(gaps.received(1, .node("0"), second) == .expected, "it was forgotten")
        #expect(gaps.received(1, .node("3"), second) == .gap(1))
    }

    @Test("agrees with the book of the sender over random losses and repetitions", arguments: 1...20)
    func model(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var book = SequenceBook(capacity: 4)
        var detector = GapDetector(capacity: 4)
        var (lost, reported): (UInt64, UInt64) = (0, 0)
        var open: [BusTopic: UInt64] = [:]
        for _ in 0..<2000 {
            let topic = topic(Int.random(in: 0..<3, using: &random))
            let position = book.next(topic)
            if Int.random(in: 0..<10, using: &random) == 0 {
                open[topic, default: 0] += 1
                continue
            }
            let wasSeen = detector.received(9, topic, position)
            if case .gap(let missing) = wasSeen { reported += missing }
            // Losses before the first message that is seen are not known.
            if position.sequence > (open[topic] ?? 0) + 1 || wasSeen != .expected { lost += open[topic] ?? 0 }
            open[topic] = 0
            if Int.random(in: 0..<20, using: &random) == 0 {
                #expect(detector.received(9, topic, position) == .duplicate)
            }
        }
        #expect(reported == lost)
    }
}

@Suite("Epochs")
struct EpochTests {
    @Test("begin again behind the last one", arguments: [(.max, 1), (.max - 5, 100), (1, 2)] as [(UInt32, UInt32)])
    func wrap(earlier: UInt32, later: UInt32) {
        var detector = GapDetector()
        #expect(detector.received(1, .broadcast, SequenceBook.Position(epoch: earlier, sequence: 9)) == .expected)
        #expect(detector.received(1, .broadcast, SequenceBook.Position(epoch: later, sequence: 1)) == .expected)
        #expect(detector.received(1, .broadcast, SequenceBook.Position(epoch: earlier, sequence: 10)) == .duplicate)
        #expect(detector.announced(1, .broadcast, SequenceBook.Position(epoch: earlier, sequence: 99)) == 0)
        #expect(detector.received(1, .broadcast, SequenceBook.Position(epoch: later, sequence: 2)) == .expected)
    }
}

@Suite("Sequence book")
struct SequenceBookTests {
    @Test("counts each topic from 1")
    func counts() {
        var book = SequenceBook()
        #expect(book.next(.broadcast) == SequenceBook.Position(epoch: 1, sequence: 1))
        #expect(book.next(.broadcast) == SequenceBook.Position(epoch: 1, sequence: 2))
        #expect(book.next(.nodes) == SequenceBook.Position(epoch: 1, sequence: 1))
        #expect(book.head(.broadcast)?.sequence == 2)
        #expect(book.head(.node("x")) == nil)
    }

    @Test("goes on with a later epoch where it had to forget a topic")
    func epochs() {
        var book = SequenceBook(capacity: 2)
        let before = book.next(.node("a"))
        _ = book.next(.node("b"))
        _ = book.next(.node("c"))
        let after = book.next(.node("a"))
        #expect(after.epoch > before.epoch)
        #expect(after.sequence == 1)
        #expect(book.count == 2)
        #expect(book.evictions == 2)
    }
}
