// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import Testing

@testable import gohub

@Suite("Addresses of hubs")
struct HubURLTests {
    struct Good: Sendable, CustomTestStringConvertible {
        let text: String
        let host: String
        let port: Int
        var target = "/ws"
        let header: String
        var testDescription: String { text }
    }

    @Test(
        "say host, port and path",
        arguments: [
            Good(text: "ws://127.0.0.1:8080/ws", host: "127.0.0.1", port: 8080, header: "127.0.0.1:8080"),
            Good(text: "ws://hub.example.org", host: "hub.example.org", port: 80, header: "hub.example.org"),
            Good(
                text: "ws://hub.example.org/",
                host: "hub.example.org",
                port: 80,
                target: "/",
                header: "hub.example.org"
            ),
            Good(text: "ws://h:1/a/b?c=d&e", host: "h", port: 1, target: "/a/b?c=d&e", header: "h:1"),
            Good(text: "ws://h:65535", host: "h", port: 65_535, header: "h:65535"),
            Good(text: "ws://[::1]:9000/ws", host: "::1", port: 9000, header: "[::1]:9000"),
            Good(text: "ws://[::1]", host: "::1", port: 80, header: "[::1]"),
            Good(text: "ws://[fe80::1]/x", host: "fe80::1", port: 80, target: "/x", header: "[fe80::1]"),
            Good(text: "ws://h/a:b", host: "h", port: 80, target: "/a:b", header: "h"),
            Good(text: "WS://h", host: "h", port: 80, header: "h"),
            Good(text: "ws://h/%C3%A9", host: "h", port: 80, target: "/%C3%A9", header: "h"),
            Good(text: HubURL.default, host: "127.0.0.1", port: 8080, header: "127.0.0.1:8080"),
        ]
    )
    func good(_ url: Good) throws {
        let read = try HubURL(url.text)
        #expect(read.address == SocketAddress(host: url.host, port: url.port))
        #expect(read.target == url.target)
        #expect(read.host == url.header)
    }

    @Test(
        "are refused with what is wrong",
        arguments: [
            ("", "begin with ws://"), ("h:80", "begin with ws://"), ("http://h", "begin with ws://"),
            ("ws:/h", "begin with ws://"),
            ("wss://h", "no TLS"), ("WSS://h", "no TLS"), ("ws://", "host is missing"), ("ws:///ws", "host is missing"),
            ("ws://:8080/ws", "host is missing"), ("ws://h:/ws", "port"), ("ws://h:0", "port"),
            ("ws://h:65536", "port"),
            ("ws://h:-1", "port"), ("ws://h:http", "port"), ("ws://::1/ws", "brackets"), ("ws://[::1", "brackets"),
            ("ws://[nonsense]:80", "IPv6"), ("ws://h/a b", "escaped"), ("ws://h/é", "escaped"),
            ("ws://h/a#b", "escaped"),
            ("ws://h?a=b", "host"), ("ws://user@h/", "host"), ("ws://h h/", "host"), ("ws://h#x", "host"),
        ]
    )
    func bad(text: String, word: String) {
        let fault = #expect(throws: Arguments.Fault.self) { try HubURL(text) }
        #expect(fault?.message.contains(word) == true, "\(fault?.message ?? "")")
        #expect(fault?.message.contains(text) == true)
    }
}
