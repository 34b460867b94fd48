// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig
import Testing

@Suite("Faults of the configuration for NATS")
struct NATSFaultTests {
    static let url = "1 to 32 of nats://host[:port], tls://host[:port] or host:port"
    static let prefix = "1 to 64 of A-Z, a-z, 0-9, dash and underscore, in tokens joined by dots"
    static let nkey = "U and 55 of A-Z and 2-7, or empty for none"
    static let streamName = "1 to 32 of A-Z, a-z, 0-9, dash and underscore"
    static let port = "(a port is a number from 1 to 65535)"

    static let urls: [FaultTests.Row] =
        ([
            ("nats", "(did you mean nats:4222?)"), ("4222", "(did you mean 127.0.0.1:4222?)"),
            (":4222", "(did you mean 127.0.0.1:4222?)"), ("nats://:4222", "(did you mean 127.0.0.1:4222?)"),
            ("nats://a.example/", "(did you mean nats://a.example?)"),
            ("tls://[::1]:4222/", "(did you mean tls://[::1]:4222?)"),
            ("nats://a.example/x", "(a host and perhaps a port, and no path)"),
            ("nats://a.example:0", port), ("a.example:65536", port), ("nats://a.example:", port),
            ("nats://::1:4222", "(an IPv6 address stands in brackets)"),
            ("nats://[::g]:4222", "(between the brackets stands an IPv6 address)"),
            ("nats://[::g]", "(after nats:// stands a host)"), ("tls://", "(after tls:// stands a host)"),
            ("nats://a b:4222", "(a host has letters, digits, dots and dashes)"),
            ("ws://a.example", "(the scheme is nats or tls)"), ("NATS://a.example", "(the scheme is nats or tls)"),
            ("nats://a.example,nats://b.example", "(each server is an item of the list)"),
        ] as [(String, String)]).map { text, hint in
            (
                "bus.nats.urls", "[\"\(text)\"]", .notAllowed,
                #""\#(text)" is not a URL of NATS, allowed is \#(url) \#(hint)"#
            )
        } + [
            ("bus.nats.urls", "[]", .outOfRange, "a list of 0, allowed is \(url)"),
            (
                "bus.nats.urls", "\"tls://a.example\"", .wrongType,
                #"a value where a list is needed, allowed is \#(url) (did you mean ["tls://a.example"]?)"#
            ),
        ]

    static let prefixes: [FaultTests.Row] =
        ([
            ("", " (without a prefix the hub would take every subject for its own)"),
            ("gohub.*", " (* and > are wildcards in subjects)"), ("gohub.>", " (* and > are wildcards in subjects)"),
            ("$SYS", " (subjects that begin with $ are the server's own)"),
            ("_INBOX", " (_INBOX is for answers to requests)"),
            ("_INBOX.a", " (_INBOX is for answers to requests)"), ("gohub.", " (did you mean gohub?)"),
            ("gohub:", " (did you mean gohub?)"), (".", " (no dot at the beginning or the end and no two in a row)"),
            ("a..b", " (no dot at the beginning or the end and no two in a row)"), ("my hub", ""), ("büs", ""),
        ] as [(String, String)]).map { text, hint in
            (
                "bus.nats.subject_prefix", "\"\(text)\"", .notAllowed,
                #""\#(text)" is not a prefix for NATS, allowed is \#(prefix)\#(hint)"#
            )
        }

    static let nkeys: [FaultTests.Row] = [
        ("UA", "(it has 2 bytes)"),
        (
            "S" + "U" + String(repeating: "A", count: 56),
            "(a seed is secret and belongs in the file of bus.nats.nkey_seed_file)"
        ),
        ("A" + String(repeating: "A", count: 55), "(the key of a user begins with U)"),
    ].map { ("bus.nats.nkey", $0, .notAllowed, "this is not a user's public nkey, allowed is \(nkey) \($1)") }

    static let texts: [FaultTests.Row] = [
        (
            "bus.nats.subject_prefix", String(repeating: "x", count: 65), .notAllowed,
            #""\#(String(repeating: "x", count: 60))…" is not a prefix for NATS, allowed is \#(prefix) (it has 65 bytes)"#
        ),
        (
            "bus.nats.nkey", "U" + String(repeating: "a", count: 55), .notAllowed,
            "this is not a user's public nkey, allowed is \(nkey)"
        ),
        (
            "bus.nats.stream.name", "gohub.bus", .notAllowed,
            #""gohub.bus" is not a name for a stream, allowed is \#(streamName)"#
        ),
        (
            "bus.nats.stream.name", String(repeating: "x", count: 33), .notAllowed,
            #""\#(String(repeating: "x", count: 33))" is not a name for a stream, allowed is \#(streamName) (it has 33 bytes)"#
        ),
        (
            "bus.nats.stream.name", "\"\"", .notAllowed,
            #""" is not a name for a stream, allowed is \#(streamName)"#
        ),
        (
            "bus.nats.client_name", "my hub", .notAllowed,
            #""my hub" is not a name for connections, allowed is 1 to 64 printable characters of ASCII, without spaces"#
        ),
    ]

