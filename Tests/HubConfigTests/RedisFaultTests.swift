// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig
import Testing

@Suite("Faults of the configuration for Redis")
struct RedisFaultTests {
    static let file = "a path of up to 4095 bytes without control characters"
    static let prefix = #"1 to 64 printable characters of ASCII, without spaces and * ? [ ] \ { }"#
    static let wildcards =
        #"(* ? [ ] \ are wildcards where Redis compares channels with patterns, so it would match others too)"#
    static let address = "1 to 32 of host:port or [IPv6]:port"
    static let credentials = "(user and password belong in bus.redis.user and bus.redis.password_file)"

    static let texts: [FaultTests.Row] =
        ["*", "?", "[", "]", #"\"#].map { wildcard in
            (
                "bus.redis.key_prefix", "'gohub\(wildcard)'", .notAllowed,
                #""gohub\#(wildcard)" is not a prefix for Redis, allowed is \#(prefix) \#(wildcards)"#
            )
        } + [
            (
                "bus.redis.key_prefix", "'{gohub}:'", .notAllowed,
                #""{gohub}:" is not a prefix for Redis, allowed is \#(prefix) "#
                    + "(what stands in { } alone would choose the slot in a cluster, the same for all)"
            ),
            (
                "bus.redis.key_prefix", "\"\"", .notAllowed,
                #""" is not a prefix for Redis, allowed is \#(prefix) "#
                    + "(without a prefix the hub would take every channel for its own)"
            ),
            (
                "bus.redis.key_prefix", "my hub", .notAllowed,
                #""my hub" is not a prefix for Redis, allowed is \#(prefix)"#
            ),
            (
                "bus.redis.key_prefix", "'büs:'", .notAllowed,
                #""büs:" is not a prefix for Redis, allowed is \#(prefix)"#
            ),
            (
                "bus.redis.key_prefix", String(repeating: "x", count: 65), .notAllowed,
                #""\#(String(repeating: "x", count: 60))…" is not a prefix for Redis, allowed is \#(prefix) "#
                    + "(it has 65 bytes)"
            ),
            (
                "bus.redis.client_name", "my hub", .notAllowed,
                #""my hub" is not a name for connections, allowed is 1 to 64 printable characters of ASCII, "#
                    + "without spaces"
            ),
            (
                "bus.redis.user", "my hub", .notAllowed,
                #""my hub" is not a user's name, allowed is up to 128 bytes without spaces and control characters, "#
                    + "or empty for the user default"
            ),
            (
                "bus.redis.master_name", "my master", .notAllowed,
                #""my master" is not a name, allowed is 1 to 64 of A-Z, a-z, 0-9, dot, dash and underscore, "#
                    + "or empty for the other modes"
            ),
            (
                "bus.redis.tls.ca_file", #""a\nb""#, .notAllowed,
                #""a\nb" is not the path of a file, allowed is \#(file), or empty for the system's store"#
            ),
            (
                "bus.redis.tls.server_name", "redis:6379", .notAllowed,
                #""redis:6379" is not a host, allowed is a name or an IP address, or empty for the host of the address"#
            ),
        ]

