// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import COpenSSL
import HubTesting
import Testing

@testable import HubTLS

@Suite("The end of TLS connections")
struct EndTests {
    let root: TestAuthority

    init() throws {
        root = try TestAuthority()
    }

    func client() throws -> TLSSession {
        try TLSContext(TLSClientOptions(caFile: root.caFile)).session(to: "bus.test")
    }

    @Test("is a close_notify, after which what was sent before can be read", arguments: TLSVersion.allCases)
    func closes(version: TLSVersion) throws {
        let pair = try TLSPair.open(root, newest: version)
        #expect(pair.client.write([1, 2]) == .bytes(2))
        pair.client.close()
        #expect(pair.client.state == .closing)
        #expect(pair.client.write([3]) == .closed)
        TLSPair.move(from: pair.client, to: pair.server)
        #expect(pair.server.read().bytes == [1, 2])
        // It is not read yet, so the other direction goes on.
        #expect(pair.server.write([4]) == .bytes(1))
        #expect(pair.server.read().result == .closed)
        #expect(pair.server.state == .closed)
        #expect(pair.server.write([5]) == .closed)
        // The answer.
        TLSPair.move(from: pair.server, to: pair.client)
        #expect(pair.client.read().bytes == [4])
        #expect(pair.client.read().result == .closed)
        #expect(pair.client.state == .closed)
        for session in [pair.client, pair.server] {
            session.receiveEnd()
            session.close()
            #expect(session.state == .closed)
            #expect(session.receive([1, 2, 3]) == 3)
            #expect(session.outputCount == 0)
        }
    }

    @Test("may come without an answer to our close_notify")
    func closesAlone() throws {
        let pair = try TLSPair.open(root)
        #expect(pair.server.write([1]) == .bytes(1))
        TLSPair.move(from: pair.server, to: pair.client)
        pair.client.close()
        pair.client.receiveEnd()
        #expect(pair.client.read().bytes == [1])
        #expect(pair.client.read().result == .closed)
        #expect(pair.client.state == .closed)
    }

    @Test("without a close_notify is a truncation, after what came was read", arguments: TLSVersion.allCases)
    func truncated(version: TLSVersion) throws {
        let pair = try TLSPair.open(root, newest: version)
        #expect(pair.server.write(pattern(100)) == .bytes(100))
        #expect(pair.server.write(pattern(100)) == .bytes(100))
        let ciphertext = pair.server.output()
        // The second record lacks its last byte.
        pair.client.receive(ciphertext.dropLast())
        pair.client.receiveEnd()
        #expect(pair.client.receive([1]) == 1)
        #expect(pair.client.read().bytes == pattern(100))
        guard case .failed(let error) = pair.client.read().result else { throw NoFailure() }
        #expect(error.code == .truncated)
        #expect(pair.client.state == .failed(error))
        #expect(pair.client.write([1]) == .failed(error))
    }

    @Test("in the handshake says whether anything had come")
    func endsInHandshake() throws {
        let silent = try client()
        silent.receiveEnd()
        #expect(silent.error?.code == .truncated)
        #expect(silent.error?.message.contains("it may not speak TLS") == true)
        let pair = try TLSPair(root.issue(["DNS:bus.test"]), client: TLSClientOptions(caFile: root.caFile))
        TLSPair.move(from: pair.client, to: pair.server)
        pair.client.receive(Array(pair.server.output().prefix(100)))
        pair.client.receiveEnd()
        #expect(pair.client.error?.message == "\"bus.test\" ended the connection during the TLS handshake")
    }

    @Test("can be ours in the handshake")
    func closesInHandshake() throws {
        let client = try client()
        client.close()
        #expect(client.state == .closed)
        #expect(client.write([1]) == .closed)
        #expect(client.read().result == .closed)
    }

    @Test(
        "comes at once when the other end does not speak TLS",
        arguments: [
            "-ERR Protocol error: invalid multibulk length\r\n", "+PONG\r\n", "INFO {\"server_id\":\"N\"}\r\n",
            "HTTP/1.1 400 Bad Request\r\n\r\n", "\u{16}GET", "\0\0\0\0", "*1\r\n$4\r\nPING\r\n",
        ]
    )
    func notTLS(text: String) throws {
        let whole = try client()
        #expect(whole.receive(Array(text.utf8)) == text.utf8.count)
        #expect(whole.error?.code == .notTLS)
        let start = "\"bus.test\" does not speak TLS: it sent \""
        #expect(whole.error?.message.hasPrefix(start) == true)
        #expect(whole.error?.message.utf8.contains(0x0D) == false)
        let slow = try client()
        for byte in text.utf8 { slow.receive([byte]) }
        #expect(slow.error?.code == .notTLS)
    }

