// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubCore
import HubWire

/// A socket that a test holds: it takes as many bytes as it is told to, and reads them back as the peer would.
///
/// Used on one thread at a time, as a shard uses its transports.
package final class FakeTransport: ClientTransport {
    /// Everything that the socket took.
    package private(set) var bytes: [UInt8] = []
    /// The whole frames among ``bytes``.
    package private(set) var frames: [ReceivedFrame] = []
    /// What a peer would refuse in the bytes; nil as long as they are a proper stream of unmasked frames.
    package private(set) var fault: String?
    /// How many bytes were offered by each write, and how many of them were taken.
    package private(set) var writes: [(offered: Int, taken: Int)] = []
    /// What ``close(_:)`` was called with, in order.
    package private(set) var closings: [CloseReason] = []

    /// Whether the shard asked that the client's messages wait.
    package private(set) var isPaused = false

    /// How many more bytes the socket takes before it is full; nil is without end.
    package var room: Int?
    /// Whether the connection is broken: every write fails.
    package var isBroken = false
    /// What the kernel would say that the peer has not acknowledged.
    package var unsentBytes = 0
    /// What happens within each write, before it takes anything: what another thread would do meanwhile.
    package var duringWrite: (() -> Void)?
    /// What the connection does when the shard asks for its end.
    package var onClose: ((CloseReason) -> Void)?

    private var receiver = WebSocketReceiver(role: .client, maxMessageBytes: .max)
    private var isClosed = false

    package init() {}

    /// Whether the bytes end between two frames.
    package var endsWithWholeFrame: Bool { !receiver.isMidMessage }

    package func write(_ vectors: UnsafeBufferPointer<OutboundVector>) -> WriteOutcome {
        duringWrite?()
        guard !isBroken else { return .failed }
        let offered = vectors.reduce(0) { $0 + $1.count }
        var left = min(offered, room ?? offered)
        writes.append((offered, left))
        room = room.map { $0 - left }
        let before = bytes.count
        for vector in vectors where left > 0 {
            let taken = min(vector.count, left)
            bytes.append(contentsOf: UnsafeRawBufferPointer(start: vector.start, count: taken))
            left -= taken
        }
        read(bytes[before...])
        return .wrote(bytes.count - before)
    }

    package func pauseReading() { isPaused = true }

    package func resumeReading() { isPaused = false }

    package func close(_ reason: CloseReason) {
        closings.append(reason)
        onClose?(reason)
    }

    // MARK: The peer

    private func read(_ added: ArraySlice<UInt8>) {
        guard !added.isEmpty, fault == nil else { return }
        guard !isClosed else { return fault = "\(added.count) bytes behind a close frame" }
        var added = Array(added)
        added.withUnsafeMutableBytes { buffer in
            var offset = 0
            do throws(WebSocketError) {
                while let event = try receiver.next(in: buffer, at: &offset) {
                    take(event)
                    guard !isClosed || offset == buffer.count else {
                        fault = "\(buffer.count - offset) bytes behind a close frame"
                        return
                    }
                }
            } catch {
                fault = error.message
            }
        }
    }

    private func take(_ event: WebSocketEvent) {
        switch event {
        case .message(.text, let bytes): frames.append(.text(String(decoding: bytes, as: UTF8.self)))
        case .message(.binary, let bytes): frames.append(.binary(Array(bytes)))
        case .fragment: break
        case .ping(let bytes): frames.append(.ping(Array(bytes)))
        case .pong(let bytes): frames.append(.pong(Array(bytes)))
        case .close(let code, let reason):
            isClosed = true
            frames.append(.close(code, reason))
        }
    }
}