    static let values: [FaultTests.Row] = [
        (
            "bus.redis.mode", "sentinels", .notAllowed,
            #""sentinels" is not known, allowed is single, sentinel, cluster (did you mean sentinel?)"#
        ),
        (
            "bus.redis.delivery", "stream", .notAllowed,
            #""stream" is not known, allowed is pubsub, streams (did you mean streams?)"#
        ),
        ("bus.redis.db", "-1", .outOfRange, #""-1" is too small, allowed is 0 to 16_383"#),
        ("bus.redis.db", "16384", .outOfRange, #""16384" is too large, allowed is 0 to 16_383"#),
        ("bus.redis.connect_timeout", "99ms", .outOfRange, #""99ms" is too small, allowed is 100ms to 5m"#),
        ("bus.redis.connect_timeout", "301s", .outOfRange, #""301s" is too large, allowed is 100ms to 5m"#),
        ("bus.redis.sync_timeout", "0s", .outOfRange, #""0s" is too small, allowed is 100ms to 5m"#),
        (
            "bus.redis.stream_max_length", "999", .outOfRange,
            #""999" is too small, allowed is 1_000 to 100_000_000"#
        ),
        (
            "bus.publish_timeout", "61s", .outOfRange,
            #""61s" is too large, allowed is 0s to 1m, 0s is the kind's own: redis 50ms, nats 10ms, 2s with jetstream"#
        ),
        (
            "bus.buffer.max_bytes", "2GiB", .outOfRange,
            #""2GiB" is too large, allowed is 0B to 1GiB, 0B keeps nothing"#
        ),
        ("bus.buffer.max_age", "0s", .outOfRange, #""0s" is too small, allowed is 100ms to 1h"#),
        ("bus.probe_after", "999ms", .outOfRange, #""999ms" is too small, allowed is 1s to 1h"#),
        ("bus.unsubscribe_after", "61s", .outOfRange, #""61s" is too large, allowed is 0s to 1m"#),
    ]

    static let addresses: [FaultTests.Row] =
        ([
            ("redis", "(did you mean redis:6379?)"),
            ("6379", "(did you mean 127.0.0.1:6379?)"),
            (":6379", "(did you mean 127.0.0.1:6379?)"),
            ("redis:0", "(a port is a number from 1 to 65535)"),
            ("redis:x", "(a port is a number from 1 to 65535)"),
            ("::1:6379", "(an IPv6 address stands in brackets)"),
            ("/run/redis.sock", "(a socket of the file system is not taken)"),
            ("redis://a.example", "(did you mean a.example:6379?)"),
            ("redis://[::1]/", "(did you mean [::1]:6379?)"),
            ("redis://a.example:6380", "(did you mean a.example:6380?)"),
            ("redis://a.example/3", "(no scheme and no path here; the database is bus.redis.db)"),
            ("rediss://a.example", "(no scheme here; TLS is bus.redis.tls.enabled: true)"),
        ] as [(String, String)]).map { text, hint in
            (
                "bus.redis.addrs", "[\"\(text)\"]", .notAllowed,
                #""\#(text)" is not an address of Redis, allowed is \#(address) \#(hint)"#
            )
        } + [("bus.redis.addrs", "[]", .outOfRange, "a list of 0, allowed is \(address)")]

    @Test(
        "says of a wrong value what is allowed, why, and what was meant",
        arguments: [texts, values, addresses].flatMap(\.self)
    )
    func value(row: FaultTests.Row) throws {
        let found = faults(FaultTests.yaml(row.path, row.value))
        #expect(found.map(\.code) == [row.code])
        let line = row.path.split(separator: ".").count
        #expect(found.first?.description == "c.yaml:\(line): \(row.path): \(row.message)")
    }

    // MARK: Passwords

    @Test(
        "never shows what may be a password",
        arguments: [
            #"bus: { redis: { addrs: ["redis://:tiger@a.example:6379"] } }"#,
            #"bus: { redis: { addrs: ["redis://gohub:ti/tiger@a.example:6379"] } }"#,
            #"bus: { redis: { addrs: ["gohub:tiger@a.example:6379"] } }"#,
            #"bus: { redis: { addrs: "gohub:tiger@a.example:6379" } }"#,
            #"bus: { redis: { password: "tiger" } }"#,
            #"bus: { redis: { password_file: "tiger\n" } }"#,
            #"bus: { redis: { sentinel_password_file: ["tiger"] } }"#,
            #"bus: { redis: { sentinel_password_file: tiger } }"#,
            "bus: { redis: { password_file: \"tiger" + String(repeating: "x", count: 5000) + "\" } }",
            #"bus: { type: "redis://gohub:tiger@a.example" }"#,
            #"bus: "redis://gohub:tiger@a.example""#,
            #"bus: { redis: { url: "redis://gohub:tiger@a.example" } }"#,
            #"cluster: { etcd: { endpoints: ["http://root:tiger@etcd:2379"] } }"#,
        ]
    )
    func passwords(text: String) {
        let found = faults(text)
        #expect(found.count == 1)
        #expect(found.allSatisfy { !$0.description.contains("tiger") })
    }

    @Test("never shows a password of the environment or the command line")
    func otherPasswords() {
        let found = faults(
            environment: [
                "GOHUB_BUS_REDIS_PASSWORD": "tiger", "GOHUB_BUS_REDIS_URL": "redis://:tiger@a.example",
                "GOHUB_BUS_REDIS_PASSWORD_FILE": "tiger\n",
            ],
            flags: ["bus-redis-password": "tiger", "bus-redis-addrs": "a.example:1,x:tiger@b.example:1"]
        )
        #expect(
            found.map(\.description) == [
                "environment GOHUB_BUS_REDIS_PASSWORD: unknown variable (did you mean GOHUB_BUS_REDIS_PASSWORD_FILE?)",
                "environment GOHUB_BUS_REDIS_PASSWORD_FILE: bus.redis.password_file: this is not the path of a file, "
                    + "allowed is \(Self.file), or empty for no password (the password itself belongs in the file)",
                "environment GOHUB_BUS_REDIS_URL: unknown variable (did you mean GOHUB_BUS_REDIS_ADDRS?)",
                #"flag --bus-redis-addrs: bus.redis.addrs: "***@b.example:1" is not an address of Redis, "#
                    + "allowed is \(Self.address) \(Self.credentials)",
                "flag --bus-redis-password: unknown flag (did you mean --bus-redis-password-file?)",
            ]
        )
    }

    // MARK: Names

    @Test(
        "knows which key was meant by a name that none has",
        arguments: [
            ("bus:\n  redis:\n    adress: x", "addrs"), ("bus:\n  redis:\n    address: x", "addrs"),
            ("bus:\n  redis:\n    addr: x", "addrs"), ("bus:\n  redis:\n    urls: x", "addrs"),
            ("bus:\n  redis:\n    host: x", "addrs"), ("bus:\n  redis:\n    sentinels: x", "addrs"),
            ("bus:\n  redis:\n    database: 1", "db"), ("bus:\n  redis:\n    username: x", "user"),
            ("bus:\n  redis:\n    pasword: x", "password_file"), ("bus:\n  redis:\n    prefix: x", "key_prefix"),
            ("bus:\n  redis:\n    enabled: true", "enabled in section bus.redis.tls"),
            ("bus:\n  redis:\n    tls:\n      ca: x", "ca_file"),
            ("bus:\n  redis:\n    ca_file: x", "ca_file in section bus.redis.tls"),
            ("bus:\n  redis:\n    password: x", "password_file"),
            ("bus:\n  rediss: {}", "redis"), ("bus:\n  max_bytes: 1", "max_bytes in section bus.buffer"),
            ("bus.redis.adress: x", "addrs in section bus.redis"),
            ("bus.redis.addrs: x", "addrs in section bus.redis"), ("bus.typ: x", "type in section bus"),
            ("bus:\n  redis.adress: x", "addrs in section bus.redis"),
            ("bus:\n  redis.tls.enable: x", "enabled in section bus.redis.tls"),
        ]
    )
    func names(text: String, meant: String) {
        #expect(faults(text).map(\.code) == [.unknownKey])
        #expect(faults(text).first?.hint == "did you mean \(meant)?")
    }

    @Test(
        "knows which variable and which flag was meant",
        arguments: ["adress", "address", "addr", "url", "hosts", "addresses"]
    )
    func variables(name: String) {
        let variable = faults(environment: ["GOHUB_BUS_REDIS_\(name.uppercased())": "x"])
        #expect(variable.map(\.hint) == ["did you mean GOHUB_BUS_REDIS_ADDRS?"])
        #expect(faults(flags: ["bus-redis-\(name)": "x"]).map(\.hint) == ["did you mean --bus-redis-addrs?"])
    }
}
