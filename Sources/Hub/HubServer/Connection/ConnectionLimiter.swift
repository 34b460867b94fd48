// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import Synchronization

/// How many connections are open on the clients' listener, in all and from each address; shared by the loops.
///
/// A connection counts from its accept to its close, whether it is a WebSocket or not: whatever it is, it takes a
/// descriptor. Operators' own listener is not counted here.
final class ConnectionLimiter: Sendable {
    /// How many connections beyond a limit are heard before they are refused, in all and of one address: enough for the
    /// probes of a node that is full, and too few to be worth an attack.
    static let maxRefused = 64
    static let maxRefusedPerAddress = 4

    /// What becomes of a new connection.
    enum Verdict {
        case admitted(ConnectionPlace)
        /// It is beyond a limit, and has a place for as long as it takes to tell it so.
        case refused(ConnectionPlace, RejectionReason)
        /// It is beyond a limit, and so are those that are being told so.
        case turnedAway(RejectionReason)
    }

    private struct Address {
        var admitted = 0
        var refused = 0
        let owner: PlaceOwner
    }

    private struct Table {
        var admitted = 0
        var refused = 0
        var webSockets = 0
        var peak = 0
        var byAddress: [String: Address] = [:]
    }

    private let table = Mutex(Table())
    private let limit: Int
    private let limitPerAddress: Int
    private let subscriptionsPerAddress: Int

    /// - Parameter subscriptionsPerAddress: How many subscriptions all clients of an address may have; 0 is no limit.
    init(limit: Int, limitPerAddress: Int, subscriptionsPerAddress: Int) {
        self.limit = limit
        self.limitPerAddress = limitPerAddress
        self.subscriptionsPerAddress = subscriptionsPerAddress
    }

    /// Decides about a new connection; a place that it gets has to be given back.
    func admit(_ address: String) -> Verdict {
        table.withLock { table in
            var entry = table.byAddress[address] ?? Address(owner: PlaceOwner(address, makeShare(address)))
            let reason: RejectionReason? =
                if limitPerAddress != 0, entry.admitted >= limitPerAddress {
                    .ipLimit
                } else if table.admitted >= limit {
                    .nodeLimit
                } else {
                    nil
                }
            guard let reason else {
                entry.admitted += 1
                table.admitted += 1
                table.byAddress[address] = entry
                return .admitted(ConnectionPlace(owner: entry.owner, isRefused: false))
            }
            guard table.refused < Self.maxRefused, entry.refused < Self.maxRefusedPerAddress else {
                return .turnedAway(reason)
            }
            entry.refused += 1
            table.refused += 1
            table.byAddress[address] = entry
            return .refused(ConnectionPlace(owner: entry.owner, isRefused: true), reason)
        }
    }

    private func makeShare(_ address: String) -> SubscriptionShare? {
        guard subscriptionsPerAddress != 0 else { return nil }
        return SubscriptionShare(limit: subscriptionsPerAddress) { [weak self] in
            self?.table.withLock { Self.forget(address, in: &$0) }
        }
    }

    /// Forgets an address that has neither connections nor subscriptions, which clients that have gone may still have.
    private static func forget(_ address: String, in table: inout Table) {
        guard let entry = table.byAddress[address], entry.admitted + entry.refused == 0 else { return }
        if entry.owner.share.map({ $0.taken == 0 }) ?? true { table.byAddress[address] = nil }
    }

    /// Gives a place back.
    func release(_ place: ConnectionPlace) {
        table.withLock { table in
            guard var entry = table.byAddress[place.owner.address] else { return }
            if place.isRefused {
                entry.refused -= 1
                table.refused -= 1
            } else {
                entry.admitted -= 1
                table.admitted -= 1
            }
            table.byAddress[place.owner.address] = entry
            Self.forget(place.owner.address, in: &table)
        }
    }

    /// Counts a connection that has become a WebSocket.
    func webSocketOpened() {
        table.withLock { table in
            table.webSockets += 1
            table.peak = max(table.peak, table.webSockets)
        }
    }

    /// Counts the end of a WebSocket.
    func webSocketClosed() { table.withLock { $0.webSockets -= 1 } }

    /// The most WebSockets that were open at once since the start.
    var peak: Int { table.withLock { $0.peak } }
    /// The addresses with an open connection, or subscriptions of one that has gone.
    var addressCount: Int { table.withLock { $0.byAddress.count } }
}

/// A connection's place in the ``ConnectionLimiter``.
struct ConnectionPlace: Sendable {
    /// Whose connections it is counted with.
    let owner: PlaceOwner
    /// Whether it is beyond a limit and is only told so.
    let isRefused: Bool
}

/// An address that has connections; one for all of them.
final class PlaceOwner: Sendable {
    /// What the connections are counted by.
    let address: String
    /// What the subscriptions of all clients of the address are counted against; nil is no limit.
    let share: SubscriptionShare?

    fileprivate init(_ address: String, _ share: SubscriptionShare?) {
        self.address = address
        self.share = share
    }
}
