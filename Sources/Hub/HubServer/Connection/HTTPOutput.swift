// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubWire

/// What an HTTP connection has still to write: small answers gathered for one write, and at most one large body.
///
/// The large body is shared with whoever else gets it, and not copied.
struct HTTPOutput {
    /// What came of one attempt to write.
    enum Outcome {
        case done
        case blocked
        case failed
    }

    /// Bodies up to so many bytes are gathered with the heads.
    private static let gatheredBody = 1024
    /// From so many bytes on nothing more is gathered.
    private static let fullBytes = 16 * 1024

    private var bytes: [UInt8] = []
    private var body: [UInt8] = []
    private var written = 0
    private var holdMaker: (@Sendable (@escaping @Sendable () -> Void) -> AnyObject)?
    /// Kept for as long as the large body waits for a socket that did not take it at once.
    private var hold: AnyObject?

    /// Whether nothing is left to write.
    var isEmpty: Bool { bytes.isEmpty && body.isEmpty }
    /// Whether no further answer is to be added before all was written.
    var isFull: Bool { !body.isEmpty || bytes.count >= Self.fullBytes }

    /// Adds bytes that are no answer of a route.
    mutating func append(_ more: [UInt8]) { bytes += more }

    /// Adds an answer.
    mutating func append(_ answer: HTTPAnswer, keepAlive: Bool, isHead: Bool) {
        let head = HTTPResponse.encode(
            status: answer.status,
            headers: answer.headers,
            body: answer.body,
            keepAlive: keepAlive,
            isHead: true
        )
        if bytes.isEmpty { bytes = head } else { bytes += head }
        guard !isHead else { return }
        if answer.body.count <= Self.gatheredBody {
            bytes += answer.body
        } else {
            body = answer.body
            holdMaker = answer.hold
        }
    }

    /// Whether a large body waits that nobody was asked to keep yet.
    var needsHold: Bool { holdMaker != nil && hold == nil }

    /// Whether a large body waits that somebody keeps.
    var isKept: Bool { hold != nil }

    /// Has the large body kept for as long as it waits.
    ///
    /// - Parameter giveUp: Ends the wait, from any thread.
    mutating func keepBody(_ giveUp: @escaping @Sendable () -> Void) { hold = holdMaker?(giveUp) }

    /// Writes what the socket takes, by as few calls as it needs.
    ///
    /// - Returns: What came of it, and how many bytes were taken.
    mutating func write(to descriptor: Int32) -> (outcome: Outcome, count: Int) {
        let before = written
        let total = bytes.count + body.count
        while written < total {
            switch writeOnce(to: descriptor) {
            case .bytes(let count): written += count
            case .wouldBlock: return (.blocked, written - before)
            case .closed, .failed: return (.failed, written - before)
            }
        }
        let count = written - before
        self = HTTPOutput()
        return (.done, count)
    }

    private func writeOnce(to descriptor: Int32) -> IOResult {
        bytes.withUnsafeBytes { bytes in
            body.withUnsafeBytes { body in
                guard written < bytes.count, !body.isEmpty else {
                    let rest = written < bytes.count ? bytes[written...] : body[(written - bytes.count)...]
                    return Socket.write(descriptor, UnsafeRawBufferPointer(rebasing: rest))
                }
                return withUnsafeTemporaryAllocation(of: SocketPiece.self, capacity: 2) { pieces in
                    guard let head = bytes.baseAddress, let rest = body.baseAddress else { return .bytes(0) }
                    pieces.initializeElement(
                        at: 0,
                        to: SocketPiece(start: head + written, count: bytes.count - written)
                    )
                    pieces.initializeElement(at: 1, to: SocketPiece(start: rest, count: body.count))
                    return Socket.write(descriptor, pieces: UnsafeBufferPointer(pieces))
                }
            }
        }
    }
}
