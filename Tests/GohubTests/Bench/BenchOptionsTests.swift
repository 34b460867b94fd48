// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

@testable import gohub

@Suite("What to measure")
struct BenchOptionsTests {
    private func options(_ line: [String]) throws(Arguments.Fault) -> BenchOptions {
        try BenchOptions(Arguments(line, flags: BenchOptions.flags))
    }

    @Test("without flags the defaults hold that the help tells", arguments: BenchOptions.Mode.allCases)
    func defaults(mode: BenchOptions.Mode) throws {
        let options = try options([mode.rawValue])
        #expect(options.mode == mode)
        let told = Dictionary(uniqueKeysWithValues: BenchOptions.flags.map { ($0.name, $0.purpose) })
        for (name, value) in [
            ("clients", "\(options.clients)"), ("in-flight", "\(options.inFlight)"), ("size", "\(options.size)"),
            ("topics", "\(options.topics)"), ("stalled", "\(options.stalled)"), ("duration", "\(options.seconds)"),
            ("concurrency", "\(options.concurrency)"), ("dialect", options.dialect.rawValue),
        ] {
            #expect(told[name]?.contains("default: \(value))") == true, "--\(name) is \(value)")
        }
        #expect(options.subscribersPerTopic == options.clients)
        #expect(try options.url == HubURL(HubURL.default))
        #expect(options.serverPID == nil)
        #expect(!options.isJSON)
    }

    @Test("every flag changes what it is for")
    func flags() throws {
        let options = try options([
            "fanout", "--clients", "7", "--in-flight", "2", "--size=9", "--topics", "3", "--subscribers", "4",
            "--stalled", "5",
            "--duration", "6", "--concurrency", "8", "--dialect", "json", "--server-pid", "1", "--json", "--url",
            "ws://h:1/x",
        ])
        #expect(options.clients == 7 && options.inFlight == 2 && options.size == 9 && options.topics == 3)
        #expect(options.subscribersPerTopic == 4 && options.stalled == 5 && options.seconds == 6)
        #expect(options.concurrency == 8 && options.dialect == .json && options.serverPID == 1 && options.isJSON)
        #expect(options.url.target == "/x")
    }

    @Test(
        "contradictions are refused",
        arguments: [
            [], ["fanout", "idle"], ["nonsense"], ["fanout", "--subscribers", "2", "--clients", "1"],
            ["fanout", "--dialect", "raw", "--topics", "2"],
            ["fanout", "--dialect", "raw", "--stalled", "1"], ["unicast", "--dialect", "raw"],
            ["unicast", "--dialect", "centrifuge"],
            ["fanout", "--dialect", ""],
            ["fanout", "--clients", "0"], ["fanout", "--duration", "0"], ["fanout", "--size", "0"],
            ["fanout", "--server-pid", "0"],
            ["unicast", "--topics", "1"], ["unicast", "--subscribers", "1"], ["unicast", "--stalled", "0"],
            ["unicast", "--concurrency", "1"],
            ["connect", "--duration", "1"], ["connect", "--size", "1"], ["connect", "--in-flight", "1"],
            ["idle", "--size", "1"], ["idle", "--in-flight", "1"], ["idle", "--topics", "1"],
        ]
    )
    func contradictions(line: [String]) {
        #expect(throws: Arguments.Fault.self) { try options(line) }
    }
}
