// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

@testable import HubConfig

@Suite("Values of a configuration")
struct ValueTests {
    @Test(
        "sizes are written in the largest unit that is exact",
        arguments: [
            (0, "0B"), (1, "1B"), (1023, "1023B"), (1024, "1KiB"), (1536, "1536B"), (1 << 20, "1MiB"),
            (3 << 30, "3GiB"),
            (-5, "0B"), (Int.max, "9223372036854775807B"),
        ]
    )
    func sizes(bytes: Int, text: String) {
        #expect(ByteCount(bytes).description == text)
    }

    @Test("sizes stop at the largest number there is")
    func largestSizes() {
        #expect(ByteCount.gibibytes(.max).bytes == .max)
        #expect(ByteCount.kibibytes(.min).bytes == 0)
        #expect(ByteCount.mebibytes(2).bytes == 2_097_152)
        #expect(ByteCount(1) < ByteCount.kibibytes(1))
    }

    @Test(
        "durations are read as they are written, and written in the largest unit that is exact",
        arguments: [
            ("0s", Duration.zero, "0s"), ("0ms", .zero, "0s"), ("1500ms", .milliseconds(1500), "1500ms"),
            ("25s", .seconds(25), "25s"), ("60s", .seconds(60), "1m"), ("3m", .seconds(180), "3m"),
            ("1h30m", .seconds(5400), "90m"), ("1m1s1ms", .milliseconds(61_001), "61001ms"),
            ("24h", .seconds(86_400), "24h"),
        ] as [(String, Duration, String)]
    )
    func durations(text: String, duration: Duration, shortest: String) {
        #expect(DurationText.parse(text) == duration)
        #expect(DurationText.text(duration) == shortest)
    }

    @Test(
        "what is no duration is none",
        arguments: ["", "s", "5", "5S", "5 s", "1s1m", "1s1s", "+1s", "-1s", "1.5s", "5µs", "1s5", "٣s"]
    )
    func noDurations(text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(
        "guesses what was meant by a duration",
        arguments: [
            ("25", "25s"), ("3 minutes", "3m"), ("1.5 h", "90m"), ("250 millis", "250ms"), ("2 DAYS", "48h"),
            ("1_000 ms", "1s"),
            ("soon", nil), ("5 parsecs", nil), ("", nil), ("1.2.3s", nil), ("99999999999999999999999h", nil),
        ] as [(String, String?)]
    )
    func guesses(text: String, meant: String?) {
        #expect(DurationText.guess(text) == meant)
    }

    @Test(
        "writes extreme durations without a trap",
        arguments: [Duration.seconds(Int64.max), .seconds(Int64.min), .nanoseconds(1), .milliseconds(Int64.max)]
    )
    func extremes(duration: Duration) {
        #expect(!DurationText.text(duration).isEmpty)
    }

    @Test(
        "counts the edits between two words",
        arguments: [
            ("", "", 0), ("abc", "abc", 0), ("abc", "abd", 1), ("abc", "acb", 1), ("abc", "bc", 1), ("abc", "xyz", 3),
        ]
    )
    func edits(left: String, right: String, count: Int) {
        #expect(Suggestion.distance(Array(left.utf8), Array(right.utf8), limit: 3) == count)
    }

    @Test("suggests the nearest word that is near enough")
    func suggests() {
        let words = ["addr", "admin_addr", "loops"]
        #expect(Suggestion.nearest(to: "adr", among: words) == "addr")
        #expect(Suggestion.nearest(to: "LOOPS", among: words) == "loops")
        #expect(Suggestion.nearest(to: "admin", among: words) == "admin_addr")
        for word in ["address", "adress", "addrs"] {
            #expect(Suggestion.nearest(to: word, among: words) == "addr", "\(word)")
        }
        #expect(Suggestion.nearest(to: "publish", among: ["sub", "pub"]) == "pub")
        for word in ["zz", "adieu", "lo", "puddle"] {
            #expect(Suggestion.nearest(to: word, among: words) == nil, "\(word)")
        }
        #expect(Suggestion.nearest(to: "", among: words) == nil)
    }

    @Test(
        "knows what other servers call a key, and how its value is written here",
        arguments: [
            ("port", "9000", "server.addr", ":9000"), ("server_port", "80", "server.addr", ":80"),
            ("PORT", "70000", "server.addr", nil), ("port", nil, "server.addr", nil),
            ("bind", "0.0.0.0:80", "server.addr", nil), ("adress", ":80", "server.addr", nil),
            ("max_connections", "5", "server.max_connections", nil), ("workers", "4", "server.loops", nil),
            ("metrics-port", "9090", "server.admin_addr", ":9090"), ("log-levl", "info", "log.level", nil),
        ] as [(String, String?, String, String?)]
    )
    func synonyms(name: String, given: String?, path: String, value: String?) throws {
        let meant = try #require(KeySynonym.meant(by: name, given: given))
        #expect(meant.key.path == path)
        #expect(meant.value == value)
    }

    @Test("knows no key by a name that means nothing", arguments: ["", "zebra", "x"])
    func noSynonym(name: String) {
        #expect(KeySynonym.meant(by: name) == nil)
    }

    @Test(
        "connections fit into the descriptors of the process, and operators have some of their own",
        arguments: [
            (1_048_576, 100_000, 64), (100_172, 100_000, 64), (100_171, 99_999, 64), (1024, 852, 64), (100, 50, 25),
            (1, 1, 1), (0, 1, 1), (UInt64.max, 100_000, 64),
        ] as [(UInt64, Int, Int)]
    )
    func descriptors(limit: UInt64, connections: Int, operators: Int) {
        let shares = ServerSection().descriptors(within: limit, loops: 2)
        #expect(shares.connections == connections)
        #expect(shares.operatorConnections == operators)
        #expect(shares.firstOfOperators > 0)
        if limit >= 4, limit <= 1_048_576 { #expect(UInt64(shares.firstOfOperators) + UInt64(operators) == limit) }
    }
}
