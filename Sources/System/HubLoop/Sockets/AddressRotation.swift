// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Takes addresses in turn: one that is configured, then one that a server has named, if any was.
///
/// So a configured server that works is asked within twice their number, whatever the others have named.
package final class AddressRotation {
    private let configured: [SocketAddress]
    private var learned: [SocketAddress] = []
    private var nextConfigured = 0
    private var nextLearned = 0
    private var isLearnedNext = false

    /// Takes what is configured: at least one.
    package init(_ configured: [SocketAddress]) { self.configured = configured }

    /// The next address.
    package func take() -> SocketAddress {
        defer { isLearnedNext.toggle() }
        return isLearnedNext && !learned.isEmpty
            ? Self.take(&nextLearned, of: learned) : Self.take(&nextConfigured, of: configured)
    }

    private static func take(_ next: inout Int, of addresses: [SocketAddress]) -> SocketAddress {
        defer { next = (next + 1) % addresses.count }
        return addresses[next % addresses.count]
    }

    /// Takes the addresses of the newest map instead of those of the one before, 256 at most.
    package func learn(_ addresses: [SocketAddress]) {
        learned = Array(addresses.filter { !configured.contains($0) }.prefix(256))
    }
}
