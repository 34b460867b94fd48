// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import Testing

@Suite("Addresses of the machine")
struct NetworkInterfaceTests {
    private static let loopback = [
        NetworkInterface(host: "127.0.0.1", isLoopback: true), NetworkInterface(host: "::1", isLoopback: true),
    ]
    private static let machine =
        loopback + [
            NetworkInterface(host: "fe80::1", isLoopback: false),
            NetworkInterface(host: "169.254.7.7", isLoopback: false),
            NetworkInterface(host: "2001:db8::7", isLoopback: false),
            NetworkInterface(host: "10.0.0.7", isLoopback: false),
            NetworkInterface(host: "10.0.0.8", isLoopback: false),
        ]

    @Test(
        "a listener on every interface is told by the first address that others can reach, others by their own",
        arguments: [
            (":80", "[::]:8080", "10.0.0.7:8080"), (":80", "0.0.0.0:8080", "10.0.0.7:8080"),
            ("0.0.0.0:80", "0.0.0.0:8080", "10.0.0.7:8080"), ("[::]:80", "[::]:8080", "[2001:db8::7]:8080"),
            ("127.0.0.1:0", "127.0.0.1:8080", "127.0.0.1:8080"), ("host:0", "192.0.2.1:8080", "192.0.2.1:8080"),
        ]
    )
    func announced(configured: String, bound: String, told: String) throws {
        let address = try SocketAddress.parse(bound)
        #expect(address.announced(for: try .parse(configured), among: Self.machine).description == told)
    }

    @Test(
        "without such an address it is the machine's own",
        arguments: [(":80", "127.0.0.1:80"), ("[::]:80", "[::1]:80")]
    )
    func alone(configured: String, told: String) throws {
        let bound = SocketAddress(host: "::", port: 80)
        #expect(bound.announced(for: try .parse(configured), among: Self.loopback).description == told)
        #expect(bound.announced(for: try .parse(configured), among: []) == bound)
    }

    @Test("those of this machine are numbers, and a listener on every interface is found at the one that is told")
    func real() throws {
        let all = NetworkInterface.all()
        #expect(!all.isEmpty)
        #expect(all.allSatisfy { SocketAddress(host: $0.host, port: 1).isNumeric })
        let everywhere = SocketAddress(host: "", port: 0)
        let listener = try Socket.listen(on: everywhere)
        defer { Socket.close(listener) }
        let told = try Socket.localAddress(listener).announced(for: everywhere)
        let client = try Socket.connect(to: told)
        defer { Socket.close(client) }
        #expect(!["", "::", "0.0.0.0"].contains(told.host))
    }
}
