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

    /// Wants something where the reader is, or while it has to catch up to an end.
    private mutating func want(_ steps: InterestChange.Step..., behind end: UInt64? = nil) {
        interests.want(InterestChange(steps: steps), behind: end.map(Self.id))
    }

    /// At which of these times an entry counts.
    private mutating func times(_ topic: BusTopic, _ times: UInt64...) -> [UInt64] {
        times.filter { interests.counts(topic, at: Self.id($0)) }
    }

    @Test("what is wanted counts from where the reader is, and nothing else does")
    mutating func live() {
        want(.add(news), .addPrefix("unicast/"))
        #expect(times(news, 1, 2) == [1, 2])
        #expect(times(sport, 1, 2) == [])
        want(.add(sport), .remove(news))
        #expect(times(sport, 3) == [3])
        #expect(times(news, 3) == [])
    }

    @Test("a topic that comes to be wanted while the reader catches up counts behind the end that the stream had")
    mutating func later() {
        want(.add(news))
        interests.reconnect()
        want(.add(news), .add(sport), behind: 10)
        #expect(times(news, 5, 10) == [5, 10])
        #expect(times(sport, 5, 10, 11, 12) == [11, 12])
    }

    @Test("a topic that is wanted again while the reader catches up counts behind that end too")
    mutating func again() {
        want(.add(news))
        interests.reconnect()
        want(.add(news), behind: 10)
        want(.remove(news), .add(news), behind: 10)
        #expect(times(news, 9, 10, 11) == [11])
    }

    @Test("a topic that is wanted already goes on as it did")
    mutating func twice() {
        want(.add(news))
        want(.add(news), behind: 10)
        #expect(times(news, 1) == [1])
    }

    @Test("what was wanted before goes on also behind connections that ended before they were told of it")
    mutating func attempts() {
        want(.add(news))
        for _ in 0..<3 { interests.reconnect() }
        want(.add(news), behind: 10)
        #expect(times(news, 1, 2) == [1, 2])
    }

    @Test("a reader that lags keeps the bound of a topic over a break")
    mutating func lags() {
        want(.add(news), behind: 10)
        #expect(times(news, 5) == [])
        interests.reconnect()
        want(.add(news), .add(sport), behind: 20)
        #expect(times(news, 6, 10, 11) == [11])
        #expect(times(sport, 6, 10, 11, 20, 21) == [21])
        #expect(times(news, 6) == [6], "behind the last bound it is forgotten")
    }

    @Test("bounds end with the stream that they are of")
    mutating func anew() {
        want(.add(news), behind: 10)
        interests.reconnect()
        want(.add(news))
        #expect(times(news, 1) == [1])
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
