// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import Synchronization
import Testing

@Suite("Logger")
struct LoggerTests {
    let sink = MemorySink()

    func logger(_ level: LogLevel) -> Logger { Logger(level: level, format: .json, sink: sink) }

    @Test("writes the records at its level and above", arguments: LogLevel.allCases)
    func threshold(level: LogLevel) {
        let logger = logger(level)
        logger.trace("m")
        logger.debug("m")
        logger.info("m")
        logger.warning("m")
        logger.error("m")
        #expect(sink.records.map(\.level) == LogLevel.allCases.filter { $0 >= level })
        #expect(sink.lines.count == sink.records.count)
    }

    @Test("makes neither message nor fields for a level that is off")
    func lazy() {
        var made = 0
        func costly() -> String {
            made += 1
            return "m"
        }
        let logger = logger(.info)
        logger.debug(costly(), [.init("k", costly())])
        logger.log(.trace, costly())
        logger.warning(limit: LogLimit(), costly())
        #expect(made == 1)
    }

    @Test("counts the records that it wrote, by level")
    func counts() {
        let logger = logger(.info)
        for _ in 0..<3 { logger.info("m") }
        logger.error("m")
        logger.debug("m")
        #expect(LogLevel.allCases.map(logger.eventCount) == [0, 0, 3, 0, 1])
    }

    @Test("changes its level while it is used")
    func changes() {
        let logger = logger(.error)
        logger.info("before")
        logger.level = .trace
        #expect(logger.level == .trace)
        logger.info("after")
        #expect(sink.records.map(\.message) == ["after"])
    }

    @Test("hands the fields to the sink as they were given")
    func fields() {
        logger(.info).info("m", [.init("topic", "news"), .init("count", 2)])
        #expect(sink.records.first?["topic"] == .string("news"))
        #expect(sink.records.first?["count"] == 2)
        #expect(sink.records.first?["other"] == nil)
    }

    @Test("each record begins with the node's name, once the logger knows it")
    func node() {
        Logger(format: .json, node: "n1", sink: sink).info("m", [.init("topic", "news")])
        #expect(sink.records.first?["node"] == "n1")
        #expect(sink.lines.first?.hasSuffix(#""message":"m","node":"n1","topic":"news"}"#) == true)
        logger(.info).info("m")
        #expect(sink.records.last?["node"] == nil)
    }

    @Test("takes the time from its clock")
    func clock() {
        let logger = Logger(format: .text, sink: sink) { LogTime(nanoseconds: 0) }
        logger.info("m")
        #expect(sink.lines == ["1970-01-01T00:00:00.000Z INFO  m"])
        #expect(LogTime.now().nanoseconds > 1_700_000_000_000_000_000)
    }

    @Test("finds levels by their words")
    func names() {
        for level in LogLevel.allCases { #expect(LogLevel(name: level.name) == level) }
        #expect(LogLevel(name: "INFO") == nil)
        #expect(LogLevel(name: "warn") == nil)
    }
}

@Suite("Limit of repeated records")
struct LogLimitTests {
    /// A clock that only the test moves.
    final class Hand: Sendable {
        let nanoseconds = Atomic<UInt64>(5)
    }

    @Test("lets one through in each interval and says how many it held back")
    func limits() {
        let hand = Hand()
        let limit = LogLimit(every: .seconds(1)) { hand.nanoseconds.load(ordering: .relaxed) }
        #expect(limit.admit() == 0)
        #expect(limit.admit() == nil)
        #expect(limit.admit() == nil)
        hand.nanoseconds.wrappingAdd(999_999_999, ordering: .relaxed)
        #expect(limit.admit() == nil)
        hand.nanoseconds.wrappingAdd(1, ordering: .relaxed)
        #expect(limit.admit() == 3)
        #expect(limit.admit() == nil)
    }

    @Test("lets a few through at once after a quiet time, and then one in each interval")
    func bursts() {
        let hand = Hand()
        let limit = LogLimit(every: .seconds(1), burst: 3) { hand.nanoseconds.load(ordering: .relaxed) }
        func admitted() -> [UInt64] { (0..<10).compactMap { _ in limit.admit() } }
        #expect(admitted() == [0, 0, 0])
        hand.nanoseconds.wrappingAdd(1_000_000_000, ordering: .relaxed)
        #expect(admitted() == [7])
        hand.nanoseconds.wrappingAdd(2_000_000_000, ordering: .relaxed)
        #expect(admitted() == [9, 0])
        hand.nanoseconds.wrappingAdd(60_000_000_000, ordering: .relaxed)
        #expect(admitted() == [8, 0, 0])
    }

    @Test("the next record names the number of those left out")
    func field() {
        let hand = Hand()
        let sink = MemorySink()
        let logger = Logger(level: .info, format: .json, sink: sink)
        let limit = LogLimit(every: .milliseconds(100)) { hand.nanoseconds.load(ordering: .relaxed) }
        for _ in 0..<4 { logger.warning(limit: limit, "bus down", [.init("bus", "noop")]) }
        hand.nanoseconds.wrappingAdd(100_000_000, ordering: .relaxed)
        logger.warning(limit: limit, "bus down", [.init("bus", "noop")])
        #expect(sink.records.count == 2)
        #expect(sink.records.first?["suppressed"] == nil)
        #expect(sink.records.last?["suppressed"] == 3)
        #expect(sink.records.last?["bus"] == "noop")
        #expect(logger.eventCount(.warning) == 2)
    }

    @Test("extreme intervals neither trap nor block the first record")
    func extremes() {
        let forever = LogLimit(every: .seconds(Int64.max)) { .max - 1 }
        #expect(forever.admit() == 0)
        #expect(forever.admit() == nil)
        let all = LogLimit(every: .seconds(1), burst: .max) { 7 }
        #expect((0..<10).allSatisfy { _ in all.admit() == 0 })
        let negative = LogLimit(every: .seconds(-1)) { 7 }
        #expect(negative.admit() == 0)
        #expect(negative.admit() == 0)
    }

    @Test("many threads pass one record and count the others")
    func threads() async {
        let limit = LogLimit(every: .seconds(3600)) { 1 }
        let passed = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<1000).reduce(0) { sum, _ in sum + (limit.admit() == nil ? 0 : 1) } }
            }
            return await group.reduce(0, +)
        }
        #expect(passed == 1)
    }
}
