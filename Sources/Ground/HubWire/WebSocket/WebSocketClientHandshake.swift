// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The client's side of opening a WebSocket: the request, and the check of its answer.
package struct WebSocketClientHandshake: Sendable {
    /// The base64 of 16 random bytes.
    package let key: String
    /// The subprotocols to ask for, the best one first.
    package let subprotocols: [String]

    /// A handshake with a fresh random key.
    package init(subprotocols: [String] = []) {
        var generator = SystemRandomNumberGenerator()
        self.init(key: (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }, subprotocols: subprotocols)
    }

    /// A handshake with these 16 bytes as its key.
    package init(key: [UInt8], subprotocols: [String] = []) {
        self.key = Base64.encode(key)
        self.subprotocols = subprotocols
    }

    /// The request's bytes.
    ///
    /// - Parameter target: The path and query, already escaped.
    /// - Parameter host: The server's name, and its port if it is not the scheme's.
    package func request(target: String, host: String, headers: [(String, String)] = []) -> [UInt8] {
        var fields = [
            ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", key),
        ]
        if !subprotocols.isEmpty { fields.append(("Sec-WebSocket-Protocol", subprotocols.joined(separator: ", "))) }
        return HTTPRequest.encode(target: target, host: host, headers: fields + headers)
    }

    /// Checks the server's answer.
    ///
    /// - Parameter digest: The SHA-1 of ``WebSocketHandshake/acceptInput(key:)``.
    /// - Returns: The subprotocol that the server chose, if it chose one.
    package func check(_ head: HTTPResponseHead, digest: [UInt8]) throws(HandshakeError) -> String? {
        let headers = head.headers
        guard head.status == 101 else { throw HandshakeError(.refused) }
        guard headers.hasToken("upgrade", "websocket") else { throw HandshakeError(.notWebSocket) }
        guard headers.hasToken("connection", "upgrade") else { throw HandshakeError(.connectionNotUpgrade) }
        guard headers.values("sec-websocket-accept") == [WebSocketHandshake.acceptValue(digest: digest)] else {
            throw HandshakeError(.badAccept)
        }
        let chosen = headers.values("sec-websocket-protocol")
        guard chosen.count <= 1 else { throw HandshakeError(.duplicateField) }
        guard headers.tokens("sec-websocket-extensions").isEmpty, chosen.allSatisfy(subprotocols.contains) else {
            throw HandshakeError(.notAsked)
        }
        return chosen.first
    }
}
