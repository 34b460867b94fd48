// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Turns a peer's bytes into messages and control frames, refusing whatever RFC 6455 does.
///
/// A pull parser: hand it the bytes that were read, call ``next(in:at:)`` until it gives `nil`, read more. A message that
/// lies whole in the buffer is given from there without a copy; anything else is gathered in storage that grows with
/// what has arrived, never with what was announced, and is freed when the receiver is idle.
///
/// A value of at most 64 bytes that holds no heap between messages. It belongs to one connection; a copy is independent.
package struct WebSocketReceiver {
    private enum Phase: UInt8 {
        case header, payload, closed, failed
        /// After a fault that leaves frames readable: where ``skipToClose()`` goes on.
        case refusedInHeader, refusedInPayload
    }

    private let maxMessageBytes: Int
    private var storage: WebSocketStorage?
    /// Bytes of the current frame's payload that have not arrived.
    private var remaining = 0
    /// How much of the message in progress is in the storage, up to the end of its last whole fragment.
    private var messageCount = 0
    /// The current frame's key, turned to the next byte.
    private var mask: UInt32 = 0
    /// Checks the text message in progress across its frames; a text that ends leaves it as it was at the start.
    private var validator = UTF8Validator()
    /// A header that arrived in pieces.
    private var headerBytes = InlineArray<14, UInt8>(repeating: 0)
    private var headerCount: UInt8 = 0
    private let role: WebSocketRole
    private var phase = Phase.header
    /// The kind of the fragmented message in progress.
    private var message: WebSocketMessageKind?
    private var opcode = WebSocketOpcode.continuation
    private var isFinal = false
    /// Whether the last event's bytes lie in the storage.
    private var gaveStorage = false
    /// Whether only the peer's close frame is still looked for.
    private var isSkipping = false
    private var failure = WebSocketError.Code.reservedBits

    /// A receiver at the start of a connection.
    ///
    /// - Parameter role: The side that this is: a server demands masks, a client refuses them.
    /// - Parameter maxMessageBytes: The longest message to accept, by its payload; checked before anything is kept.
    package init(role: WebSocketRole, maxMessageBytes: Int) {
        self.role = role
        self.maxMessageBytes = max(maxMessageBytes, 0)
    }

    /// Whether the peer's close frame has come, so that nothing more will.
    package var isClosed: Bool { phase == .closed }

    /// Looks for the peer's close frame only from now on, after a fault or when this side has begun to close.
    ///
    /// Messages of any size, their text unchecked, pings and pongs are stepped over and nothing of them is kept. After a
    /// fault that leaves no way to tell where the next frame begins there is no going on, and ``next(in:at:)`` throws it again.
    /// - Returns: Whether it goes on.
    package mutating func skipToClose() -> Bool {
        switch phase {
        case .refusedInHeader: phase = .header
        case .refusedInPayload: phase = .payload
        case .failed, .closed: return false
        case .header, .payload: break
        }
        isSkipping = true
        // A close frame that has arrived in part is kept.
        guard phase != .payload || opcode != .close else { return true }
        messageCount = 0
        if !gaveStorage { storage = nil }
        return true
    }

    /// Whether bytes end with what looks like a client's close frame with this code, or with none.
    ///
    /// For a stream in which frames cannot be told apart any more: a peer that answers a close sends nothing behind it.
    package static func endsWithClose(_ bytes: UnsafeRawBufferPointer, code: UInt16) -> Bool {
        let opening = 0x80 | WebSocketOpcode.close.rawValue
        if bytes.count >= 6, bytes[bytes.count - 6] == opening, bytes[bytes.count - 5] == 0x80 { return true }
        for length in 2...WebSocketFrame.maxControlBytes where bytes.count >= 6 + length {
            let start = bytes.count - 6 - length
            guard bytes[start] == opening, bytes[start + 1] == 0x80 | UInt8(length) else { continue }
            let sent = UInt16(bytes[start + 6] ^ bytes[start + 2]) << 8 | UInt16(bytes[start + 7] ^ bytes[start + 3])
            if sent == code || sent == WebSocketCloseCode.normal { return true }
        }
        return false
    }

    /// Whether a message or a frame has begun and not ended.
    package var isMidMessage: Bool { phase == .payload || phase == .header && (message != nil || headerCount > 0) }

    /// How many bytes of heap it holds now.
    package var heldBytes: Int { storage?.capacity ?? 0 }

    /// Finds the next event from `offset` on, unmasking in place.
    ///
    /// - Parameter buffer: The bytes that were read; what precedes `offset` is left alone.
    /// - Parameter offset: Where to go on; moved past what was used.
    /// - Returns: `nil` once the buffer is used up (`offset` is its count then): read more.
    /// - Throws: The fault, and the same one at every later call.
    /// - Complexity: O(bytes used); no allocation for a message that lies whole in the buffer.
    package mutating func next(
        in buffer: UnsafeMutableRawBufferPointer,
        at offset: inout Int
    ) throws(WebSocketError) -> WebSocketEvent? {
        if gaveStorage { releaseEvent() }
        while true {
            switch phase {
            case .header:
                guard let header = try readHeader(buffer, &offset) else {
                    freeIfIdle()
                    return nil
                }
                if let event = try wholeFrame(header, buffer, &offset) { return event }
                begin(header)
            case .payload:
                guard try readPayload(buffer, &offset) else { return nil }
                return try endFrame()
            case .closed:
                offset = buffer.count
                return nil
            case .failed, .refusedInHeader, .refusedInPayload:
                throw WebSocketError(failure)
            }
        }
    }

    // MARK: Header

    private mutating func readHeader(
        _ buffer: UnsafeMutableRawBufferPointer,
        _ offset: inout Int
    ) throws(WebSocketError) -> WebSocketHeader? {
        guard offset < buffer.count, let base = buffer.baseAddress else {
            offset = buffer.count
            return nil
        }
        let room = isSkipping ? .max : maxMessageBytes - messageCount
        if headerCount == 0 {
            let available = buffer.count - offset
            let header: WebSocketHeader?
            do throws(WebSocketError) {
                header = try .read(base + offset, count: available, role: role, inMessage: message != nil, room: room)
            } catch {
                throw fail(error, resuming: error.code == .messageTooBig ? .refusedInHeader : .failed)
            }
            if let header {
                offset += header.size
                return header
            }
        }
        return try gatherHeader(base, &offset, buffer.count, room)
    }

    /// Reads a header that this buffer holds only a part of, a byte at a time.
    @inline(never)
    private mutating func gatherHeader(
        _ base: UnsafeRawPointer,
        _ offset: inout Int,
        _ end: Int,
        _ room: Int
    ) throws(WebSocketError) -> WebSocketHeader? {
        let inMessage = message != nil
        while true {
            let (count, role) = (Int(headerCount), role)
            // What is there may be a whole one: a server's, refused for its length, which is only stepped over now.
            let header: WebSocketHeader?
            do throws(WebSocketError) {
                header = try withUnsafeBytes(of: &headerBytes) { (bytes) throws(WebSocketError) -> WebSocketHeader? in
                    guard let base = bytes.baseAddress else { return nil }
                    return try .read(base, count: count, role: role, inMessage: inMessage, room: room)
                }
            } catch {
                throw fail(error, resuming: error.code == .messageTooBig ? .refusedInHeader : .failed)
            }
            if let header {
                headerCount = 0
                return header
            }
            guard offset < end, count < WebSocketFrame.maxHeaderBytes else { return nil }
            headerBytes[count] = base.load(fromByteOffset: offset, as: UInt8.self)
            headerCount += 1
            offset += 1
        }
    }

    // MARK: Payload

    /// The event of a frame that lies whole in the buffer and needs no gathering; `nil` if it does not.
    @inline(__always)
    private mutating func wholeFrame(
        _ header: WebSocketHeader,
        _ buffer: UnsafeMutableRawBufferPointer,
        _ offset: inout Int
    ) throws(WebSocketError) -> WebSocketEvent? {
        guard header.length <= buffer.count - offset, let base = buffer.baseAddress else { return nil }
        guard header.opcode != .continuation, header.isFinal, !isSkipping || header.opcode == .close else { return nil }
        let start = base + offset
        if role == .server { WebSocketMask.apply(header.mask, to: start, count: header.length) }
        offset += header.length
        let payload = UnsafeRawBufferPointer(start: start, count: header.length)
        switch header.opcode {
        case .text:
            guard UTF8Validator.isValid(payload) else {
                throw fail(WebSocketError(.invalidUTF8), resuming: .refusedInHeader)
            }
            return .message(.text, payload)
        case .binary:
            return .message(.binary, payload)
        default:
            return try control(header.opcode, payload)
        }
    }

    private mutating func begin(_ header: WebSocketHeader) {
        remaining = header.length
        mask = header.mask
        opcode = header.opcode
        isFinal = header.isFinal
        phase = .payload
        if opcode == .text || opcode == .binary {
            message = opcode == .text ? .text : .binary
        }
    }

    /// Gathers what the buffer has of the current frame; `false` while the frame goes on.
    private mutating func readPayload(
        _ buffer: UnsafeMutableRawBufferPointer,
        _ offset: inout Int
    ) throws(WebSocketError) -> Bool {
        guard remaining > 0 else { return true }
        guard offset < buffer.count, let base = buffer.baseAddress else {
            offset = buffer.count
            return false
        }
        let count = min(remaining, buffer.count - offset)
        let start = base + offset
        offset += count
        remaining -= count
        if isSkipping, opcode != .close { return remaining == 0 }
        if role == .server {
            WebSocketMask.apply(mask, to: start, count: count)
            mask = WebSocketMask.advance(mask, by: count)
        }
        let bytes = UnsafeRawBufferPointer(start: start, count: count)
        if message == .text, !opcode.isControl, !validator.feed(bytes) {
            throw fail(WebSocketError(.invalidUTF8), resuming: .refusedInPayload)
        }
        gather(bytes)
        return remaining == 0
    }

    private mutating func gather(_ bytes: UnsafeRawBufferPointer) {
        if storage == nil {
            storage = WebSocketStorage(capacity: WebSocketStorage.capacity(needed: bytes.count, expected: remaining))
        } else if !isKnownUniquelyReferenced(&storage) {
            storage = storage?.copy()
        }
        storage?.append(bytes, expected: remaining)
    }

    /// The event of the frame that has just ended.
    private mutating func endFrame() throws(WebSocketError) -> WebSocketEvent {
        phase = .header
        if isSkipping, opcode != .close {
            if isFinal, !opcode.isControl { message = nil }
            return .fragment
        }
        if opcode.isControl {
            gaveStorage = storage != nil
            return try control(opcode, storage?.bytes(from: messageCount) ?? .init(start: nil, count: 0))
        }
        guard isFinal, let kind = message else {
            messageCount = storage?.count ?? 0
            return .fragment
        }
        let isWhole = kind != .text || validator.isComplete
        (message, messageCount) = (nil, 0)
        guard isWhole else { throw fail(WebSocketError(.invalidUTF8), resuming: .refusedInHeader) }
        guard let storage else { return .message(kind, UnsafeRawBufferPointer(start: nil, count: 0)) }
        gaveStorage = true
        return .message(kind, storage.bytes(from: 0))
    }

    private mutating func control(
        _ opcode: WebSocketOpcode,
        _ payload: UnsafeRawBufferPointer
    ) throws(WebSocketError) -> WebSocketEvent {
        switch opcode {
        case .ping: return .ping(payload)
        case .pong: return .pong(payload)
        default: return try close(payload)
        }
    }

    @inline(never)
    private mutating func close(_ payload: UnsafeRawBufferPointer) throws(WebSocketError) -> WebSocketEvent {
        var code: UInt16?
        var reason = ""
        if payload.count == 1 { throw fail(WebSocketError(.truncatedCloseCode)) }
        if payload.count >= 2 {
            let value = UInt16(payload[0]) << 8 | UInt16(payload[1])
            guard WebSocketCloseCode.isSendable(value) else { throw fail(WebSocketError(.invalidCloseCode)) }
            let text = UnsafeRawBufferPointer(rebasing: payload[2...])
            guard UTF8Validator.isValid(text) else { throw fail(WebSocketError(.invalidCloseReason)) }
            code = value
            reason = String(decoding: text, as: UTF8.self)
        }
        end(.closed)
        return .close(code: code, reason: reason)
    }

    // MARK: Storage

    /// Lets go of the last event's bytes, keeping those of the message in progress.
    private mutating func releaseEvent() {
        gaveStorage = false
        if isSkipping { storage = nil }
        if !isKnownUniquelyReferenced(&storage) { storage = storage?.copy() }
        storage?.truncate(to: messageCount)
    }

    private mutating func freeIfIdle() {
        if let storage, storage.count == 0 { self.storage = nil }
    }

    /// - Parameter next: Where ``skipToClose()`` may go on: frames can still be told apart there.
    private mutating func fail(_ error: WebSocketError, resuming next: Phase = .failed) -> WebSocketError {
        failure = error.code
        if next == .failed {
            end(.failed)
        } else {
            phase = next
            (messageCount, storage, gaveStorage) = (0, nil, false)
        }
        return error
    }

    /// Drops whatever is in progress: nothing more will be read.
    private mutating func end(_ last: Phase) {
        phase = last
        (message, messageCount, headerCount) = (nil, 0, 0)
        (storage, gaveStorage) = (nil, false)
    }
}
