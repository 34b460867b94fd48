// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

@Suite("From which pages a browser may come")
struct WebSocketOriginTests {
    @Test(
        "the same host and port may, and no other",
        arguments: [
            ("http://hub.example.org", "hub.example.org", true), ("https://hub.example.org", "hub.example.org", true),
            ("http://hub.example.org:8080", "hub.example.org:8080", true),
            ("HTTP://HUB.example.org", "hub.EXAMPLE.org", true),
            ("http://hub.example.org", "hub.example.org:80", true),
            ("https://hub.example.org:443", "hub.example.org", true),
            ("https://hub.example.org", "hub.example.org:80", false),
            ("http://hub.example.org:8080", "hub.example.org", false),
            ("http://hub.example.org:8080", "hub.example.org:8081", false), ("http://[::1]:80", "[::1]", true),
            ("http://example.org", "hub.example.org", false),
            ("http://hub.example.org.evil.net", "hub.example.org", false),
            ("null", "hub.example.org", false), ("", "hub.example.org", false),
            ("hub.example.org", "hub.example.org", false),
            ("ftp://hub.example.org", "hub.example.org", false), ("file://", "hub.example.org", false),
            ("http://hub.example.org/", "hub.example.org", true),
            ("http://hub.example.org//", "hub.example.org", false),
            ("http://me@hub.example.org", "hub.example.org", false),
            ("http://hub.example.org http://evil.net", "hub.example.org", false), ("http://", "", false),
            ("http://hub.example.org", nil, false), (nil, "hub.example.org", true), (nil, nil, true),
        ] as [(String?, String?, Bool)]
    )
    func sameHost(origin: String?, host: String?, isAllowed: Bool) {
        #expect(OriginPolicy().allows(origin: origin, host: host) == isAllowed)
    }

    @Test(
        "those of the list may, exact or by the end of the host",
        arguments: [
            ("https://app.example.org", true), ("https://APP.example.org:443", true), ("http://app.example.org", false),
            ("https://app.example.org:8443", false), ("http://dev.example.net:3000", true),
            ("http://dev.example.net", false),
            ("https://a.example.com", true), ("http://a.b.example.com:99", true), ("https://example.com", false),
            ("https://.example.com", false), ("https://evilexample.com", false),
            ("https://a.example.com.evil.net", false),
            ("https://evil.net/.example.com", false), ("null", false), ("wss://a.example.com", false),
        ]
    )
    func list(origin: String, isAllowed: Bool) throws {
        let policy = try OriginPolicy(allowed: [
            "https://app.example.org", "http://dev.example.net:3000", "*.example.com",
        ])
        #expect(policy.allows(origin: origin, host: "hub.example.org") == isAllowed)
    }

    @Test(
        "null, file:// and * may, each when it is on the list, which says what that opens",
        arguments: [
            (["null"], ["null"]), (["file://"], ["file://"]), (["null", "file://"], ["null", "file://"]),
            (["*"], ["null", "file://", "https://evil.net", "capacitor://localhost", "nonsense", ""]), ([], []),
        ]
    )
    func exposures(entries: [String], allowed: [String]) throws {
        let policy = try OriginPolicy(allowed: entries)
        #expect(policy.exposures.map(\.rawValue) == entries)
        #expect(policy.exposures.allSatisfy { !$0.meaning.isEmpty })
        for origin in ["null", "file://", "https://evil.net", "capacitor://localhost", "nonsense", ""] {
            #expect(policy.allows(origin: origin, host: "hub.example.org") == allowed.contains(origin), "\(origin)")
        }
        #expect(policy.allows(origin: "http://hub.example.org", host: "hub.example.org"))
    }

    @Test(
        "apps with a scheme of their own may when they are on the list, and are never the same host",
        arguments: [
            ("capacitor://localhost", true), ("CAPACITOR://LOCALHOST", true), ("ionic://localhost", false),
            ("chrome-extension://abcdefghijklmnop", true), ("capacitor://localhost:1", false),
            ("app://hub.example.org", false), ("app://a.example.com", false), ("https://localhost", false),
        ]
    )
    func apps(origin: String, isAllowed: Bool) throws {
        let policy = try OriginPolicy(allowed: [
            "capacitor://localhost", "chrome-extension://abcdefghijklmnop", "*.example.com",
        ])
        #expect(policy.allows(origin: origin, host: "hub.example.org") == isAllowed)
    }

    @Test(
        "the advice about a refused page tells a lost port from a page that nobody named, and from what is no origin",
        arguments: [
            ("http://hub.example.org:8081", "hub.example.org", "same host and another port"),
            ("https://hub.example.org", "hub.example.org:8080", "same host and another port"),
            ("https://hub.example.org/", "hub.example.org:8080", "same host and another port"),
            ("https://app.example.org", "hub.example.org", "another host than the hub"),
            ("https://example.org", "gohub", "another host than the hub"),
            ("http://hub.example.org", nil, "another host than the hub"),
            ("app://hub.example.org", "hub.example.org:1", "another host than the hub"),
            ("null", "hub.example.org", "server.allowed_origins \"null\""),
            ("https://app.example.org/path", "hub.example.org", "no origin"), ("", "hub.example.org", "no origin"),
        ] as [(String, String?, String)]
    )
    func advice(origin: String, host: String?, text: String) {
        let advice = OriginPolicy.advice(origin: origin, host: host)
        #expect(advice.contains(text))
        #expect(advice.contains("server.allowed_origins") == (text != "no origin"))
        #expect(advice.contains("$http_host") == (text.contains("another")))
    }

    @Test(
        "what is no origin is refused as an entry, and named",
        arguments: [
            "", "**", "*.", "*.*.example.org", "app.example.org", "https://", "https://app.example.org/", "Null",
            "file:///", "file://host", "wss://app.example.org", "capacitor://", "1 2://a", "://a",
            "https://*.example.org", "*.example.org:80", "*.[::1]", "*..example.org", "ftp://a", "https://a:x",
            "*example.org",
        ]
    )
    func badEntries(pattern: String) throws {
        let error = try #require(throws: OriginPolicy.PatternError.self) {
            try OriginPolicy(allowed: ["https://ok.example.org", pattern])
        }
        #expect(error.pattern == pattern)
        #expect(error.message.contains("https://app.example.org"))
    }
}
