// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import Synchronization

/// The part of a proxy that lives on its loop: the listener and the connections.
final class ProxyCore {
    let loop: EventLoop
    /// What sockets are read into.
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
    var upstreamPort: Int
    private let port: Int
    private let counts: ProxyCounter
    private var listener: ListenSocket?
    private var connections: [ObjectIdentifier: ProxyConnection] = [:]
    // What new connections begin with.
    private var toServer = ProxyFaults()
    private var toClient = ProxyFaults()
    private var isBlackHole = false

    init(loop: EventLoop, port: Int, upstreamPort: Int, counts: ProxyCounter) {
        self.loop = loop
        self.port = port
        self.upstreamPort = upstreamPort
        self.counts = counts
    }

    deinit {
        buffer.deallocate()
    }

    /// Begins to accept, or goes on.
    func listen() throws(LoopError) {
        guard listener == nil else { return }
        let address = SocketAddress(host: "127.0.0.1", port: port)
        listener = try ListenSocket(loop: loop, address: address) { [weak self] descriptor, _ in
            guard let self else { return Socket.close(descriptor) }
            accept(descriptor)
        }
    }

    /// Lets the system refuse new connections; the port remains this proxy's.
    func refuse() {
        listener?.close()
        listener = nil
    }

    /// Resets all connections.
    func reset() {
        for connection in connections.values { connection.close(asReset: true) }
    }

    /// Lets new connections go nowhere.
    func beBlackHole() { isBlackHole = true }

    /// Changes the faults of these directions.
    func change(
        _ directions: FaultProxy.Directions,
        _ scope: FaultProxy.Scope,
        _ body: (inout ProxyFaults) -> Void
    ) {
        if scope.contains(.new) {
            if directions.contains(.toServer) { body(&toServer) }
            if directions.contains(.toClient) { body(&toClient) }
        }
        guard scope.contains(.existing) else { return }
        for connection in connections.values { connection.change(directions, body) }
    }

    /// Ends all faults.
    func heal() {
        isBlackHole = false
        change(.both, .all) { $0 = ProxyFaults() }
        // Fails when descriptors have run out, which the next who connects notices.
        try? listen()
    }

    private func accept(_ descriptor: Int32) {
        let connection = ProxyConnection(self, toServer: toServer, toClient: toClient)
        connections[ObjectIdentifier(connection)] = connection
        count {
            $0.accepted += 1
            $0.open += 1
        }
        do throws(LoopError) {
            if isBlackHole {
                try connection.openBlackHole(descriptor)
            } else {
                try connection.open(descriptor, port: upstreamPort)
            }
        } catch {
            connection.close(asReset: true)
        }
    }

    // MARK: For connections

    /// Forgets a connection that has closed its sockets.
    func ended(_ connection: ProxyConnection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        count { $0.open -= 1 }
    }

    func count(_ body: (inout FaultProxy.Counts) -> Void) { counts.change(body) }
}

/// What a proxy counted, written by its loop and read by tests.
final class ProxyCounter: Sendable {
    private let counts = Mutex(FaultProxy.Counts())

    var value: FaultProxy.Counts { counts.withLock { $0 } }

    func change(_ body: (inout FaultProxy.Counts) -> Void) { counts.withLock { body(&$0) } }
}
