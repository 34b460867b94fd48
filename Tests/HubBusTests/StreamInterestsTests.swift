// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

@testable import HubBus

/// What of a stream a node takes.
@Suite("Interests in a stream")
struct StreamInterestsTests {
    private let news = BusTopic.node("news")
    private let sport = BusTopic.node("sport")
    private var interests = StreamInterests<UInt64>()

    private mutating func want(_ steps: InterestChange.Step..., behind end: UInt64? = nil) {
        interests.want(InterestChange(steps: steps), behind: end)
    }

    private mutating func places(_ topic: BusTopic, _ places: UInt64...) -> [UInt64] {
        places.filter { interests.counts(topic, at: $0) }
    }

    @Test("what is wanted counts from where the reader is, and nothing else does")
    mutating func live() {
        want(.add(news), .addPrefix("unicast/"))
        #expect(places(news, 1, 2) == [1, 2])
        #expect(places(sport, 1, 2) == [])
        want(.add(sport), .remove(news))
        #expect(places(sport, 3) == [3])
        #expect(places(news, 3) == [])
    }

    @Test("a topic that is wanted again while the reader catches up counts behind that end too")
    mutating func again() {
        want(.add(news))
        interests.reconnect()
        want(.add(news), behind: 10)
        want(.remove(news), .add(news), behind: 10)
        #expect(places(news, 9, 10, 11) == [11])
    }

    @Test("a topic that is wanted already goes on as it did")
    mutating func twice() {
        want(.add(news))
        want(.add(news), behind: 10)
        #expect(places(news, 1) == [1])
    }

    @Test("what was wanted before goes on also behind connections that ended before they were told of it")
    mutating func attempts() {
        want(.add(news))
        for _ in 0..<3 { interests.reconnect() }
        want(.add(news), behind: 10)
        #expect(places(news, 1, 2) == [1, 2])
    }

    @Test("a reader that lags keeps the bound of a topic over a break")
    mutating func lags() {
        want(.add(news), behind: 10)
        #expect(places(news, 5) == [])
        interests.reconnect()
        want(.add(news), .add(sport), behind: 20)
        #expect(places(news, 6, 10, 11) == [11])
        #expect(places(sport, 6, 10, 11, 20, 21) == [21])
        #expect(places(news, 6) == [6], "behind the last bound it is forgotten")
    }

    @Test("bounds end with the stream that they are of")
    mutating func bounds() {
        want(.add(news), behind: 10)
        interests.reconnect()
        want(.add(news))
        #expect(places(news, 1) == [1])
    }

    @Test("a topic that comes to be wanted while the reader catches up counts behind the end that the stream had")
    mutating func later() {
        want(.add(news))
        interests.reconnect()
        want(.add(news), .add(sport), behind: 10)
        #expect(places(news, 0, 5, 10) == [0, 5, 10])
        #expect(places(sport, 0, 5, 10, 11, .max) == [11, .max])
    }

    @Test("places of a stream that is gone say nothing of another one")
    mutating func anew() {
        want(.add(news))
        interests.reconnect()
        want(.add(news), .add(sport), behind: 1000)
        #expect(places(sport, 5) == [])
        interests.reconnect()
        interests.beginAnew()
        want(.add(news), .add(sport), behind: 50)
        #expect(places(sport, 1, 50, 51) == [1, 50, 51])
        #expect(places(news, 1) == [1])
    }

    @Test("what is not wanted counts nowhere, also below a beginning that is")
    mutating func unwanted() {
        #expect(places(news, 0, 1, .max) == [])
        want(.addPrefix("node/n"), behind: 10)
        #expect(places(news, 0, 10, 11) == [0, 10, 11])
        #expect(places(sport, 11) == [])
        interests.reconnect()
        #expect(places(news, 11) == [])
    }

    @Test("the largest place is one as any other")
    mutating func largest() {
        want(.add(news), behind: .max)
        #expect(places(news, 0, .max - 1, .max) == [])
        want(.add(sport), behind: nil)
        #expect(places(news, .max) == [.max])
    }
}
