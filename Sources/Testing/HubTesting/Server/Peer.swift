// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import Synchronization

/// A test's end of a TCP connection: sends bytes at once, and waits for those that it gets without blocking a thread.
///
/// Safe to use from any task; only one may wait at a time. The connection is closed when nobody holds the peer.
package final class Peer: Sendable {
    /// How a connection ended.
    package enum End: Sendable, Equatable {
        /// The other end closed it.
        case closedThere
        /// ``close()`` or ``reset()`` was called.
        case closedHere
        /// It could not be made, or was reset.
        case broken(String)
    }

    private struct State {
        var input = PeerInput()
        var end: End?
        var isConnected = false
        /// Counts what happened, so that nothing is missed between looking and waiting.
        var changes: UInt64 = 0
        /// Who waits for a change, and until when.
        var waiter: (continuation: CheckedContinuation<Bool, Never>, deadline: MonotonicTime)?
    }

    private let home: PeerLoop
    private let state = Mutex(State())
    /// Touched on the loop only.
    private nonisolated(unsafe) var link: PeerLink?

    private init(_ home: PeerLoop) { self.home = home }

    deinit {
        let link = LinkBox(link: link)
        home.loop.post { link.link?.close() }
    }

    /// Connects to a port of 127.0.0.1.
    ///
    /// - Parameter source: The loopback address to come from; any when nil.
    /// - Parameter receiveBuffer: The kernel's receive buffer in bytes; the system's choice when nil.
    /// - Parameter first: What is sent as soon as there is a connection.
    /// - Throws: ``PeerFault``.
    package static func connect(
        _ home: PeerLoop,
        port: Int,
        from source: String? = nil,
        receiveBuffer: Int? = nil,
        sending first: [UInt8] = [],
        within limit: Duration = .seconds(60)
    ) async throws(PeerFault) -> Peer {
        let peer = Peer(home)
        home.loop.post {
            let link = PeerLink(home, peer: peer)
            peer.link = link
            link.send(first)
            link.connect(port: port, from: source, receiveBuffer: receiveBuffer)
        }
        _ = try await peer.wait(for: "a connection", within: limit) { $0.isConnected ? true : nil }
        return peer
    }

    // MARK: Sending and ending

    /// Sends bytes behind those that were sent before.
    package func send(_ bytes: [UInt8]) { onLink { $0.send(bytes) } }

    /// Sends text, CR and LF as they stand.
    package func send(_ text: String) { send(Array(text.utf8)) }

    /// Stops reading, or begins again; what has come before stays to be read.
    package func stall(_ stalled: Bool = true) { onLink { $0.stall(stalled) } }

    /// Sends no more, and goes on reading.
    package func endWriting() { onLink { $0.endWriting() } }

    /// Keeps the socket when the other end has ended its side of the stream, so that more can be sent.
    package func sendOn() { onLink { $0.sendOn() } }

    /// Closes the socket.
    package func close() { onLink { $0.close() } }

    /// Closes the socket so that the other end sees the connection break.
    package func reset() { onLink { $0.close(asReset: true) } }

    // MARK: Receiving

    /// Waits until the bytes that came hold what is looked for.
    ///
    /// - Parameter extract: Takes what it wants from the front, and returns nil for "not yet"; called again when more came.
    /// - Throws: ``PeerFault`` when the connection ends or time is up before, or what `extract` throws.
    package func read<Answer>(
        _ what: String,
        within limit: Duration = .seconds(60),
        _ extract: (inout PeerInput) throws(PeerFault) -> Answer?
    ) async throws(PeerFault) -> Answer {
        try await wait(for: what, within: limit) { state throws(PeerFault) in try extract(&state.input) }
    }

    /// Waits for the connection's end.
    ///
    /// - Returns: All bytes that nobody read before it, and how it ended.
    package func readToEnd(within limit: Duration = .seconds(60)) async throws(PeerFault) -> (bytes: [UInt8], end: End)
    {
        try await wait(for: "the end", within: limit) { state in
            guard let end = state.end else { return nil }
            return (state.input.takeAll(), end)
        }
    }

    /// How the connection ended, nil while it is open; bytes may wait to be read.
    package var end: End? { state.withLock { $0.end } }

    /// How many bytes came that nobody has read.
    package var unread: Int { state.withLock { $0.input.count } }

    private func wait<Answer>(
        for what: String,
        within limit: Duration,
        _ look: (inout State) throws(PeerFault) -> Answer?
    ) async throws(PeerFault) -> Answer {
        let deadline = home.loop.clock.now() + limit
        while true {
            let (answer, end, changes) = try state.withLock { state throws(PeerFault) in
                (try look(&state), state.end, state.changes)
            }
            if let answer { return answer }
            if let end { throw PeerFault(.ended(end), "the connection ended (\(end)) before \(what)") }
            guard await change(after: changes, until: deadline) else {
                throw PeerFault(.timedOut, "\(what) did not come within \(limit)")
            }
        }
    }

    /// Waits until more has happened; false when time was up first.
    private func change(after changes: UInt64, until deadline: MonotonicTime) async -> Bool {
        await withCheckedContinuation { continuation in
            let isNew = state.withLock { state in
                guard state.changes == changes else { return true }
                state.waiter = (continuation, deadline)
                return false
            }
            if isNew { return continuation.resume(returning: true) }
            onLink { $0.wakeUp(at: deadline) }
        }
    }

    private func onLink(_ body: @escaping @Sendable (PeerLink) -> Void) {
        home.loop.post { [self] in
            if let link { body(link) }
        }
    }

    // MARK: What the link tells, on the loop

    func connected() { change { $0.isConnected = true } }

    func received(_ bytes: UnsafeRawBufferPointer) { change { $0.input.append(bytes) } }

    func ended(_ end: End) { change { if $0.end == nil { $0.end = end } } }

    func lookAtTime(_ now: MonotonicTime) {
        let late = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard let waiter = state.waiter, waiter.deadline <= now else { return nil }
            state.waiter = nil
            return waiter.continuation
        }
        late?.resume(returning: false)
    }

    private func change(_ body: (inout State) -> Void) {
        let waiter = state.withLock { state in
            body(&state)
            state.changes += 1
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.continuation.resume(returning: true)
    }
}

/// Brings a link to its loop.
private struct LinkBox: @unchecked Sendable {
    let link: PeerLink?
}

/// Why a test's end of a connection did not get what it waited for.
package struct PeerFault: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        case timedOut
        case ended(Peer.End)
        /// What came is not what the protocol allows.
        case badBytes
    }

    package let code: Code
    package let description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