    static let values: [FaultTests.Row] = [
        (
            "bus.nats.stream.retention", "limit", .notAllowed,
            #""limit" is not known, allowed is limits, interest (did you mean limits?)"#
        ),
        (
            "bus.nats.stream.retention", "workqueue", .notAllowed,
            #""workqueue" is not known, allowed is limits, interest"#
        ),
        (
            "bus.nats.jetstream", "yes", .wrongType,
            #""yes" is neither true nor false, allowed is true or false (did you mean true?)"#
        ),
        ("bus.nats.connect_timeout", "99ms", .outOfRange, #""99ms" is too small, allowed is 100ms to 5m"#),
        ("bus.nats.connect_timeout", "301s", .outOfRange, #""301s" is too large, allowed is 100ms to 5m"#),
        ("bus.nats.reconnect_wait", "9ms", .outOfRange, #""9ms" is too small, allowed is 10ms to 1m"#),
        ("bus.nats.reconnect_wait", "61s", .outOfRange, #""61s" is too large, allowed is 10ms to 1m"#),
        ("bus.nats.stream.max_age", "0s", .outOfRange, #""0s" is too small, allowed is 1m to 8760h"#),
        ("bus.nats.stream.max_age", "8761h", .outOfRange, #""8761h" is too large, allowed is 1m to 8760h"#),
        (
            "bus.nats.stream.max_msgs", "999", .outOfRange,
            #""999" is too small, allowed is 1_000 to 1_000_000_000"#
        ),
        (
            "bus.nats.stream.max_bytes", "1KiB", .outOfRange,
            #""1KiB" is too small, allowed is 1MiB to 16384GiB"#
        ),
        ("bus.nats.stream.replicas", "0", .outOfRange, #""0" is too small, allowed is 1 to 5"#),
        ("bus.nats.stream.replicas", "6", .outOfRange, #""6" is too large, allowed is 1 to 5"#),
        ("bus.nats.stream.duplicate_window", "0s", .outOfRange, #""0s" is too small, allowed is 1s to 1h"#),
        ("bus.nats.consumer.ack_wait", "999ms", .outOfRange, #""999ms" is too small, allowed is 1s to 1h"#),
        ("bus.nats.consumer.max_deliver", "-1", .outOfRange, #""-1" is too small, allowed is 1 to 1_000"#),
        ("bus.nats.consumer.max_ack_pending", "9", .outOfRange, #""9" is too small, allowed is 10 to 100_000"#),
    ]

    @Test(
        "says of a wrong value what is allowed, why, and what was meant",
        arguments: [urls, prefixes, nkeys, texts, values].flatMap(\.self)
    )
    func value(row: FaultTests.Row) throws {
        let found = faults(FaultTests.yaml(row.path, row.value))
        #expect(found.map(\.code) == [row.code])
        let line = row.path.split(separator: ".").count
        #expect(found.first?.description == "c.yaml:\(line): \(row.path): \(row.message)")
    }

    // MARK: Secrets

    @Test("says where user and password belong, and does not repeat them")
    func credentials() {
        let found = faults(#"bus: { nats: { urls: ["nats://gohub:tiger@a.example:4222"] } }"#)
        #expect(
            found.map(\.description) == [
                #"c.yaml:1: bus.nats.urls: "nats://***@a.example:4222" is not a URL of NATS, allowed is \#(Self.url) "#
                    + "(user and password belong in bus.nats.user and bus.nats.password_file, "
                    + "a token into bus.nats.token_file)"
            ]
        )
    }

    @Test(
        "never shows what may be a secret",
        arguments: [
            #"bus: { nats: { urls: ["nats://:tiger@a.example"] } }"#,
            #"bus: { nats: { urls: ["tls://gohub:ti/tiger@a.example:4222"] } }"#,
            #"bus: { nats: { urls: ["gohub:tiger@a.example:4222"] } }"#,
            #"bus: { nats: { urls: "nats://tiger@a.example" } }"#,
            #"bus: { nats: { url: "nats://tiger@a.example" } }"#, "bus: { nats: { password: tiger } }",
            "bus: { nats: { token: tiger } }", "bus: { nats: { nkey_seed: tiger } }", "bus: { nats: { jwt: tiger } }",
            #"bus: { nats: { password_file: "tiger\n" } }"#, "bus: { nats: { password_file: tiger } }",
            #"bus: { nats: { token_file: "tiger\n" } }"#, "bus: { nats: { creds_file: [tiger] } }",
            "bus: { nats: { nkey: tiger } }", "bus: { nats: { nkey_seed_file: tiger } }",
            "bus: { nats: { token_file: a, creds_file: tiger } }",
        ]
    )
    func secrets(text: String) {
        let found = faults(text)
        #expect(found.count == 1)
        #expect(found.allSatisfy { !$0.description.contains("tiger") })
    }

    @Test("says which secret belongs in a file", arguments: ["password", "token", "creds", "nkey_seed"])
    func secretFiles(name: String) {
        let what = ["creds": "JWT", "nkey_seed": "seed"][name] ?? name
        let found = faults("bus: { nats: { \(name)_file: \"x\\n\" } }")
        #expect(found.map(\.hint) == ["the \(what) itself belongs in the file"])
    }

    @Test("never shows a secret of the environment or the command line")
    func otherSecrets() {
        let found = faults(
            environment: ["GOHUB_BUS_NATS_TOKEN": "tiger", "GOHUB_BUS_NATS_URL": "nats://:tiger@a.example"],
            flags: ["bus-nats-password": "tiger", "bus-nats-urls": "nats://a,nats://tiger@b"]
        )
        #expect(
            found.map(\.description) == [
                "environment GOHUB_BUS_NATS_TOKEN: unknown variable (did you mean GOHUB_BUS_NATS_TOKEN_FILE?)",
                "environment GOHUB_BUS_NATS_URL: unknown variable (did you mean GOHUB_BUS_NATS_URLS?)",
                "flag --bus-nats-password: unknown flag (did you mean --bus-nats-password-file?)",
                #"flag --bus-nats-urls: bus.nats.urls: "nats://***@b" is not a URL of NATS, allowed is \#(Self.url) "#
                    + "(user and password belong in bus.nats.user and bus.nats.password_file, "
                    + "a token into bus.nats.token_file)",
            ]
        )
    }

    // MARK: Names

    @Test(
        "knows which key was meant by a name that none has",
        arguments: [
            ("url: x", "urls"), ("servers: x", "urls"), ("server: x", "urls"), ("addrs: x", "urls"),
            ("adress: x", "urls"),
            ("host: x", "urls"), ("jet_stream: true", "jetstream"), ("js: true", "jetstream"),
            ("key_prefix: x", "subject_prefix"), ("prefix: x", "subject_prefix"), ("name: x", "client_name"),
            ("username: x", "user"), ("pasword: x", "password_file"), ("password: x", "password_file"),
            ("token: x", "token_file"), ("creds: x", "creds_file"), ("credentials: x", "creds_file"),
            ("nkey_seed: x", "nkey_seed_file"), ("seed: x", "nkey_seed_file"), ("nkeys: x", "nkey"),
            ("reconnect_time_wait: 1s", "reconnect_wait"), ("reconnect_delay: 1s", "reconnect_wait"),
            ("stream_name: x", "name in section bus.nats.stream"),
            ("max_age: 1h", "max_age in section bus.nats.stream"),
            ("replicas: 3", "replicas in section bus.nats.stream"),
            ("ack_wait: 1s", "ack_wait in section bus.nats.consumer"),
            ("enabled: true", "enabled in section bus.nats.tls"), ("cert_file: x", "cert_file in section bus.nats.tls"),
            ("tls_ca_file: x", "ca_file in section bus.nats.tls"), ("tls: { ca: x }", "ca_file"),
            ("stream: { max_messages: 1 }", "max_msgs"), ("stream: { num_replicas: 1 }", "replicas"),
            ("stream: { duplicates: 1m }", "duplicate_window"), ("consumer: { max_pending: 1 }", "max_ack_pending"),
            ("consumer: { max_deliveries: 1 }", "max_deliver"),
        ]
    )
    func names(text: String, meant: String) {
        let found = faults("bus: { nats: { \(text) } }")
        #expect(found.map(\.code) == [.unknownKey])
        #expect(found.first?.hint == "did you mean \(meant)?")
    }

    @Test(
        "knows which variable and which flag was meant",
        arguments: [
            ("servers", "urls"), ("addrs", "urls"), ("url", "urls"), ("token", "token-file"), ("creds", "creds-file"),
            ("username", "user"), ("nkey-seed", "nkey-seed-file"), ("key-prefix", "subject-prefix"),
            ("stream-max-messages", "stream-max-msgs"), ("tls-ca", "tls-ca-file"),
        ]
    )
    func variables(name: String, meant: String) {
        func variable(_ name: String) -> String {
            "GOHUB_BUS_NATS_" + name.uppercased().replacing("-", with: "_")
        }
        #expect(faults(environment: [variable(name): "x"]).map(\.hint) == ["did you mean \(variable(meant))?"])
        #expect(faults(flags: ["bus-nats-\(name)": "x"]).map(\.hint) == ["did you mean --bus-nats-\(meant)?"])
    }
}
