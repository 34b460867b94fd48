// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@testable import HubBus
@testable import HubRedis

/// What of a stream a node takes.
@Suite("Interests in a stream")
struct StreamInterestsTests {
    private let news = topic("news")
    private let sport = topic("sport")
    private var interests = StreamInterests()

    private static func topic(_ name: String) -> BusTopic { BusTopic.node(name) }

    private static func id(_ milliseconds: UInt64) -> StreamID { StreamID(milliseconds: milliseconds, sequence: 0) }

    /// Wants something; whether the end of the stream is asked for.
    private mutating func want(_ steps: InterestChange.Step..., generation: UInt64, isAtEnd: Bool = false) -> Bool {
        interests.want(InterestChange(steps: steps, generation: generation), isAtEnd: isAtEnd)
    }

    /// At which of these times an entry counts.
    private mutating func times(_ topic: BusTopic, _ times: UInt64...) -> [UInt64] {
        times.filter { interests.counts(topic, at: Self.id($0)) }
    }

    /// What is confirmed now.
    private mutating func confirmed() -> [UInt64] {
        var all: [UInt64] = []
        while let generation = interests.popConfirmed() { all.append(generation) }
        return all
    }

    @Test("what is wanted where the reader begins counts from there, and nothing else does")
    mutating func first() {
        #expect(!want(.add(news), .addPrefix("unicast/"), generation: 2, isAtEnd: true))
        interests.confirm(2)
        #expect(confirmed() == [2])
        #expect(times(news, 1, 2) == [1, 2])
        #expect(times(sport, 1, 2) == [])
    }

    @Test("a topic that comes to be wanted counts behind the end that the stream had then, and is confirmed with it")
    mutating func later() {
        #expect(!want(.add(news), generation: 1, isAtEnd: true))
        #expect(want(.add(sport), generation: 2))
        #expect(!want(.remove(news), generation: 3))
        for generation in 1...3 as ClosedRange<UInt64> { interests.confirm(generation) }
        #expect(confirmed() == [1])
        #expect(times(sport, 5, 10, 11) == [])
        interests.learn(end: Self.id(10))
        #expect(confirmed() == [2, 3])
        #expect(times(sport, 5, 10, 11, 12) == [11, 12])
        #expect(times(news, 11) == [])
    }

    @Test("a topic that is wanted again counts from then on, whatever was asked for its sake before")
    mutating func again() {
        #expect(want(.add(news), generation: 1))
        #expect(want(.remove(news), .add(news), generation: 3))
        interests.learn(end: Self.id(10))
        #expect(times(news, 15) == [])
        interests.learn(end: Self.id(20))
        #expect(times(news, 15, 20, 21) == [21])
    }

    @Test("a topic that is wanted already goes on as it did")
    mutating func twice() {
        #expect(!want(.add(news), generation: 1, isAtEnd: true))
        #expect(!want(.add(news), generation: 2))
        #expect(times(news, 1) == [1])
    }

    @Test("behind a break what was wanted before goes on, and what came meanwhile begins at the end")
    mutating func reconnects() {
        #expect(!want(.add(news), generation: 1, isAtEnd: true))
        #expect(want(.add(sport), generation: 2))
        interests.reconnect()
        // The question for the second one was never answered.
        #expect(want(.add(news), .add(sport), generation: 2))
        #expect(times(news, 1, 2) == [1, 2])
        #expect(times(sport, 1, 2) == [])
        interests.learn(end: Self.id(2))
        #expect(times(sport, 2, 3) == [3])
    }

    @Test("what was wanted before goes on also behind connections that ended before they were told of it")
    mutating func attempts() {
        #expect(!want(.add(news), generation: 1, isAtEnd: true))
        for _ in 0..<3 { interests.reconnect() }
        #expect(!want(.add(news), generation: 1))
        #expect(times(news, 1, 2) == [1, 2])
    }

    @Test("a reader that lags keeps the bound of a topic over a break")
    mutating func lags() {
        #expect(want(.add(news), generation: 1))
        interests.learn(end: Self.id(10))
        #expect(times(news, 5) == [])
        interests.reconnect()
        #expect(!want(.add(news), generation: 1))
        #expect(times(news, 6, 10, 11, 6) == [11, 6], "behind the last bound it is forgotten")
    }

    @Test(
        "reads the place of an entry, and nothing else",
        arguments: [
            ("0-0", StreamID.start), ("1526919030474-55", StreamID(milliseconds: 1_526_919_030_474, sequence: 55)),
            ("18446744073709551615-18446744073709551615", StreamID(milliseconds: .max, sequence: .max)),
        ]
    )
    func reads(text: String, expected: StreamID) {
        #expect(Self.read(text) == expected)
        #expect(expected.description == text)
    }

    @Test(
        "takes nothing else for the place of an entry",
        arguments: ["", "1", "1-", "-1", "1-2-3", "18446744073709551616-0", "a-b"]
    )
    func refuses(text: String) { #expect(Self.read(text) == nil) }

    private static func read(_ text: String) -> StreamID? {
        var text = text
        return text.withUTF8 { StreamID(UnsafeRawBufferPointer($0)) }
    }
}
