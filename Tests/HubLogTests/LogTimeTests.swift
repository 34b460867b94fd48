// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub
import HubLog
import Testing

@Suite("The time of log lines")
struct LogTimeTests {
    @Test(
        "seconds and nanoseconds are joined, or cut to what 64 bits hold",
        arguments: [
            (0, 1, 1), (1, 500_000_000, 1_500_000_000), (-1, 250_000_000, -750_000_000),
            (9_223_372_036, 854_775_807, .max), (9_223_372_036, 854_775_808, .max), (.max, 999_999_999, .max),
            (-9_223_372_036, -854_775_808, .min), (-9_223_372_036, -854_775_809, .min), (.min, 0, .min),
        ] as [(Int64, Int64, Int64)]
    )
    func joins(seconds: Int64, nanoseconds: Int64, joined: Int64) {
        #expect(gohub_join_time(seconds, nanoseconds) == joined)
    }

    @Test(
        "a span is never negative and ends at what 64 bits hold",
        arguments: [
            (2, 3, 2_000_000_003), (-1, 0, 0), (0, -1, 0), (.min, .min, 0),
            (18_446_744_073, 709_551_615, .max), (18_446_744_073, 709_551_616, .max), (.max, 0, .max),
        ] as [(Int64, Int64, UInt64)]
    )
    func spans(seconds: Int64, nanoseconds: Int64, joined: UInt64) {
        #expect(gohub_join_span(seconds, nanoseconds) == joined)
    }

    @Test("clocks go forward")
    func clocks() {
        let start = LogTime.monotonic()
        #expect(start > 0)
        #expect(LogTime.monotonic() >= start)
        #expect(gohub_processor_clock() > 0)
    }

    @Test(
        "the ends of the range are written like any other time",
        arguments: [
            (Int64.min, "1677-09-21T00:12:43.145Z"), (Int64.max, "2262-04-11T23:47:16.854Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ]
    )
    func ends(nanoseconds: Int64, text: String) {
        let sink = MemorySink()
        let logger = Logger(format: .text, sink: sink) { LogTime(nanoseconds: nanoseconds) }
        logger.info("m")
        #expect(sink.lines == ["\(text) INFO  m"])
    }
}
