// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubServer
package import HubWire
import Synchronization

/// A test's end of a WebSocket: sends frames, right and wrong ones, and reads what the hub sends, strictly.
///
/// It answers nothing by itself, no ping and no close: that is for the test to do.
package final class WebSocketPeer: Sendable {
    package let peer: Peer
    /// What the hub answered to the upgrade request.
    package let handshake: HTTPResponseHead
    private let decoder = Mutex(Decoder())
    private let masks = Mutex(SplitMix64(seed: 0x6d61_736b))

    private struct Decoder {
        var receiver = WebSocketReceiver(role: .client, maxMessageBytes: 256 << 20)
        var frames: [ReceivedFrame] = []
        var next = 0

        /// Adds bytes and takes the first frame off.
        mutating func take(_ bytes: [UInt8]) throws(PeerFault) -> ReceivedFrame? {
            var bytes = bytes
            do throws(WebSocketError) {
                let read = bytes.withUnsafeMutableBytes { buffer in
                    Result<Void, WebSocketError> { () throws(WebSocketError) in
                        var offset = 0
                        while let event = try receiver.next(in: buffer, at: &offset) {
                            if let frame = ReceivedFrame(event) { frames.append(frame) }
                        }
                    }
                }
                try read.get()
            } catch {
                throw PeerFault(.badBytes, "the hub broke the protocol: \(error.message)")
            }
            guard next < frames.count else { return nil }
            defer {
                next += 1
                if next == frames.count {
                    frames.removeAll(keepingCapacity: true)
                    next = 0
                }
            }
            return frames[next]
        }
    }

    /// Wraps a connection over which an upgrade request was sent, and waits for the answer.
    ///
    /// - Throws: ``PeerFault``, `.badBytes` when the hub refused or its answer proves nothing.
    package init(_ peer: Peer, _ request: WebSocketClientHandshake) async throws(PeerFault) {
        self.peer = peer
        handshake = try await peer.read("the answer to the upgrade") { (input) throws(PeerFault) in
            guard let (head, size) = try Peer.head(of: input) else { return nil }
            do throws(HandshakeError) {
                _ = try request.check(head, digest: SHA1.digest(WebSocketHandshake.acceptInput(key: request.key)))
            } catch {
                throw PeerFault(.badBytes, "no WebSocket (\(error.message)): \(head.status)")
            }
            _ = input.take(size)
            return head
        }
    }

    // MARK: Sending

    /// Sends a text message in one frame.
    package func send(_ text: String) { send(.text, Array(text.utf8)) }

    /// Sends a frame, masked as it must be.
    package func send(_ opcode: WebSocketOpcode, _ payload: [UInt8] = [], fin: Bool = true) {
        peer.send(frame(opcode, payload, fin: fin))
    }

    /// Sends a close frame.
    package func sendClose(_ code: UInt16 = 1000, _ reason: String = "") {
        var bytes: [UInt8] = []
        WebSocketFrame.appendClose(code: code, reason: reason, mask: nextMask(), to: &bytes)
        peer.send(bytes)
    }

    /// A masked frame's bytes.
    package func frame(_ opcode: WebSocketOpcode, _ payload: [UInt8], fin: Bool = true) -> [UInt8] {
        var bytes: [UInt8] = []
        payload.withUnsafeBytes { WebSocketFrame.append(opcode, $0, fin: fin, mask: nextMask(), to: &bytes) }
        return bytes
    }

    private func nextMask() -> UInt32 { masks.withLock { UInt32(truncatingIfNeeded: $0.next()) } }

    // MARK: Receiving

    /// Waits for the next message or control frame.
    ///
    /// - Throws: ``PeerFault``: `.badBytes` when the hub breaks RFC 6455, `.ended` when no more comes.
    package func next(within limit: Duration = .seconds(60)) async throws(PeerFault) -> ReceivedFrame {
        try await peer.read("a frame", within: limit) { (input) throws(PeerFault) in
            let bytes = input.takeAll()
            return try decoder.withLock { decoder throws(PeerFault) in try decoder.take(bytes) }
        }
    }

    /// Waits for a message or control frame that is looked for, and throws away those before it.
    package func next<Answer>(
        within limit: Duration = .seconds(60),
        where match: (ReceivedFrame) -> Answer?
    ) async throws(PeerFault) -> Answer {
        while true {
            if let answer = match(try await next(within: limit)) { return answer }
        }
    }

    /// Waits for the hub's close frame, and throws away what comes before it.
    package func closeFrame(within limit: Duration = .seconds(60)) async throws(PeerFault) -> (
        code: UInt16?, reason: String
    ) {
        try await next(within: limit) { frame in
            guard case .close(let code, let reason) = frame else { return nil }
            return (code, reason)
        }
    }

    /// Waits for the end of the connection.
    ///
    /// - Returns: The frames before it that nobody read, how it ended, and whether that was between two frames.
    package func rest(
        within limit: Duration = .seconds(60)
    ) async throws(PeerFault) -> (frames: [ReceivedFrame], end: Peer.End, isWhole: Bool) {
        let (bytes, end) = try await peer.readToEnd(within: limit)
        return try decoder.withLock { decoder throws(PeerFault) in
            var frames: [ReceivedFrame] = []
            var frame = try decoder.take(bytes)
            while let found = frame {
                frames.append(found)
                frame = try decoder.take([])
            }
            return (frames, end, !decoder.receiver.isMidMessage)
        }
    }
}

extension ReceivedFrame {
    /// Copies what a receiver found; `nil` for a part of a message.
    init?(_ event: WebSocketEvent) {
        switch event {
        case .message(.text, let bytes): self = .text(String(decoding: bytes, as: UTF8.self))
        case .message(.binary, let bytes): self = .binary(Array(bytes))
        case .fragment: return nil
        case .ping(let bytes): self = .ping(Array(bytes))
        case .pong(let bytes): self = .pong(Array(bytes))
        case .close(let code, let reason): self = .close(code, reason)
        }
    }
}
