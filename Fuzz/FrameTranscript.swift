// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubWire

/// All that a receiver finds in a connection's bytes, kept so that two readings can be compared.
package struct FrameTranscript: Equatable, Sendable, CustomStringConvertible {
    /// An event with bytes of its own.
    package enum Event: Equatable, Sendable {
        case message(WebSocketMessageKind, [UInt8])
        case ping([UInt8])
        case pong([UInt8])
        case close(UInt16?, String)
        case refused(WebSocketError)

        /// The event with its bytes copied; `nil` for a part of a message, which the whole one tells of.
        package init?(_ event: WebSocketEvent) {
            switch event {
            case .message(let kind, let bytes): self = .message(kind, Array(bytes))
            case .fragment: return nil
            case .ping(let bytes): self = .ping(Array(bytes))
            case .pong(let bytes): self = .pong(Array(bytes))
            case .close(let code, let reason): self = .close(code, reason)
            }
        }
    }

    /// The events in their order.
    package var events: [Event] = []
    /// Whether the receiver was in the middle of something when the bytes ended.
    package var isMidMessage = false
    /// Whether a message was refused, behind which only the peer's close frame is looked for.
    private var isSkipping = false

    package var description: String { "\(events)\(isMidMessage ? " and more to come" : "")" }

    /// Reads bytes that come in pieces of these sizes.
    ///
    /// - Throws: What does not hold of a receiver at any time: what it holds, where it stops, how it fails.
    package static func read(
        _ bytes: [UInt8],
        sizes: [Int],
        role: WebSocketRole,
        maxMessageBytes: Int
    ) throws(FuzzFailure) -> FrameTranscript {
        var receiver = WebSocketReceiver(role: role, maxMessageBytes: maxMessageBytes)
        var transcript = FrameTranscript()
        var start = 0
        for size in sizes {
            // Memory of its own for each piece, so that a pointer kept too long is found.
            var piece = Array(bytes[start..<(start + size)])
            start += size
            guard try transcript.read(&piece, &receiver) else { break }
            let held = receiver.heldBytes
            try FuzzFailure.require(held <= 2 * start + 256, "\(held) bytes are held for \(start) that came")
            try FuzzFailure.require(receiver.isMidMessage || held == 0, "an idle receiver holds nothing")
        }
        transcript.isMidMessage = receiver.isMidMessage
        return transcript
    }

    /// Reads one piece; `false` if the receiver refused it.
    private mutating func read(
        _ piece: inout [UInt8],
        _ receiver: inout WebSocketReceiver
    ) throws(FuzzFailure) -> Bool {
        var offset = 0
        var refusal: WebSocketError?
        var isAtEnd = false
        piece.withUnsafeMutableBytes { buffer in
            do throws(WebSocketError) {
                while let event = try receiver.next(in: buffer, at: &offset) {
                    if let event = Event(event) { events.append(event) }
                }
                isAtEnd = offset == buffer.count
            } catch {
                refusal = error
            }
        }
        if let refusal {
            events.append(.refused(refusal))
            guard !isSkipping else { return false }
            let again = piece.withUnsafeMutableBytes { buffer in
                do throws(WebSocketError) {
                    _ = try receiver.next(in: buffer, at: &offset)
                    return WebSocketError?.none
                } catch {
                    return error
                }
            }
            try FuzzFailure.require(again == refusal, "a receiver that failed fails ever after")
            try FuzzFailure.require(receiver.heldBytes == 0, "a receiver that failed holds nothing")
            guard receiver.skipToClose() else { return false }
            // Goes on where it stopped, and finds the peer's close frame or a fault of the framing at most.
            isSkipping = true
            piece.removeFirst(offset)
            let count = events.count
            let goesOn = try read(&piece, &receiver)
            for event in events[count...] {
                switch event {
                case .close, .refused: break
                default: throw FuzzFailure("only a close frame is looked for, and not \(event)")
                }
            }
            return goesOn
        }
        try FuzzFailure.require(!isSkipping || receiver.heldBytes <= 512, "who skips to the close frame holds no more")
        try FuzzFailure.require(isAtEnd, "all of the piece is used up")
        return true
    }
}
