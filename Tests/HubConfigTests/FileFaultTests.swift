// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig
import Testing

@Suite("Faults of a configuration file")
struct FileFaultTests {
    @Test(
        "says of a wrong file on which line and why",
        arguments: [
            ("server:\n  adr: \":80\"", ["c.yaml:2: unknown key \"adr\" in server (did you mean addr?)"]),
            ("sever:\n  addr: \":80\"\n", ["c.yaml:1: unknown key \"sever\" (did you mean server?)"]),
            (
                "server:\n  ping_interval: 5s",
                ["c.yaml:2: unknown key \"ping_interval\" in server (did you mean ping_interval in section hub?)"]
            ),
            ("addr: x", ["c.yaml:1: unknown key \"addr\" (did you mean addr in section server?)"]),
            ("server.addr: x", ["c.yaml:1: unknown key \"server.addr\" (did you mean addr in section server?)"]),
            ("server:\n  adress: \":80\"", ["c.yaml:2: unknown key \"adress\" in server (did you mean addr?)"]),
            ("adress: \":80\"", ["c.yaml:1: unknown key \"adress\" (did you mean addr in section server?)"]),
            ("port: 80", ["c.yaml:1: unknown key \"port\" (did you mean addr: \":80\" in section server?)"]),
            (
                "server:\n  port: 80000",
                ["c.yaml:2: unknown key \"port\" in server (did you mean addr in section server?)"]
            ),
            ("zebra: 1", ["c.yaml:1: unknown key \"zebra\""]),
            (
                "server:\n  addr: \":80\"\n\n  addr: \":81\"",
                ["c.yaml:4: server.addr: stands twice (first on line 2)"]
            ),
            ("log: {}\nbus: {}\nlog: {}", ["c.yaml:3: log: stands twice (first on line 1)"]),
            (
                "[]",
                ["c.yaml:1: a list where a section is needed, allowed is server, hub, bus, cluster, log"]
            ),
            ("log: 5", ["c.yaml:1: log: a value where a section is needed, allowed is level, format"]),
            (
                "cluster:\n  etcd: []",
                [
                    "c.yaml:2: cluster.etcd: a list where a section is needed, allowed is endpoints, dial_timeout, key_prefix"
                ]
            ),
            ("server:\n  ? [a]\n  : b", ["c.yaml:2: a key that is not a text"]),
            (
                "log: &log\n  level: info",
                ["c.yaml:1: an anchor or a tag (write the plain value, in quotes if need be)"]
            ),
            (
                "log:\n  level: !!str info",
                ["c.yaml:2: an anchor or a tag (write the plain value, in quotes if need be)"]
            ),
            (
                "log:\n  level: *level",
                ["c.yaml:2: an alias (write the value itself, in quotes if it begins with *)"]
            ),
            ("log: {}\n---\nbus: {}\n---\n", ["c.yaml:2: a second document (one file holds one configuration)"]),
            (
                "log:\n\tlevel: info\n \tformat: text\n",
                [
                    "c.yaml:2: a tab in the indentation (indent with spaces)",
                    "c.yaml:3: a tab in the indentation (indent with spaces)",
                ]
            ),
            (
                "log:\n  level: [",
                [
                    "c.yaml:3: not YAML: while parsing a flow node, did not find expected node content; nothing after it "
                        + "was read (is a bracket or a comma missing, or a value without quotes?)"
                ]
            ),
            (
                "log:\n  level: \"info\n",
                [
                    "c.yaml:3: not YAML: while scanning a quoted scalar that starts on line 2, found unexpected end of "
                        + "stream; nothing after it was read (is a quote missing at the end?)"
                ]
            ),
            (
                "server:\n  allowed_origins:\n    - *.example.org\n",
                [
                    "c.yaml:3: not YAML: while scanning an alias, did not find expected alphabetic or numeric character; "
                        + "nothing after it was read (a value that begins with * needs quotes)"
                ]
            ),
            (
                "log: a: b",
                [
                    "c.yaml:1: not YAML: mapping values are not allowed in this context; nothing after it was read "
                        + "(check the indentation; a value with a colon and a space needs quotes)"
                ]
            ),
            (
                "log:\n  level: @x",
                [
                    "c.yaml:2: not YAML: while scanning for the next token, found character that cannot start any token; "
                        + "nothing after it was read (a value that begins with @, ` or % needs quotes)"
                ]
            ),
            (
                "log: {}\n# \u{7}",
                [
                    "c.yaml:2: not YAML: control characters are not allowed; nothing after it was read "
                        + "(the file must be UTF-8 without control characters)"
                ]
            ),
            (
                String(repeating: "[", count: 40) + String(repeating: "]", count: 40),
                [
                    "c.yaml:1: more than 16 levels of nesting",
                    "c.yaml:1: a list where a section is needed, allowed is server, hub, bus, cluster, log",
                ]
            ),
        ] as [(String, [String])]
    )
    func file(text: String, messages: [String]) {
        #expect(faults(text).map(\.description) == messages)
    }

