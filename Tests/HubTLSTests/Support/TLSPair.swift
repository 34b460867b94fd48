// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTLS
import HubTesting

/// A client and a server whose ciphertext goes straight from one to the other.
struct TLSPair {
    let client: TLSSession
    let server: TLSSession

    init(_ client: TLSContext, to host: String, _ server: TLSServerContext) throws {
        self.client = try client.session(to: host)
        self.server = try server.session()
    }

    /// Makes both sides, with a server that has this certificate.
    init(
        to host: String = "bus.test",
        _ certificate: TestCertificate,
        client: TLSClientOptions,
        clientCAFile: String? = nil,
        newest: TLSVersion = .v13
    ) throws {
        let options = TLSServerOptions(
            certificateFile: certificate.certificateFile,
            keyFile: certificate.keyFile,
            clientCAFile: clientCAFile,
            newestVersion: newest
        )
        try self.init(TLSContext(client), to: host, TLSServerContext(options))
    }

    /// Makes both sides with all as it should be, and lets them shake hands.
    static func open(_ root: TestAuthority, newest: TLSVersion = .v13) throws -> TLSPair {
        let pair = try TLSPair(
            root.issue(["DNS:bus.test"]),
            client: TLSClientOptions(caFile: root.caFile),
            newest: newest
        )
        pair.exchange()
        return pair
    }

    /// Moves ciphertext, this many bytes at a time, until neither side has any left that the other takes.
    func exchange(step: Int = .max) {
        while Self.move(from: client, to: server, step) + Self.move(from: server, to: client, step) > 0 {}
    }

    /// Sends bytes from one side to the other, and gives what arrived.
    static func send(_ bytes: [UInt8], from sender: TLSSession, to receiver: TLSSession, step: Int = .max) -> [UInt8] {
        var rest = bytes[...]
        var arrived: [UInt8] = []
        while true {
            if case .bytes(let count) = sender.write(Array(rest)) { rest = rest.dropFirst(count) }
            let moved = move(from: sender, to: receiver, step)
            let read = receiver.readAll()
            arrived += read
            if moved == 0, read.isEmpty { return arrived }
        }
    }

    @discardableResult
    static func move(from sender: TLSSession, to receiver: TLSSession, _ step: Int = .max) -> Int {
        var moved = 0
        while true {
            let count = sender.takeOutput { receiver.receive(UnsafeRawBufferPointer(rebasing: $0.prefix(step))) }
            if count == 0 { return moved }
            moved += count
        }
    }
}

extension TLSSession {
    func write(_ bytes: [UInt8]) -> TLSResult { bytes.withUnsafeBytes { write($0) } }

    @discardableResult
    func receive(_ bytes: [UInt8]) -> Int { bytes.withUnsafeBytes { receive($0) } }

    func read(atMost count: Int = 16_384) -> (result: TLSResult, bytes: [UInt8]) {
        var buffer = [UInt8](repeating: 0, count: count)
        let result = buffer.withUnsafeMutableBytes { read(into: $0) }
        guard case .bytes(let read) = result else { return (result, []) }
        return (result, Array(buffer.prefix(read)))
    }

    /// Reads until there is no more now.
    func readAll() -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let read = read()
            guard !read.bytes.isEmpty else { return bytes }
            bytes += read.bytes
        }
    }

    /// Takes away all output.
    func output() -> [UInt8] {
        var bytes: [UInt8] = []
        takeOutput { output in
            bytes += output
            return output.count
        }
        return bytes
    }

    /// Why it has failed.
    var error: TLSError? {
        if case .failed(let error) = state { error } else { nil }
    }
}

/// Bytes that differ from their neighbours, so that none can be lost or moved unseen.
func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
}
