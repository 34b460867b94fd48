// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig
import Testing

/// Loads a text that must be refused and returns its faults.
func faults(
    _ text: String = "",
    environment: [String: String] = [:],
    flags: [String: String] = [:]
) -> [ConfigurationFault] {
    do throws(ConfigurationError) {
        _ = try ConfigurationLoader.load(text: text, name: "c.yaml", environment: environment, flags: flags)
        return []
    } catch {
        return error.faults
    }
}

@Suite("Faults of a value")
struct FaultTests {
    /// One line of YAML that sets a nested key.
    static func yaml(_ path: String, _ value: String) -> String {
        let parts = path.split(separator: ".")
        let lines = parts.enumerated().map { String(repeating: "  ", count: $0) + $1 + ":" }
        return lines.joined(separator: "\n") + " " + value
    }

    typealias Row = (path: String, value: String, code: ConfigurationFault.Code, message: String)

    static let numbers: [Row] = [
        ("server.loops", "many", .wrongType, #""many" is not a whole number, allowed is 0 to 256, 0 is one a core"#),
        (
            "server.max_connections", "\"4\"", .wrongType,
            #""4" is not a whole number, allowed is 1 to 10_000_000 (did you mean 4, without quotes?)"#
        ),
        (
            "hub.max_topics", "1e3", .wrongType,
            #""1e3" is not a whole number, allowed is 1 to 100_000_000 (did you mean 1000?)"#
        ),
        ("hub.max_topics", "1__0", .wrongType, #""1__0" is not a whole number, allowed is 1 to 100_000_000"#),
        ("hub.message_buffer_cap", "0", .outOfRange, #""0" is too small, allowed is 1 to 1_000_000"#),
        ("server.loops", "-1", .outOfRange, #""-1" is too small, allowed is 0 to 256, 0 is one a core"#),
        ("server.loops", "257", .outOfRange, #""257" is too large, allowed is 0 to 256, 0 is one a core"#),
        (
            "hub.max_topics", "99999999999999999999999", .outOfRange,
            #""99999999999999999999999" is too large, allowed is 1 to 100_000_000"#
        ),
        (
            "hub.max_topics", "-99999999999999999999999", .outOfRange,
            #""-99999999999999999999999" is too small, allowed is 1 to 100_000_000"#
        ),
        (
            "server.loops", "", .wrongType,
            "no value, allowed is 0 to 256, 0 is one a core (take the line out for the default, 0)"
        ),
        (
            "server.max_concurrent_scrapes", "~", .wrongType,
            "no value, allowed is 1 to 64 (take the line out for the default, 4)"
        ),
        ("server.max_concurrent_scrapes", "[1]", .wrongType, "a list where one value is needed, allowed is 1 to 64"),
        (
            "server.max_concurrent_scrapes", "{a: 1}", .wrongType,
            "a section where one value is needed, allowed is 1 to 64"
        ),
    ]

    static let durations: [Row] = [
        ("hub.ping_interval", "25", .badUnit, #""25" is not a duration, allowed is 100ms to 1h (did you mean 25s?)"#),
        (
            "server.read_timeout", "3 minutes", .badUnit,
            #""3 minutes" is not a duration, allowed is 100ms to 24h (did you mean 3m?)"#
        ),
        (
            "server.read_timeout", "1.5s", .badUnit,
            #""1.5s" is not a duration, allowed is 100ms to 24h (did you mean 1500ms?)"#
        ),
        (
            "server.read_timeout", "2d", .badUnit,
            #""2d" is not a duration, allowed is 100ms to 24h (whole numbers with ms, s, m or h, such as 3m)"#
        ),
        (
            "server.read_timeout", "30m1h", .wrongType,
            #""30m1h" is not a duration, allowed is 100ms to 24h (whole numbers with ms, s, m or h, such as 3m)"#
        ),
        (
            "server.read_timeout", "\"\"", .wrongType,
            #""" is not a duration, allowed is 100ms to 24h (whole numbers with ms, s, m or h, such as 3m)"#
        ),
        (
            "server.read_timeout", "-5s", .wrongType,
            #""-5s" is not a duration, allowed is 100ms to 24h (whole numbers with ms, s, m or h, such as 3m)"#
        ),
        ("server.close_timeout", "99ms", .outOfRange, #""99ms" is too small, allowed is 100ms to 1m"#),
        ("server.close_timeout", "1m1ms", .outOfRange, #""1m1ms" is too large, allowed is 100ms to 1m"#),
        (
            "server.close_timeout", "99999999999999999999h", .outOfRange,
            #""99999999999999999999h" is too large, allowed is 100ms to 1m"#
        ),
    ]

    static let sizes: [Row] = [
        (
            "server.max_head_bytes", "16KB", .badUnit,
            #""16KB" has a unit that is not taken, allowed is 1KiB to 1MiB (did you mean 16KiB?)"#
        ),
        (
            "server.max_head_bytes", "16 KiB", .badUnit,
            #""16 KiB" has a unit that is not taken, allowed is 1KiB to 1MiB (did you mean 16KiB?)"#
        ),
        (
            "server.max_head_bytes", "1.5MiB", .badUnit,
            #""1.5MiB" has a unit that is not taken, allowed is 1KiB to 1MiB (units are B, KiB, MiB and GiB)"#
        ),
        (
            "server.max_head_bytes", "big", .wrongType,
            #""big" is not a size, allowed is 1KiB to 1MiB "#
                + "(a whole number of bytes, or one with KiB, MiB or GiB, such as 16KiB)"
        ),
        ("server.max_head_bytes", "1023", .outOfRange, #""1023" is too small, allowed is 1KiB to 1MiB"#),
        ("server.max_head_bytes", "-5KiB", .outOfRange, #""-5KiB" is too small, allowed is 1KiB to 1MiB"#),
        (
            "server.max_head_bytes", "9999999999GiB", .outOfRange,
            #""9999999999GiB" is too large, allowed is 1KiB to 1MiB"#
        ),
    ]

    static let words: [Row] = [
        (
            "cluster.enabled", "yes", .wrongType,
            #""yes" is neither true nor false, allowed is true or false (did you mean true?)"#
        ),
        (
            "cluster.enabled", "\"false\"", .wrongType,
            #""false" is neither true nor false, allowed is true or false (did you mean false, without quotes?)"#
        ),
        ("cluster.enabled", "2", .wrongType, #""2" is neither true nor false, allowed is true or false"#),
        (
            "cluster.enabled", "true", .notInBuild,
            "true means bus.type etcd, which is not in this build, allowed is false"
        ),
        ("bus.type", "etcd", .notInBuild, #""etcd" is not in this build, allowed is noop, redis, nats"#),
        ("bus.type", "mesh", .notInBuild, #""mesh" is not in this build, allowed is noop, redis, nats"#),
        ("bus.type", "nop", .notAllowed, #""nop" is not known, allowed is noop, redis, nats (did you mean noop?)"#),
        ("bus.type", "kafka", .notAllowed, #""kafka" is not known, allowed is noop, redis, nats"#),
        (
            "log.level", "warn", .notAllowed,
            #""warn" is not known, allowed is trace, debug, info, warning, error (did you mean warning?)"#
        ),
        ("log.format", "JSON", .notAllowed, #""JSON" is not known, allowed is auto, text, json (did you mean json?)"#),
        (
            "hub.slow_client_policy", "drop-oldest", .notAllowed,
            #""drop-oldest" is not known, allowed is disconnect, drop_oldest, drop_newest (did you mean drop_oldest?)"#
        ),
    ]

    static let address = "host:port, :port or [IPv6]:port"
    static let origin =
        "0 to 1000 of http://host[:port], https://host[:port], an app's scheme://host, *.domain, null, file:// or *"
    static let endpoint = "1 to 32 of http://host[:port] or https://host[:port]"

    static let texts: [Row] = [
        (
            "server.addr", "8080", .notAllowed,
            #""8080" is not an address, allowed is \#(address) (did you mean :8080?)"#
        ),
        ("server.addr", "\"\"", .notAllowed, #""" is not an address, allowed is \#(address) (the port is missing)"#),
        (
            "server.addr", "\":99999\"", .notAllowed,
            #"":99999" is not an address, allowed is \#(address) (a port is a number from 0 to 65535)"#
        ),
        (
            "server.addr", "::1:80", .notAllowed,
            #""::1:80" is not an address, allowed is \#(address) (an IPv6 address stands in brackets)"#
        ),
        (
            "server.admin_addr", "\"[::g]:80\"", .notAllowed,
            #""[::g]:80" is not an address, allowed is \#(address), or empty for server.addr "#
                + "(between the brackets stands an IPv6 address)"
        ),
        (
            "server.addr", "\"[:::::]:80\"", .notAllowed,
            #""[:::::]:80" is not an address, allowed is \#(address) (between the brackets stands an IPv6 address)"#
        ),
        (
            "server.addr", "ho st:80", .notAllowed,
            #""ho st:80" is not an address, allowed is \#(address) (a host has letters, digits, dots and dashes)"#
        ),
        (
            "server.addr", #""a\u202eb\n""#, .notAllowed,
            #""a\u{202E}b\n" is not an address, allowed is \#(address) (the port is missing)"#
        ),
        (
            "hub.node_id", "a b", .notAllowed,
            #""a b" is not a name, allowed is 1 to 64 of A-Z, a-z, 0-9, dot, dash and underscore, "#
                + "or empty for node- and eight random hexadecimal digits"
        ),
        (
            "cluster.etcd.key_prefix", "gohub", .notAllowed,
            #""gohub" is not a key prefix, allowed is / and names joined by /, up to 255 bytes (did you mean /gohub?)"#
        ),
        (
            "cluster.etcd.key_prefix", "/gohub/", .notAllowed,
            #""/gohub/" is not a key prefix, allowed is / and names joined by /, up to 255 bytes "#
                + "(no / at the end and no two in a row)"
        ),
    ]

    static let lists: [Row] = [
        (
            "server.allowed_origins", "https://a.example", .wrongType,
            #"a value where a list is needed, allowed is \#(origin) (did you mean ["https://a.example"]?)"#
        ),
        (
            "server.allowed_origins", "[a.example]", .notAllowed,
            #""a.example" is not an origin, allowed is \#(origin) (did you mean https://a.example?)"#
        ),
        (
            "server.allowed_origins", "[\"https://a.example/\"]", .notAllowed,
            #""https://a.example/" is not an origin, allowed is \#(origin) (did you mean https://a.example?)"#
        ),
        (
            "server.allowed_origins", "[\"**\"]", .notAllowed,
            #""**" is not an origin, allowed is \#(origin)"#
        ),
        (
            "server.allowed_origins", "[\"htps://a.example\"]", .notAllowed,
            #""htps://a.example" is not an origin, allowed is \#(origin) (the scheme is http or https)"#
        ),
        (
            "server.allowed_origins", "[\"file:///\"]", .notAllowed,
            #""file:///" is not an origin, allowed is \#(origin) (the scheme is http or https)"#
        ),
        (
            "server.allowed_origins", "[\"*.\"]", .notAllowed,
            #""*." is not an origin, allowed is \#(origin) (after *. stands a domain, such as *.example.org)"#
        ),
        (
            "server.allowed_origins", "[\"https://a.example/x\"]", .notAllowed,
            #""https://a.example/x" is not an origin, allowed is \#(origin) "#
                + "(a host and perhaps a port, and no path)"
        ),
        (
            "server.allowed_origins", "[\"ws://a.example\"]", .notAllowed,
            #""ws://a.example" is not an origin, allowed is \#(origin) (the scheme is http or https)"#
        ),
        (
            "server.allowed_origins", "[\"localhost:3000\"]", .notAllowed,
            #""localhost:3000" is not an origin, allowed is \#(origin) (did you mean http://localhost:3000?)"#
        ),
        ("server.allowed_origins", "[[x]]", .wrongType, "a list in the list, allowed is \(origin)"),
        ("server.allowed_origins", "[~]", .wrongType, "an empty item, allowed is \(origin)"),
        (
            "server.allowed_origins", "[null]", .wrongType,
            #"an empty item, allowed is \#(origin) (YAML takes it for no value: write "null")"#
        ),
        (
            "server.allowed_origins", "", .wrongType,
            "no value, allowed is \(origin) (take the line out for the default, [])"
        ),
        ("cluster.etcd.endpoints", "[]", .outOfRange, "a list of 0, allowed is \(endpoint)"),
        (
            "cluster.etcd.endpoints", "[\"etcd:2379\"]", .notAllowed,
            #""etcd:2379" is not a URL, allowed is \#(endpoint) (did you mean http://etcd:2379?)"#
        ),
        (
            "cluster.etcd.endpoints", "[\"ftp://etcd\"]", .notAllowed,
            #""ftp://etcd" is not a URL, allowed is \#(endpoint) (the scheme is http or https)"#
        ),
    ]

    @Test(
        "says of a wrong value where it stands, what is allowed and what was meant",
        arguments: [numbers, durations, sizes, words, texts, lists].flatMap(\.self)
    )
    func value(row: Row) throws {
        let found = faults(Self.yaml(row.path, row.value))
        #expect(found.count == 1)
        let fault = try #require(found.first)
        #expect(fault.code == row.code)
        #expect(fault.key == row.path)
        let line = row.path.split(separator: ".").count
        #expect(fault.description == "c.yaml:\(line): \(row.path): \(row.message)")
    }

    @Test("a value that a hint suggests is taken", arguments: ConfigurationKey.all.map(\.path))
    func suggestions(path: String) throws {
        let values = [
            "25", "2d", "9000", "1000000", "3 weeks", "0.5 ms", "0.2s", "1e99", "1e9h", "-5s", "soon", "99999 minutes",
            "16KB", "0 KB", "9999999 GB", "99999999999 M", "1.5", "\"7\"", "\"99999999999\"", "1e3", "1e18", "yes",
            "ON",
            "jsn", "warn", "Debug", "nop", "8080", "80800", "x y", "a.example", "*.", "https://a.example/", "http://",
            "gohub",
            "a/", "//", "\"\"", "drop",
        ]
        for value in values {
            for fault in faults(Self.yaml(path, value)) {
                let hint = fault.hint
                guard hint.hasPrefix("did you mean ") || hint.contains("such as ") else { continue }
                let meant = hint.hasPrefix("did you mean ") ? hint.dropFirst("did you mean ".count) : hint[...]
                let example = meant.rest(behind: "such as ")
                let text = String(example.prefix { $0 != "?" && $0 != "," })
                // An example of the form, not a value that was meant.
                guard text != "*.example.org" else { continue }
                let quoted = text.hasPrefix("[") || !text.contains(":") ? text : "\"\(text)\""
                let list = ConfigurationKey.all.first { $0.path == path }?.isList == true && !text.hasPrefix("[")
                let again = faults(Self.yaml(path, list ? "[\(quoted)]" : quoted)).filter {
                    // What other keys and another build make of it is not the hint's business.
                    $0.code != .contradiction && $0.code != .notInBuild
                }
                #expect(again.isEmpty, "\(value): \(hint)")
            }
        }
    }
}

extension Substring {
    /// What stands behind some words; all of it when they are not there.
    fileprivate func rest(behind words: String) -> Substring {
        var rest = self
        while !rest.isEmpty, !rest.hasPrefix(words) { rest = rest.dropFirst() }
        return rest.isEmpty ? self : rest.dropFirst(words.count)
    }
}
