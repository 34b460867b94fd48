// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTLS

/// TLS between a socket and the protocol.
final class TLSFilter: ByteFilter {
    private let session: TLSSession
    /// Who is on the other side, for messages.
    private let address: String
    /// Whether the other side has said that it sends no more.
    private var isEnded = false
    /// What waits for the handshake; nothing is kept after it.
    private(set) var waiting: [UInt8] = []

    /// Where one record is decrypted to.
    private let record = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 16)

    init(_ session: TLSSession, to address: String) {
        self.session = session
        self.address = address
    }

    deinit { record.deallocate() }

    func start(output: inout [UInt8]) throws(RedisError) { take(&output) }

    func received(
        _ ciphertext: UnsafeRawBufferPointer,
        plaintext: inout [UInt8],
        output: inout [UInt8]
    ) throws(RedisError) {
        var rest = ciphertext
        repeat {
            let count = session.receive(rest)
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            take(&output)
            let before = plaintext.count
            try read(&plaintext)
            take(&output)
            // It takes more when something of it could be read, or else it is a session that will take no more.
            guard !rest.isEmpty, count > 0 || plaintext.count > before else { break }
        } while !isEnded
        if isEnded { throw ended }
        if !waiting.isEmpty { try sendWaiting(&output) }
    }

    private func read(_ plaintext: inout [UInt8]) throws(RedisError) {
        while true {
            switch session.read(into: record) {
            case .bytes(let count): plaintext.append(contentsOf: record[..<count])
            case .wouldBlock: return
            case .closed: return isEnded = true
            case .failed(let error): throw RedisError(.tls, "\(address): \(error.message)")
            }
        }
    }

    func send(_ plaintext: UnsafeRawBufferPointer, output: inout [UInt8]) throws(RedisError) {
        let written = waiting.isEmpty ? try write(plaintext, &output) : 0
        waiting.append(contentsOf: plaintext[written...])
    }

    private func sendWaiting(_ output: inout [UInt8]) throws(RedisError) {
        // Not kept beyond this: the memory would be held as long as the connection.
        var plaintext: [UInt8] = []
        swap(&plaintext, &waiting)
        let written = try plaintext.withUnsafeBufferPointer { bytes throws(RedisError) in
            try write(UnsafeRawBufferPointer(bytes), &output)
        }
        waiting = Array(plaintext[written...])
    }

    /// Encrypts as much as the session takes, which is all once the handshake is done; how much that was.
    private func write(_ plaintext: UnsafeRawBufferPointer, _ output: inout [UInt8]) throws(RedisError) -> Int {
        var written = 0
        while written < plaintext.count {
            switch session.write(UnsafeRawBufferPointer(rebasing: plaintext[written...])) {
            case .bytes(let count): written += count
            case .wouldBlock where session.outputCount > 0: break
            case .wouldBlock: return written
            case .closed: throw ended
            case .failed(let error): throw RedisError(.tls, "\(address): \(error.message)")
            }
            take(&output)
        }
        return written
    }

    /// Why the connection ends: the server's socket may stay open long after it has ended TLS.
    private var ended: RedisError { RedisError(.closed, "\(address) has ended TLS") }

    func finish(output: inout [UInt8]) {
        session.close()
        take(&output)
    }

    private func take(_ output: inout [UInt8]) {
        while session.outputCount > 0 {
            let taken = session.takeOutput { bytes in
                output.append(contentsOf: bytes)
                return bytes.count
            }
            if taken == 0 { return }
        }
    }
}