    @Test("a file with five mistakes reports all five with their lines")
    func five() {
        let text = """
            server:
              addr: 8080
              read_timeout: 3 min
            hub:
              ping_intervall: 25s
              max_topics: 1_000
              max_topics: 2_000
            log:
              level: loud
            """
        #expect(
            faults(text).map(\.description) == [
                #"c.yaml:2: server.addr: "8080" is not an address, allowed is \#(FaultTests.address) (did you mean :8080?)"#,
                #"c.yaml:3: server.read_timeout: "3 min" is not a duration, allowed is 100ms to 24h (did you mean 3m?)"#,
                #"c.yaml:5: unknown key "ping_intervall" in hub (did you mean ping_interval?)"#,
                "c.yaml:7: hub.max_topics: stands twice (first on line 6)",
                #"c.yaml:9: log.level: "loud" is not known, allowed is trace, debug, info, warning, error"#,
            ]
        )
    }

    @Test("what stands before a text that is not YAML is checked too")
    func before() {
        let text = "server:\n  loops: 999\n addr: x\nhub: 7"
        #expect(faults(text).map(\.code) == [.outOfRange, .notYAML])
        #expect(faults(text).first?.origin == .file("c.yaml", line: 2))
    }

    @Test("each item of a list is named on its own line")
    func items() {
        let text = "server:\n  allowed_origins:\n    - https://a.example\n    - b.example\n    - c.example\n"
        #expect(faults(text).map(\.origin) == [.file("c.yaml", line: 4), .file("c.yaml", line: 5)])
    }

    @Test(
        "says of values that contradict each other where both come from",
        arguments: [
            (
                "hub:\n  ping_interval: 5s",
                "c.yaml:2: hub.pong_timeout: 10s (default) is longer than hub.ping_interval, 5s (c.yaml:2) "
                    + "(a pong is awaited before the next ping)"
            ),
            (
                "server:\n  read_timeout: 30s",
                "c.yaml:2: server.read_timeout: 30s (c.yaml:2) is not longer than the sum of hub.ping_interval, 25s "
                    + "(default) and hub.pong_timeout, 10s (default) (clients that are silent and well would be closed)"
            ),
            (
                "hub:\n  max_message_bytes: 2MiB\n  message_buffer_bytes: 1MiB",
                "c.yaml:3: hub.message_buffer_bytes: 1MiB (c.yaml:3) is less than hub.max_message_bytes, 2MiB (c.yaml:2) "
                    + "(the largest message would never fit into a queue)"
            ),
            (
                "server:\n  addr: \":80\"\n  admin_addr: \":80\"",
                "c.yaml:3: server.admin_addr: :80 (c.yaml:3) is the same as server.addr, :80 (c.yaml:2) "
                    + "(leave it empty to serve both on one address)"
            ),
            (
                "bus:\n  type: noop\ncluster:\n  enabled: true",
                "c.yaml:4: cluster.enabled: true, but bus.type is noop (c.yaml:2), which connects no nodes "
                    + "(without bus.type it means etcd, which is not in this build)"
            ),
            (
                "bus:\n  type: redis\ncluster:\n  enabled: true",
                "c.yaml:4: cluster.enabled: true, but bus.type is redis (c.yaml:2), over which nodes find each other "
                    + "without it (without bus.type it means etcd, which is not in this build)"
            ),
        ]
    )
    func contradiction(text: String, message: String) {
        #expect(faults(text).map(\.description) == [message])
        #expect([.contradiction] == faults(text).map(\.code))
    }

    @Test("values that contradict each other are told in the order of their lines, among the other faults")
    func order() {
        let text = """
            log:
              level: loud
            hub:
              message_buffer_bytes: 1KiB
            server:
              admin_addr: ":80"
              addr: ":80"
              read_timeout: 30s
              loops: 999
            """
        let flags = ["hub-ping-interval": "5s"]
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationLoader.load(text: text, name: "c.yaml", flags: flags)
        }
        #expect(
            error?.faults.map { "\($0.origin) \($0.key)" } == [
                "c.yaml:2 log.level", "c.yaml:4 hub.message_buffer_bytes", "c.yaml:6 server.admin_addr",
                "c.yaml:9 server.loops", "flag --hub-ping-interval hub.pong_timeout",
            ]
        )
    }

    @Test("draws no conclusions from a value that is wrong in itself")
    func noConclusions() {
        #expect(faults("hub:\n  ping_interval: 5s\n  pong_timeout: x").map(\.key) == ["hub.pong_timeout"])
        #expect(faults("bus:\n  type: etcd\ncluster:\n  enabled: true").map(\.key) == ["bus.type"])
    }

    @Test("texts of all sorts are refused or taken, and never end the process")
    func noise() {
        let pieces = [
            "server:", "\n", "  ", "addr", ": ", "\"", "'", "[", "]", "{", "}", "&", "*", "!", "|", ">", "-", "\t",
            "\0",
            "\u{FEFF}", "é", "%", "---", "...", "?", "#", "1", "s", ",",
        ]
        var state: UInt64 = 42
        for _ in 0..<2000 {
            var text = ""
            for _ in 0..<24 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += pieces[Int(state >> 33) % pieces.count]
            }
            for fault in faults(text) { #expect(!fault.description.contains("\n")) }
        }
    }
}
