// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub

/// Where a socket is or shall be: a host and a port.
///
/// Addresses that come from the system are numeric, with IPv4 clients of a dual-stack listener shown as IPv4. Those that
/// people write may have a name, or no host at all, which means every interface.
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// A numeric address without brackets, a name, or empty for every interface.
    package var host: String
    /// 0 lets the system choose.
    package var port: Int

    /// Makes an address from its parts; a port out of range is reported when the address is used.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`, `:port` or `[IPv6]:port`.
    ///
    /// - Throws: ``LoopError`` `.badAddress`, with what is wrong.
    package static func parse(_ text: String) throws(LoopError) -> SocketAddress {
        func bad(_ reason: String) -> LoopError { LoopError(.badAddress, "address \"\(text)\": \(reason)") }
        guard let colon = text.lastIndex(of: ":") else { throw bad("the port is missing, as in \"\(text):8080\"") }
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.count <= 5, let port = Int(digits), digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            port <= 65535
        else { throw bad("the port has to be a number from 0 to 65535") }
        var host = text[..<colon]
        guard !host.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f || $0 == 0x2f }) else {
            throw bad("the host has a character that hosts cannot have")
        }
        if host.first == "[", host.last == "]", host.contains(":") {
            host = host.dropFirst().dropLast()
            guard SocketAddress(host: String(host), port: port).isNumeric else { throw bad("not an IPv6 address") }
        } else if host.contains(":") {
            throw bad("an IPv6 address goes in brackets, as in \"[::1]:8080\"")
        } else if host.contains("[") || host.contains("]") {
            throw bad("only an IPv6 address goes in brackets")
        }
        return SocketAddress(host: String(host), port: port)
    }

    /// `host:port`, with IPv6 hosts in brackets.
    package var description: String {
        isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Whether the host is a numeric IPv6 address.
    package var isIPv6: Bool { host.utf8.contains(0x3a) }

    /// What limits of an address count: an IPv4 address itself, an IPv6 address by its first 64 bits.
    ///
    /// Whoever has one IPv6 address has all that share those. A name is counted as it stands.
    package var limitKey: String {
        guard isIPv6 else { return host }
        var address = gohub_address()
        guard gohub_address_parse(&address, host, 0) == 0 else { return host }
        gohub_address_cut_to_network(&address)
        return SocketAddress(address).host + "/64"
    }

    /// Whether the host is a number rather than a name or empty.
    package var isNumeric: Bool {
        var address = gohub_address()
        return !host.isEmpty && gohub_address_parse(&address, host, 0) == 0
    }

    // MARK: The kernel's form

    init(_ address: gohub_address) {
        let host = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(GOHUB_HOST_BYTES)) { buffer in
            guard let text = buffer.baseAddress,
                withUnsafePointer(to: address, { gohub_address_host($0, text, buffer.count) }) == 0
            else { return "" }
            return String(cString: text)
        }
        self.init(host: host, port: Int(withUnsafePointer(to: address) { gohub_address_port($0) }))
    }

    /// The kernel's form of a numeric address.
    func numericForm() throws(LoopError) -> gohub_address {
        var address = gohub_address()
        let port = try checkedPort()
        guard gohub_address_parse(&address, host, port) == 0 else {
            throw LoopError(.badAddress, "address \"\(self)\": \"\(host)\" is not a numeric address")
        }
        return address
    }

    func checkedPort() throws(LoopError) -> UInt16 {
        guard let port = UInt16(exactly: port) else {
            throw LoopError(.badAddress, "address \"\(self)\": the port has to be a number from 0 to 65535")
        }
        return port
    }
}
