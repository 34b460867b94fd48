// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import Synchronization

/// Ends an attempt that is given up, as the library would wait without end.
///
/// Behind the server's first line nats.c 3.4.1 heeds no time limit: its TLS blocks, and for the answer to the login it takes a whole
/// core, and more memory with each turn, until the connection ends. Only the library knows the socket then; so all connections of
/// this process to the server are shut down that are not in use.
final class NATSAttemptGuard: Sendable {
    private struct State {
        /// Where the server's name leads; empty until it was looked up.
        var peers: [SocketAddress] = []
        var isGivenUp = false
        var isOver = false
    }

    private let state = Mutex(State())

    /// The sockets of connections that are in use, by their identities.
    private static let inUse = Mutex<Set<UInt64>>([])

    // MARK: The thread that connects

    /// Looks up where to connect to; false when the attempt was given up meanwhile.
    ///
    /// The library looks it up once more, and says what is wrong with it. Where it finds another address then, the attempt cannot be
    /// ended.
    func begin(_ address: SocketAddress) -> Bool {
        let peers = (try? Resolver.resolveBlocking(address)) ?? []
        return state.withLock { state in
            state.peers = peers
            return !state.isGivenUp
        }
    }

    /// Whether the server's name leads anywhere.
    var hasPeers: Bool { state.withLock { !$0.peers.isEmpty } }

    /// The library has come back.
    func finish() { state.withLock { $0.isOver = true } }

    // MARK: The loop

    /// Ends the attempt, unless it is over.
    ///
    /// One that is about to connect at this very moment is ended with the next attempt that is given up.
    /// - Complexity: Two system calls for each descriptor of the process: for what happens rarely.
    func giveUp() {
        let peers = state.withLock { state in
            state.isGivenUp = true
            return state.isOver ? [] : state.peers
        }
        let spared = Self.inUse.withLock { $0 }
        for peer in peers { Socket.shutDownConnections(to: peer, sparing: spared) }
    }

    // MARK: Connections

    /// Spares a connection's socket from now on.
    static func use(_ socket: Int32) { inUse.withLock { _ = $0.insert(Socket.identity(socket)) } }

    /// Spares it no more, as it is about to be closed.
    static func leave(_ socket: Int32) { inUse.withLock { _ = $0.remove(Socket.identity(socket)) } }
}
