// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig
import Testing

@Suite("Contradictions in the configuration for NATS")
struct NATSContradictionTests {
    private static let nkey = "U" + String(repeating: "A", count: 55)
    private static let here = "(c.yaml:1)"
    private static let userHint = "(a user and the file with its password are given together, or neither is)"
    private static let nkeyHint = "(an nkey and the file with its seed are given together, or neither is)"
    private static let oneWay =
        "(a node logs in in one way: with a user and its password, a token, credentials or an nkey)"
    private static let noJetStream =
        "\(here) does not go with bus.nats.jetstream, false (default) "
        + "(it is for JetStream only: set bus.nats.jetstream to true, or leave it out)"

    static let logins: [(String, [String])] = [
        ("user: hub", [#"password_file: empty (default) does not go with bus.nats.user, "hub" \#(here) \#(userHint)"#]),
        (
            "password_file: /p",
            ["user: empty (default) does not go with bus.nats.password_file, a file \(here) \(userHint)"]
        ),
        (
            "nkey: \(nkey)",
            [#"nkey_seed_file: empty (default) does not go with bus.nats.nkey, "\#(nkey)" \#(here) \#(nkeyHint)"#]
        ),
        (
            "nkey_seed_file: /s",
            ["nkey: empty (default) does not go with bus.nats.nkey_seed_file, a file \(here) \(nkeyHint)"]
        ),
        (
            "user: hub, password_file: /p, token_file: /t",
            [#"token_file: a file \#(here) does not go with bus.nats.user, "hub" \#(here) \#(oneWay)"#]
        ),
        (
            "token_file: /t, creds_file: /c, nkey: \(nkey), nkey_seed_file: /s",
            [
                "creds_file: a file \(here) does not go with bus.nats.token_file, a file \(here) \(oneWay)",
                #"nkey: "\#(nkey)" \#(here) does not go with bus.nats.token_file, a file \#(here) \#(oneWay)"#,
            ]
        ),
        (
            "creds_file: /c, nkey_seed_file: /s",
            [
                "nkey: empty (default) does not go with bus.nats.nkey_seed_file, a file \(here) \(nkeyHint)",
                "nkey_seed_file: a file \(here) does not go with bus.nats.creds_file, a file \(here) \(oneWay)",
            ]
        ),
    ]

    static let streams: [(String, [String])] =
        [
            ("stream", "name", #""X""#), ("stream", "retention", "interest"), ("stream", "max_age", "2h"),
            ("stream", "max_msgs", "1000"), ("stream", "max_bytes", "1MiB"), ("stream", "replicas", "3"),
            ("stream", "compress", "true"), ("stream", "duplicate_window", "1m"), ("consumer", "ack_wait", "1s"),
            ("consumer", "max_deliver", "6"), ("consumer", "max_ack_pending", "10"),
        ].map { ("\($0): { \($1): \($2) }", ["\($0).\($1): \($2) \(noJetStream)"]) } + [
            (
                "jetstream: true, stream: { max_age: 1m }",
                [
                    "stream.duplicate_window: 2m (default) is longer than bus.nats.stream.max_age, 1m \(here) "
                        + "(the server refuses a stream that is to remember messages for longer than it keeps them)"
                ]
            )
        ]

    static let urls: [(String, [String])] = [
        (
            #"urls: ["nats://a.example", "tls://b.example"]"#,
            [
                #"urls: "tls://b.example" \#(here) does not go with bus.nats.tls.enabled, false (default) "#
                    + "(set bus.nats.tls.enabled to true, or write nats://)"
            ]
        )
    ]

    @Test(
        "says of values that contradict each other where both come from and what to do",
        arguments: [logins, streams, urls].flatMap(\.self)
    )
    func contradiction(text: String, messages: [String]) {
        let found = faults("bus: { nats: { \(text) } }")
        #expect(found.map(\.description) == messages.map { "c.yaml:1: bus.nats.\($0)" })
        #expect(found.allSatisfy { $0.code == .contradiction })
    }

    @Test(
        "takes what only looks like a contradiction",
        arguments: [
            "jetstream: true, stream: { replicas: 3 }, consumer: { ack_wait: 1s }",
            "jetstream: true, stream: { max_age: 1m, duplicate_window: 60s }", "jetstream: true, stream: {}",
            "stream: { name: GOHUB_BUS, max_age: 60m, max_bytes: 1024MiB, compress: false }",
            "urls: [\"nats://a\"], tls: { enabled: true }", "urls: [\"tls://a\", \"b:1\"], tls: { enabled: true }",
            "user: hub, password_file: /p", "token_file: /t, creds_file: \"\"", "creds_file: /c",
            "nkey: \(nkey), nkey_seed_file: /s", "user: \"\", token_file: /t",
        ]
    )
    func harmless(text: String) {
        for type in BusType.allCases {
            #expect(faults("bus: { type: \(type.rawValue), nats: { \(text) } }") == [])
        }
    }

    @Test("draws no conclusions from a value that is wrong in itself")
    func noConclusions() {
        #expect(faults("bus: { nats: { jetstream: maybe, stream: { replicas: 2 } } }").map(\.code) == [.wrongType])
        #expect(faults("bus: { nats: { user: a, password_file: \"b\\n\" } }").map(\.code) == [.notAllowed])
        #expect(faults("bus: { nats: { nkey: SUAB, nkey_seed_file: a } }").map(\.code) == [.notAllowed])
    }
}
