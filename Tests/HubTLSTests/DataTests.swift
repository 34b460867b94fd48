// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import COpenSSL
import HubTesting
import Testing

@testable import HubTLS

@Suite("Data over TLS")
struct DataTests {
    let root: TestAuthority

    init() throws {
        root = try TestAuthority()
    }

    @Test(
        "arrive as they were sent, both ways, whatever their size",
        arguments: TLSVersion.allCases,
        [0, 1, 2, 16_383, 16_384, 16_385, 65_536, 1_048_576]
    )
    func sizes(version: TLSVersion, size: Int) throws {
        let pair = try TLSPair.open(root, newest: version)
        let bytes = pattern(size)
        #expect(TLSPair.send(bytes, from: pair.client, to: pair.server) == bytes)
        #expect(TLSPair.send(bytes, from: pair.server, to: pair.client) == bytes)
    }

    @Test("arrive when the ciphertext comes in small pieces", arguments: TLSVersion.allCases, [1, 7, 1000])
    func pieces(version: TLSVersion, step: Int) throws {
        let pair = try TLSPair.open(root, newest: version)
        let bytes = pattern(40_000)
        #expect(TLSPair.send(bytes, from: pair.client, to: pair.server, step: step) == bytes)
    }

    @Test("can be read byte by byte, and nothing is left behind")
    func smallReads() throws {
        let pair = try TLSPair.open(root)
        #expect(pair.client.write([1, 2, 3]) == .bytes(3))
        #expect(pair.client.write([4]) == .bytes(1))
        pair.exchange()
        #expect(pair.server.read(atMost: 0).result == .bytes(0))
        #expect((1...4).map { _ in pair.server.read(atMost: 1).bytes } == [[1], [2], [3], [4]])
        #expect(pair.server.read(atMost: 1).result == .wouldBlock)
    }

    @Test("that is nothing sends nothing")
    func nothing() throws {
        let pair = try TLSPair.open(root)
        #expect(pair.client.write([]) == .bytes(0))
        #expect(pair.client.outputCount == 0)
        #expect(pair.client.takeOutput { _ in 1 } == 0)
        #expect(pair.client.receive([]) == 0)
        #expect(pair.client.read().result == .wouldBlock)
    }

    @Test("wait to be sent up to the limit, and go on when output was taken")
    func outputIsBounded() throws {
        let pair = try TLSPair.open(root)
        let bytes = pattern(1_000_000)
        guard case .bytes(let first) = pair.client.write(bytes) else { throw TLSFixtureProblem() }
        #expect(first < TLSSession.limit + 16_384)
        #expect(pair.client.outputCount < TLSSession.limit + 17_000)
        #expect(pair.client.write(bytes) == .wouldBlock)
        // What was not sent stays, in order.
        let count = pair.client.outputCount
        #expect(pair.client.takeOutput { _ in -1 } == 0)
        #expect(pair.client.takeOutput { _ in 0 } == 0)
        #expect(pair.client.outputCount == count)
        #expect(pair.client.takeOutput { pair.server.receive(UnsafeRawBufferPointer(rebasing: $0.prefix(5))) } == 5)
        #expect(pair.client.outputCount == count - 5)
        #expect(TLSPair.send([], from: pair.client, to: pair.server) == Array(bytes.prefix(first)))
        #expect(pair.client.takeOutput { $0.count + 1 } == 0)
        #expect(pair.client.write([1]) == .bytes(1))
    }

    @Test("wait to be read up to the limit, and go on when some was read")
    func inputIsBounded() throws {
        let pair = try TLSPair.open(root)
        var ciphertext: [UInt8] = []
        while ciphertext.count < 3 * TLSSession.limit {
            #expect(pair.client.write(pattern(60_000)) == .bytes(60_000))
            ciphertext += pair.client.output()
        }
        #expect(pair.server.receive(ciphertext) == TLSSession.limit)
        #expect(pair.server.receive(ciphertext) == 0)
        #expect(pair.server.read().bytes == Array(pattern(60_000).prefix(16_384)))
        #expect((1..<TLSSession.limit).contains(pair.server.receive(Array(ciphertext.dropFirst(TLSSession.limit)))))
    }

    @Test("of a peer that asks for answers and takes none are not read on")
    func answersAreBounded() throws {
        let pair = try TLSPair.open(root)
        var asked = 0
        // Each request for new keys is answered at once (RFC 8446 section 4.6.3).
        while pair.client.outputCount < TLSSession.limit, asked < 20_000 {
            let ssl = pair.server.handle.ssl
            try #require(SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED) == 1 && SSL_do_handshake(ssl) == 1)
            asked += 1
            pair.client.receive(pair.server.output())
            #expect(pair.client.read().result == .wouldBlock)
        }
        #expect(asked < 20_000)
        #expect(pair.client.write([1]) == .wouldBlock)
        // From here on input is kept, to its limit.
        for _ in 0..<5000 {
            let ssl = pair.server.handle.ssl
            try #require(SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED) == 1 && SSL_do_handshake(ssl) == 1)
            pair.client.receive(pair.server.output())
            #expect(pair.client.read().result == .wouldBlock)
        }
        #expect(pair.client.outputCount < TLSSession.limit + 100)
        #expect(pair.client.receive(pattern(100)) == 0)
    }

    @Test("arrive after new keys were agreed on")
    func newKeys() throws {
        let pair = try TLSPair.open(root)
        for _ in 0..<3 {
            let ssl = pair.server.handle.ssl
            try #require(SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED) == 1)
            #expect(TLSPair.send(pattern(20_000), from: pair.server, to: pair.client) == pattern(20_000))
            #expect(TLSPair.send(pattern(20_000), from: pair.client, to: pair.server) == pattern(20_000))
        }
    }
}

/// What should have been written was not.
private struct TLSFixtureProblem: Error {}
