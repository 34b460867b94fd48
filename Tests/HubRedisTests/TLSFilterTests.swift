// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTLS
import HubTesting
import Testing

@testable import HubRedis

@Suite("TLS between a socket and Redis's protocol")
struct TLSFilterTests {
    @Test("keeps no memory of what it has encrypted, before and after the handshake")
    func memory() throws {
        let root = try TestAuthority()
        let certificate = try root.issue(["DNS:bus.test"])
        let options = TLSServerOptions(
            certificateFile: certificate.certificateFile,
            keyFile: certificate.keyFile
        )
        let server = try TLSServerContext(options).session()
        let client = try TLSContext(TLSClientOptions(caFile: root.caFile)).session(to: "bus.test")
        let filter = TLSFilter(client, to: "bus.test:6379")
        var (output, arrived) = ([UInt8](), [UInt8]())
        try filter.start(output: &output)
        let early = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        try early.withUnsafeBufferPointer { bytes throws(RedisError) in
            try filter.send(UnsafeRawBufferPointer(bytes), output: &output)
        }
        #expect(filter.waiting == early)
        while !output.isEmpty {
            arrived += server.take(output)
            output = []
            var answer: [UInt8] = []
            server.takeOutput { bytes in
                answer += bytes
                return bytes.count
            }
            var plaintext: [UInt8] = []
            try answer.withUnsafeBufferPointer { bytes throws(RedisError) in
                try filter.received(UnsafeRawBufferPointer(bytes), plaintext: &plaintext, output: &output)
            }
            #expect(plaintext.isEmpty)
        }
        #expect(arrived == early)
        #expect(filter.waiting.capacity == 0)
        try early.withUnsafeBufferPointer { bytes throws(RedisError) in
            try filter.send(UnsafeRawBufferPointer(bytes), output: &output)
        }
        #expect(filter.waiting.capacity == 0)
        #expect(server.take(output) == early)
    }
}

extension TLSSession {
    /// Takes all of it, and gives the plaintext.
    fileprivate func take(_ ciphertext: [UInt8]) -> [UInt8] {
        var (rest, plaintext) = (ciphertext[...], [UInt8]())
        var record = [UInt8](repeating: 0, count: 16_384)
        repeat {
            let taken = rest.withUnsafeBytes { receive($0) }
            rest = rest.dropFirst(taken)
            while case .bytes(let count) = record.withUnsafeMutableBytes({ read(into: $0) }), count > 0 {
                plaintext += record[..<count]
            }
        } while !rest.isEmpty
        return plaintext
    }
}
