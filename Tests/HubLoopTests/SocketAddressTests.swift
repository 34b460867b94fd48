// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import Testing

@Suite("A socket address")
struct SocketAddressTests {
    @Test(
        "is read from text and written back",
        arguments: [
            (":8080", "", 8080), ("127.0.0.1:0", "127.0.0.1", 0), ("[::1]:65535", "::1", 65535),
            ("[::]:80", "::", 80), ("example.org:443", "example.org", 443), ("localhost:1", "localhost", 1),
            ("[fe80::1%1]:8080", "fe80::1%1", 8080),
        ]
    )
    func parses(text: String, host: String, port: Int) throws {
        let address = try SocketAddress.parse(text)
        #expect(address == SocketAddress(host: host, port: port))
        #expect(address.description == text)
    }

    @Test(
        "is refused with a reason when the text is not one",
        arguments: [
            "", "8080", "host", "host:", ":", ":65536", ":-1", ":+1", ":00008080", ":8o80", ":８０", "::1:80", "[::1]",
            "[::1]80", "[host]:80", "[]:80", "[:]:80", "[::1:80", "::1]:80", "a b:80", "http://host:80", "ho\0st:80",
            "[::1\0x]:80", "[::g]:80", "a[b]:80",
        ]
    )
    func refuses(text: String) {
        let error = #expect(throws: LoopError.self) { try SocketAddress.parse(text) }
        #expect(error?.code == .badAddress)
        #expect(error?.message.contains("address \"\(text)\": ") == true)
    }

    @Test(
        "knows numbers from names",
        arguments: [("127.0.0.1", true), ("::1", true), ("127.1", false), ("a.b", false), ("", false)]
    )
    func knowsNumbers(host: String, isNumeric: Bool) {
        #expect(SocketAddress(host: host, port: 1).isNumeric == isNumeric)
    }

    @Test(
        "is counted by itself for IPv4, and by its network for IPv6",
        arguments: [
            ("127.0.0.1", "127.0.0.1"), ("::1", "::/64"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"), ("2001:db8:1:3::1", "2001:db8:1:3::/64"), ("", ""),
            ("a", "a"),
        ]
    )
    func limitKey(host: String, key: String) {
        #expect(SocketAddress(host: host, port: 1).limitKey == key)
    }

    @Test("with a port out of range is refused when used", arguments: [-1, 65536, Int.max])
    func refusesPorts(port: Int) {
        let address = SocketAddress(host: "127.0.0.1", port: port)
        let listening = #expect(throws: LoopError.self) { try Socket.listen(on: address) }
        #expect(listening?.code == .badAddress)
        let connecting = #expect(throws: LoopError.self) { try Socket.connect(to: address) }
        #expect(connecting?.code == .badAddress)
    }
}
