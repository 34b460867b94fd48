// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// A TCP proxy on 127.0.0.1 that does to connections what networks do: delays, cuts, silence, slowness.
///
/// It has a thread of its own and buffers at most 256 KiB for each direction of a connection; then it stops reading. Faults
/// are switched from any task, and each call returns once the fault holds. They add up until ``heal()``. A connection
/// that the server refuses is accepted and then reset, as the proxy knows too late.
package final class FaultProxy: Stoppable, Sendable {
    /// Where bytes go.
    package struct Directions: OptionSet, Sendable {
        package let rawValue: UInt8

        /// Makes a set from its bits.
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// From those who connect to the server.
        package static let toServer = Directions(rawValue: 1)
        /// From the server to those who connect.
        package static let toClient = Directions(rawValue: 2)
        package static let both: Directions = [.toServer, .toClient]
    }

    /// Which connections a fault holds for.
    package struct Scope: OptionSet, Sendable {
        package let rawValue: UInt8

        /// Makes a set from its bits.
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Those that are there now.
        package static let existing = Scope(rawValue: 1)
        /// Those that are made later.
        package static let new = Scope(rawValue: 2)
        package static let all: Scope = [.existing, .new]
    }

    /// What has gone through the proxy since its start.
    package struct Counts: Sendable, Equatable {
        /// Connections that were accepted, black-holed ones included.
        package var accepted = 0
        /// Those of them for which the server took a connection.
        package var connected = 0
        /// Those of them for which it did not.
        package var failed = 0
        /// Those that are open now.
        package var open = 0
        /// Bytes that were passed on to the server.
        package var bytesToServer = 0
        /// Bytes that were passed on to clients.
        package var bytesToClient = 0

        mutating func add(_ bytes: Int, _ direction: Directions) {
            if direction == .toServer { bytesToServer += bytes } else { bytesToClient += bytes }
        }
    }

    /// Where clients connect.
    package let port: Int
    private let loop: EventLoop
    private let core: LoopBound<ProxyCore>
    private let counter = ProxyCounter()
    /// Keeps the port while nobody listens on it.
    private let reservation: LoopbackSocket

    /// Starts a proxy; end it with ``stop()``, whatever happens.
    ///
    /// - Parameter upstreamPort: Where the server listens on 127.0.0.1.
    package init(to upstreamPort: Int) throws {
        (reservation, port) = try LoopbackSocket.bound(isShared: true)
        loop = try EventLoop()
        let core = ProxyCore(loop: loop, port: port, upstreamPort: upstreamPort, counts: counter)
        self.core = LoopBound(core, on: loop)
        // Kept until the loop's end, which may come later than that of the proxy.
        loop.onTick = { withExtendedLifetime(core) {} }
        try core.listen()
        try loop.start(name: "fault-proxy")
    }

    deinit {
        loop.stop()
    }

    /// What was counted so far.
    package var counts: Counts { counter.value }

    /// Closes everything and waits until the thread has ended; later calls change nothing.
    package func stop() async {
        try? await Blocking.run { [loop] in
            loop.stop()
            loop.join()
        }
    }

    /// Connects to another port of 127.0.0.1 from now on; connections that exist stay where they are.
    package func redirect(to upstreamPort: Int) async {
        await onLoop { $0.upstreamPort = upstreamPort }
    }

    // MARK: Faults

    /// Resets the connections that exist, and lets new ones be refused until ``heal()``.
    package func cut(_ scope: Scope = .all) async {
        await onLoop { core in
            if scope.contains(.new) { core.refuse() }
            if scope.contains(.existing) { core.reset() }
        }
    }

    /// Resets both ends of a connection when so many more bytes were passed on in one direction.
    ///
    /// The receiver gets exactly so many, and of a connection that is new the first ones are counted.
    package func cut(after bytes: Int, _ direction: Directions, of scope: Scope = .all) async {
        await change(direction, scope) { $0.bytesUntilCut = max(bytes, 0) }
    }

    /// Passes everything on so much later, in order; of what waits already, the time since it came counts.
    ///
    /// - Parameter duration: The timers may be up to 9 ms later.
    package func delay(by duration: Duration, _ directions: Directions = .both, of scope: Scope = .all) async {
        await change(directions, scope) { $0.delay = duration }
    }

    /// Keeps the connections and passes nothing on, neither bytes nor ends, which nobody notices until its buffers are full.
    ///
    /// ``heal()`` lets everything flow that waited meanwhile.
    package func halfOpen(_ directions: Directions = .both, of scope: Scope = .all) async {
        await change(directions, scope) { $0.isStopped = true }
    }

    /// Passes no more than so many bytes on each second, for each connection and direction.
    package func limit(bytesPerSecond: Int, _ directions: Directions = .both, of scope: Scope = .all) async {
        await change(directions, scope) { $0.bytesPerSecond = max(bytesPerSecond, 0) }
    }

    /// Accepts new connections, reads what they send, and never connects them to the server, also not after ``heal()``.
    package func blackHole() async {
        await onLoop { $0.beBlackHole() }
    }

    /// Ends all faults: for connections that exist, for new ones, and for those who were refused.
    package func heal() async {
        await onLoop { $0.heal() }
    }

    private func change(
        _ directions: Directions,
        _ scope: Scope,
        _ body: @escaping @Sendable (inout ProxyFaults) -> Void
    ) async {
        await onLoop { $0.change(directions, scope, body) }
    }

    private func onLoop(_ body: @escaping @Sendable (ProxyCore) -> Void) async {
        await withCheckedContinuation { continuation in
            let isPosted = loop.post { [core] in
                body(core.value)
                continuation.resume()
            }
            if !isPosted { continuation.resume() }
        }
    }
}

/// Runs a body with a proxy before a port of 127.0.0.1, and stops the proxy whatever happens.
package func withFaultProxy<Result>(
    to upstreamPort: Int,
    _ body: (FaultProxy) async throws -> Result
) async throws -> Result {
    try await FaultProxy(to: upstreamPort).whileRunning(body)
}
