// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CUV

/// An address of one of this machine's interfaces.
package struct NetworkInterface: Hashable, Sendable {
    /// The numeric address.
    package let host: String
    /// Whether only this machine can reach it.
    package let isLoopback: Bool

    /// Names an address.
    package init(host: String, isLoopback: Bool) {
        self.host = host
        self.isLoopback = isLoopback
    }

    /// Those of all interfaces that are up, in the system's order; none when it does not say.
    package static func all() -> [NetworkInterface] {
        var list: UnsafeMutablePointer<uv_interface_address_t>?
        var count: Int32 = 0
        guard uv_interface_addresses(&list, &count) == 0, let list else { return [] }
        defer { uv_free_interface_addresses(list, count) }
        return UnsafeMutableBufferPointer(start: list, count: Int(count)).compactMap { entry in
            var address = entry.address
            guard let host = withUnsafeBytes(of: &address, name) else { return nil }
            return NetworkInterface(host: host, isLoopback: entry.is_internal != 0)
        }
    }

    private static func name(_ address: UnsafeRawBufferPointer) -> String? {
        // A union of libuv's of all families: it begins as a `sockaddr`, whose family says which it is, and is lent for the call.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            guard let start = text.baseAddress,
                uv_ip_name(address.assumingMemoryBound(to: sockaddr.self).baseAddress, start, text.count) == 0
            else { return nil }
            return String(cString: start)
        }
    }
}

extension SocketAddress {
    /// Where others on the network find a listener that is bound here.
    ///
    /// That of a listener on every interface is an address of the first interface that others can reach, IPv4 if the
    /// listener takes it; of a machine that has none, the machine's own.
    ///
    /// - Parameter configured: What the listener was told; an empty host takes IPv4 and IPv6.
    package func announced(
        for configured: SocketAddress,
        among interfaces: [NetworkInterface] = NetworkInterface.all()
    ) -> SocketAddress {
        guard host == "0.0.0.0" || host == "::" else { return self }
        let found = interfaces.map { (SocketAddress(host: $0.host, port: port), $0.isLoopback) }
        let (takesFour, takesSix) = (!isIPv6 || configured.host.isEmpty, isIPv6)
        let best = [(isLoopback: false, isIPv6: false), (false, true), (true, false), (true, true)].lazy.compactMap {
            kind in
            found.first { address, isLoopback in
                isLoopback == kind.isLoopback && address.isIPv6 == kind.isIPv6 && !address.isLinkLocal
                    && (address.isIPv6 ? takesSix : takesFour)
            }
        }
        return best.first?.0 ?? self
    }

    /// Whether it means something on one link only.
    private var isLinkLocal: Bool { host.hasPrefix("fe80:") || host.hasPrefix("169.254.") }
}
