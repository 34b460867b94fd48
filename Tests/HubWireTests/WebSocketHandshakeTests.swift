// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

@Suite("Opening a WebSocket")
struct WebSocketHandshakeTests {
    /// SHA-1 of the key of RFC 6455, section 1.3, and the GUID.
    private let digest: [UInt8] = [
        0xB3, 0x7A, 0x4F, 0x2C, 0xC0, 0x62, 0x4F, 0x16, 0x90, 0xF6, 0x46, 0x06, 0xCF, 0x38, 0x59, 0x45, 0xB2, 0xBE,
        0xC4, 0xEA,
    ]
    private let key = "dGhlIHNhbXBsZSBub25jZQ=="
    private let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    private func request(_ changes: [(String, String?)] = [], more: [(String, String)] = []) -> HTTPRequestHead {
        var fields: [(name: String, value: String)] = [
            ("Host", "server.example.com"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", key), ("Sec-WebSocket-Version", "13"),
        ]
        for (name, value) in changes {
            fields.removeAll { $0.name == name }
            if let value { fields.append((name, value)) }
        }
        return HTTPRequestHead(headers: HTTPHeaders(fields + more.map { (name: $0.0, value: $0.1) }))
    }

    @Test("the example of RFC 6455, section 1.3, is accepted and answered")
    func example() throws {
        let more = [("Origin", "http://example.com"), ("Sec-WebSocket-Protocol", "chat, superchat")]
        let handshake = try WebSocketHandshake.parse(request(more: more))
        #expect(handshake.key == key)
        #expect(handshake.origin == "http://example.com")
        #expect(handshake.subprotocols == ["chat", "superchat"])
        #expect(handshake.acceptInput == Array((key + WebSocketHandshake.guid).utf8))
        #expect(WebSocketHandshake.acceptValue(digest: digest) == accept)
        let answer = WebSocketHandshake.response(accept: accept, subprotocol: "chat", headers: [("Server", "gohub")])
        let expected = """
            HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Accept: \(accept)\r\nSec-WebSocket-Protocol: chat\r\nServer: gohub\r\n\r\n
            """
        #expect(String(decoding: answer, as: UTF8.self) == expected)
    }

    @Test("names and tokens may be written in any case, and beside others")
    func lenient() throws {
        let changes: [(String, String?)] = [("Upgrade", "h2c, WebSocket"), ("Connection", "keep-alive, UPGRADE")]
        let handshake = try WebSocketHandshake.parse(request(changes))
        #expect(handshake.subprotocols.isEmpty)
        #expect(handshake.origin == nil)
    }

    @Test("the server's first subprotocol that the client speaks is chosen")
    func subprotocol() throws {
        let more = [("Sec-WebSocket-Protocol", "a, b"), ("Sec-WebSocket-Protocol", "c")]
        let handshake = try WebSocketHandshake.parse(request(more: more))
        #expect(handshake.subprotocols == ["a", "b", "c"])
        #expect(handshake.subprotocol(from: ["x", "c", "a"]) == "c")
        #expect(handshake.subprotocol(from: ["x"]) == nil)
    }

    @Test("each refusal has its status and headers", arguments: HandshakeError.Code.allCases)
    func statuses(code: HandshakeError.Code) {
        let error = HandshakeError(code)
        #expect([400, 405, 426].contains(error.status))
        #expect(!error.message.isEmpty)
        let names = error.headers.map(\.0)
        #expect(names.contains("Allow") == (error.status == 405))
        #expect(names.contains("Sec-WebSocket-Version") == (error.status == 426))
        #expect(names.contains("Upgrade") == (error.status == 426))
    }

    @Test("what a client asks is what a server accepts")
    func clientRequest() throws {
        let client = WebSocketClientHandshake(subprotocols: ["gohub.v1.json", "chat"])
        let bytes = client.request(target: "/ws?a=b", host: "h:8080", headers: [("Origin", "http://h:8080")])
        var parser = HTTPRequestParser()
        let (head, consumed) = try #require(try bytes.withUnsafeBytes { try parser.feed($0) })
        #expect(consumed == bytes.count)
        let handshake = try WebSocketHandshake.parse(head)
        #expect(handshake.key == client.key)
        #expect(handshake.subprotocols == client.subprotocols)
        #expect(handshake.origin == "http://h:8080")
        #expect(WebSocketClientHandshake().key != client.key)
        #expect(WebSocketClientHandshake(key: Array("the sample nonce".utf8)).key == key)
    }

    @Test(
        "a client checks the answer",
        arguments: [
            (101, [], nil), (200, [], .refused), (101, [("Upgrade", nil)], .notWebSocket),
            (101, [("Connection", "close")], .connectionNotUpgrade), (101, [("Sec-WebSocket-Accept", nil)], .badAccept),
            (101, [("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=")], .badAccept),
            (101, [("Sec-WebSocket-Protocol", "other")], .notAsked),
            (101, [("Sec-WebSocket-Protocol", "Chat")], .notAsked),
            (101, [("Sec-WebSocket-Extensions", "permessage-deflate")], .notAsked),
        ] as [(Int, [(String, String?)], HandshakeError.Code?)]
    )
    func answers(status: Int, changes: [(String, String?)], code: HandshakeError.Code?) throws {
        var fields: [(name: String, value: String)] = [
            ("Upgrade", "WebSocket"), ("Connection", "upgrade"), ("Sec-WebSocket-Accept", accept),
            ("Sec-WebSocket-Protocol", "chat"),
        ]
        for (name, value) in changes {
            fields.removeAll { $0.name == name }
            if let value { fields.append((name, value)) }
        }
        let client = WebSocketClientHandshake(key: Array("the sample nonce".utf8), subprotocols: ["chat"])
        let head = HTTPResponseHead(status: status, headers: HTTPHeaders(fields))
        if let code {
            #expect(throws: HandshakeError(code)) { try client.check(head, digest: digest) }
        } else {
            #expect(try client.check(head, digest: digest) == "chat")
        }
    }

    @Test("an answer with two subprotocols is refused, one without any accepted")
    func chosenSubprotocols() throws {
        let client = WebSocketClientHandshake(key: Array("the sample nonce".utf8), subprotocols: ["a", "b"])
        var fields: [(name: String, value: String)] = [
            ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept),
        ]
        #expect(try client.check(HTTPResponseHead(status: 101, headers: HTTPHeaders(fields)), digest: digest) == nil)
        fields += [("Sec-WebSocket-Protocol", "a"), ("Sec-WebSocket-Protocol", "b")]
        let head = HTTPResponseHead(status: 101, headers: HTTPHeaders(fields))
        #expect(throws: HandshakeError(.duplicateField)) { try client.check(head, digest: digest) }
    }
}
