// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import COpenSSL

/// One TLS connection without its socket: ciphertext goes in and out on one side, plaintext on the other.
///
/// Whoever has the socket calls ``receive(_:)`` with what came, then ``read(into:)`` until it would block, and after each
/// call sends what ``takeOutput(_:)`` has, also when the session has failed: that may be the alert which says why.
///
/// Memory: up to ``limit`` bytes of ciphertext wait to be read and about twice that to be sent, whatever the other end
/// does; of plaintext one record of 16 KiB at most. A handshake holds up to 100 KiB of the other end's certificates.
///
/// An idle session has about 20 KB. A handshake takes a client about a millisecond, a small record 2 µs, of one core.
///
/// It belongs to one thread at a time, and is of no more use once ``state`` is `.closed` or `.failed`.
package final class TLSSession {
    /// How far a session has come.
    package enum State: Equatable, Sendable {
        /// Nothing can be written or read yet.
        case handshaking
        /// Plaintext goes both ways.
        ///
        /// With TLS 1.3 a client is here before the server has judged its certificate: a refusal comes with a read.
        case open
        /// We have ended our stream, and may read what the other end still sends.
        case closing
        /// The other end has ended its stream, or we gave up the handshake: all went well.
        case closed
        /// Nothing more can be read or written.
        case failed(TLSError)
    }

    /// Which side of the connection we are.
    enum Role {
        /// Connects, to who has to have this name.
        case client(PeerName)
        /// Accepts.
        case server
    }

    /// How many bytes of ciphertext wait at most before ``receive(_:)`` takes no more, or before ``write(_:)`` and
    /// ``read(into:)`` wait for ``takeOutput(_:)``: 64 KiB, room for three of the largest records.
    package static let limit = 65_536

    /// How far it has come.
    package private(set) var state = State.handshaking

    let role: Role
    /// Whose certificates are trusted, for messages.
    let trust: String
    let notes = HandshakeNotes()
    let handle: SessionHandle
    /// How many of the first bytes were seen, up to two.
    private var bytesSeen = 0
    private var inputHasEnded = false

    /// - Throws: ``TLSError`` `.library`, and what else the first step of the handshake may fail with.
    init(_ context: borrowing ContextHandle, _ role: Role, trust: String) throws(TLSError) {
        self.role = role
        self.trust = trust
        handle = try SessionHandle(context, role)
        guard notes.attach(to: handle.ssl) else { throw TLSError(.library, "OpenSSL has no memory for a connection") }
        shakeHands()
        if case .failed(let error) = state { throw error }
    }

    // MARK: Ciphertext

    /// Takes in what came from the socket, as much as there is room for, and goes on with the handshake.
    ///
    /// - Returns: How many bytes it took; fewer than all when ``limit`` is reached, until plaintext is read. Once the
    ///   session has closed or failed it takes all and drops it.
    package func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard isAlive, !inputHasEnded, !bytes.isEmpty else { return bytes.count }
        if let error = strangeStart(bytes) {
            state = .failed(error)
            return bytes.count
        }
        let count = min(bytes.count, max(Self.limit - handle.inputCount, 0))
        guard handle.putInput(UnsafeRawBufferPointer(rebasing: bytes[..<count])) else {
            state = .failed(TLSError(.library, "OpenSSL has no memory for what was received"))
            return bytes.count
        }
        if state == .handshaking { shakeHands() }
        return count
    }

    /// Notes that the socket's stream has ended; nothing more will be received.
    ///
    /// What was received can still be read. After that the session is `.closed` if we have closed it ourselves, and has
    /// failed with `.truncated` if not (RFC 8446 section 6.1).
    package func receiveEnd() {
        guard isAlive, !inputHasEnded else { return }
        inputHasEnded = true
        guard state == .handshaking else { return }
        let hint = bytesSeen == 0 ? " before it had sent anything; it may not speak TLS" : ""
        state = .failed(TLSError(.truncated, "\(otherEnd) ended the connection during the TLS handshake\(hint)"))
    }

    /// How many bytes of ciphertext wait to be sent.
    package var outputCount: Int { handle.outputCount }

    /// Shows the ciphertext that waits to be sent, and forgets as much of it as was sent.
    ///
    /// - Parameter send: Gets at least one byte, good for this call only; returns how many of them it has sent or kept.
    ///   Not called when there are none. It must not call the session.
    /// - Returns: What `send` returned; 0 when it was not called.
    @discardableResult
    package func takeOutput(_ send: (UnsafeRawBufferPointer) -> Int) -> Int {
        handle.takeOutput(send)
    }

    // MARK: Plaintext

    /// Decrypts the next of what was received, at most one record.
    ///
    /// - Parameter buffer: Where to; with 16 KiB no record is read in two parts.
    /// - Returns: `.wouldBlock` during the handshake, without a whole record, or while ``limit`` bytes of output wait, so
    ///   read again when they were sent; `.closed` after the other end's close_notify, which is then answered.
    package func read(into buffer: UnsafeMutableRawBufferPointer) -> TLSResult {
        switch state {
        case .handshaking: return .wouldBlock
        case .closed: return .closed
        case .failed(let error): return .failed(error)
        case .open, .closing: break
        }
        guard !buffer.isEmpty else { return .bytes(0) }
        // Some of what can be received is answered at once (RFC 8446 section 4.6.3). Who does not take the answers is not
        // read on.
        guard outputCount < Self.limit else { return .wouldBlock }
        switch handle.read(into: buffer) {
        case .done(let count): return .bytes(count)
        case .blocked where inputHasEnded: return end()
        case .blocked: return .wouldBlock
        case .ended:
            if state == .open { handle.shutDown() }
            state = .closed
            return .closed
        case .failed(let fault): return fail(fault)
        }
    }

    /// Encrypts bytes to send.
    ///
    /// - Returns: How many it took, as fewer than all when ``limit`` bytes of output wait; `.wouldBlock` during the
    ///   handshake or when it took none; `.closed` after ``close()`` and after the other end's close_notify was read.
    package func write(_ bytes: UnsafeRawBufferPointer) -> TLSResult {
        switch state {
        case .handshaking: return .wouldBlock
        case .closing, .closed: return .closed
        case .failed(let error): return .failed(error)
        case .open: break
        }
        var written = 0
        encrypting: while written < bytes.count, outputCount < Self.limit {
            switch handle.write(UnsafeRawBufferPointer(rebasing: bytes[written...])) {
            case .done(let count): written += count
            case .blocked: break encrypting
            case .ended: return .closed
            case .failed(let fault): return fail(fault)
            }
        }
        return written == 0 && !bytes.isEmpty ? .wouldBlock : .bytes(written)
    }

    /// Ends our stream: a close_notify is added to the output.
    ///
    /// During the handshake there is none, and the session is over.
    package func close() {
        switch state {
        case .handshaking: state = .closed
        case .open:
            handle.shutDown()
            state = .closing
        case .closing, .closed, .failed: break
        }
    }

    // MARK: For the log

    /// The version and the cipher, as in `TLSv1.3, TLS_AES_256_GCM_SHA384`; what is not agreed yet is a guess.
    package var summary: String { "\(handle.version), \(handle.cipher)" }

    /// The name that the client sent in the clear (SNI); nil when it sent none.
    ///
    /// The client chooses it: at most 255 printable characters.
    package var requestedName: String? { handle.requestedName }

    // MARK: State

    private var isAlive: Bool {
        switch state {
        case .handshaking, .open, .closing: true
        case .closed, .failed: false
        }
    }

    private func shakeHands() {
        switch handle.shakeHands() {
        case .done: state = .open
        case .blocked: break
        case .ended: state = .failed(TLSError(.truncated, "\(otherEnd) ended the TLS handshake"))
        case .failed(let fault): _ = fail(fault)
        }
    }

    /// All that was received is read, and nothing more will come.
    private func end() -> TLSResult {
        guard state != .closing else {
            state = .closed
            return .closed
        }
        let error = TLSError(
            .truncated,
            "\(otherEnd) ended the connection without ending TLS; the last data may be missing"
        )
        state = .failed(error)
        return .failed(error)
    }

    private func fail(_ fault: LibraryFault) -> TLSResult {
        let error = explain(fault, whileHandshaking: state == .handshaking)
        state = .failed(error)
        return .failed(error)
    }

    /// An error if the first two bytes are not those of a TLS record with a handshake or an alert (RFC 8446 section 5.1).
    ///
    /// OpenSSL finds that out as well, but what it then says nobody takes for what it is.
    private func strangeStart(_ bytes: UnsafeRawBufferPointer) -> TLSError? {
        for byte in bytes.prefix(2 - bytesSeen) {
            let isExpected = bytesSeen == 0 ? byte == 0x15 || byte == 0x16 : byte == 3
            guard isExpected else {
                let start = printable(bytes.prefix(41), limit: 40)
                return TLSError(.notTLS, "\(otherEnd) does not speak TLS: it sent \"\(start)\"")
            }
            bytesSeen += 1
        }
        return nil
    }
}