    @Test("shows what came in place of TLS")
    func showsStart() throws {
        let client = try client()
        client.receive(Array("-ERR unknown command \u{1}, with args beginning with: x\r\n".utf8))
        let words = "it sent \"-ERR unknown command ?, with args beginn…\""
        #expect(client.error?.message.hasSuffix(words) == true, "\(client.error?.message ?? "")")
    }

    @Test("comes when a plain client speaks to a TLS server")
    func plainClient() throws {
        let certificate = try root.issue(["DNS:bus.test"])
        let server = try TLSServerContext(
            TLSServerOptions(certificateFile: certificate.certificateFile, keyFile: certificate.keyFile)
        ).session()
        server.receive(Array("GET / HTTP/1.1\r\n".utf8))
        #expect(server.error == TLSError(.notTLS, "the client does not speak TLS: it sent \"GET / HTTP/1.1??\""))
    }

    @Test("comes with a record that was changed on the way", arguments: TLSVersion.allCases)
    func damaged(version: TLSVersion) throws {
        let pair = try TLSPair.open(root, newest: version)
        #expect(pair.server.write(pattern(100)) == .bytes(100))
        var ciphertext = pair.server.output()
        ciphertext[ciphertext.count - 1] ^= 1
        pair.client.receive(ciphertext)
        #expect(pair.client.readAll() == [])
        #expect(pair.client.error?.code == .broken)
        // The other end is told.
        TLSPair.move(from: pair.client, to: pair.server)
        #expect(pair.server.readAll() == [])
        #expect(pair.server.error?.code == .broken)
        #expect(pair.server.error?.message.contains("alert 20") == true)
    }

    @Test(
        "comes with garbage in the middle",
        arguments: [[0x17, 3, 3, 0xFF, 0xFF], [0x2D, 0x45, 0x52, 0x52, 0x20]] as [[UInt8]]
    )
    func garbage(bytes: [UInt8]) throws {
        let pair = try TLSPair.open(root)
        pair.client.receive(bytes)
        #expect(pair.client.readAll() == [])
        #expect(pair.client.error?.code == .broken)
    }

    @Test(
        "comes with an alert or an answer of TLS 1.1",
        arguments: [
            // protocol_version, as an alert (RFC 5246 section 7.2).
            [0x15, 3, 1, 0, 2, 2, 70],
            // A ServerHello of TLS 1.1 (RFC 4346 section 7.4.1.3).
            [0x16, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2] + pattern(32) + [0, 0, 0x2F, 0],
        ] as [[UInt8]]
    )
    func oldVersion(answer: [UInt8]) throws {
        let client = try client()
        client.receive(answer)
        #expect(client.error?.code == .noCommonVersion)
        #expect(
            client.error?.message.hasPrefix("\"bus.test\" has no version of TLS in common with us, from 1.2 on") == true
        )
    }

    @Test("comes with an alert in the handshake or after it")
    func alerts() throws {
        let client = try client()
        client.receive([0x15, 3, 3, 0, 2, 2, 40])
        #expect(
            client.error
                == TLSError(.handshakeFailed, "\"bus.test\" ended the TLS handshake (alert 40, handshake failure)")
        )
        let unknown = try self.client()
        unknown.receive([0x15, 3, 3, 0, 2, 2, 112])
        #expect(unknown.error?.message.contains("unrecognized name") == true)
    }

    @Test("does not come with a wish to negotiate anew, which is declined")
    func renegotiation() throws {
        let pair = try TLSPair.open(root, newest: .v12)
        let ssl = pair.client.handle.ssl
        _ = SSL_clear_options(ssl, 1 << 30)
        try #require(SSL_renegotiate(ssl) == 1)
        #expect(SSL_do_handshake(ssl) == -1)
        TLSPair.move(from: pair.client, to: pair.server)
        #expect(pair.server.read().result == .wouldBlock)
        #expect(pair.server.state == .open)
        #expect(pair.server.outputCount > 0)
    }
}

/// What should have failed did not.
private struct NoFailure: Error {}
