// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Why a request (or, at a client, an answer) does not open a WebSocket.
package struct HandshakeError: Error, Hashable, Sendable {
    /// What was wrong: a closed set, fit for a metric label by its raw value.
    package enum Code: String, CaseIterable, Sendable {
        /// A method other than GET.
        case methodNotAllowed = "method_not_allowed"
        /// HTTP/1.0, which has no upgrade.
        case httpVersion = "http_version"
        /// A body, which an upgrade has no place for.
        case unexpectedBody = "unexpected_body"
        /// No `Upgrade: websocket`: an ordinary request.
        case notWebSocket = "not_websocket"
        /// `Upgrade` without `Connection: Upgrade`.
        case connectionNotUpgrade = "connection_not_upgrade"
        /// A protocol version other than 13, or none.
        case unsupportedVersion = "unsupported_version"
        /// A field more than once that may come only once.
        case duplicateField = "duplicate_field"
        /// No key, or one that is not the base64 of 16 bytes.
        case badKey = "bad_key"
        /// A subprotocol that is not a token, or is named twice.
        case badSubprotocol = "bad_subprotocol"
        /// At a client: an answer other than 101.
        case refused = "refused"
        /// At a client: an answer that does not prove that the server read the key.
        case badAccept = "bad_accept"
        /// At a client: a subprotocol or an extension that was not asked for.
        case notAsked = "not_asked"
    }

    /// What was wrong.
    package let code: Code

    /// The status of the answer: 400, 405 or 426.
    package var status: Int {
        switch code {
        case .methodNotAllowed: 405
        case .notWebSocket, .unsupportedVersion: 426
        default: 400
        }
    }

    /// The headers that the status demands.
    package var headers: [(String, String)] {
        switch code {
        case .methodNotAllowed: [("Allow", "GET")]
        case .notWebSocket, .unsupportedVersion: [("Sec-WebSocket-Version", "13"), ("Upgrade", "websocket")]
        default: []
        }
    }

    /// A sentence for the log and the answer's body; holds nothing that the peer sent.
    package var message: String {
        switch code {
        case .methodNotAllowed: "a WebSocket is opened with GET"
        case .httpVersion: "a WebSocket needs HTTP/1.1"
        case .unexpectedBody: "a WebSocket's request has no body"
        case .notWebSocket: "this is a WebSocket: the request needs Upgrade: websocket"
        case .connectionNotUpgrade: "Upgrade needs Connection: Upgrade"
        case .unsupportedVersion: "only version 13 of the WebSocket protocol is supported"
        case .duplicateField: "a Sec-WebSocket field or Origin came more than once"
        case .badKey: "Sec-WebSocket-Key is not the base64 of 16 bytes"
        case .badSubprotocol: "Sec-WebSocket-Protocol is not a list of different tokens"
        case .refused: "the server did not switch protocols"
        case .badAccept: "Sec-WebSocket-Accept does not belong to the key"
        case .notAsked: "the server chose a subprotocol or an extension that was not asked for"
        }
    }

    /// An error of this code.
    package init(_ code: Code) { self.code = code }
}

/// A client's wish to open a WebSocket, checked as RFC 6455, section 4.2, demands.
///
/// The answer needs SHA-1, which is not made here: digest ``acceptInput``, hand the 20 bytes to ``acceptValue(digest:)``.
package struct WebSocketHandshake: Sendable, Equatable {
    /// What is appended to the key before it is digested.
    package static let guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// The client's key: the base64 of 16 bytes.
    package let key: String
    /// The subprotocols that the client speaks, the best one first.
    package let subprotocols: [String]
    /// Where the page came from that a browser shows; `nil` if it is not a browser.
    package let origin: String?

    /// Checks a request.
    ///
    /// - Throws: ``HandshakeError`` with the status and the headers of the answer.
    package static func parse(_ head: HTTPRequestHead) throws(HandshakeError) -> WebSocketHandshake {
        let headers = head.headers
        guard head.method == "GET" else { throw HandshakeError(.methodNotAllowed) }
        guard headers.hasToken("upgrade", "websocket") else { throw HandshakeError(.notWebSocket) }
        guard head.minorVersion >= 1 else { throw HandshakeError(.httpVersion) }
        guard headers.hasToken("connection", "upgrade") else { throw HandshakeError(.connectionNotUpgrade) }
        guard !head.hasBody else { throw HandshakeError(.unexpectedBody) }
        for name in ["sec-websocket-version", "sec-websocket-key", "origin"] where headers.count(of: name) > 1 {
            throw HandshakeError(.duplicateField)
        }
        guard headers["sec-websocket-version"] == "13" else { throw HandshakeError(.unsupportedVersion) }
        guard let key = headers["sec-websocket-key"], Base64.decode(key)?.count == 16 else {
            throw HandshakeError(.badKey)
        }
        let subprotocols = headers.tokens("sec-websocket-protocol")
        guard subprotocols.allSatisfy({ ASCIISet.token.containsAll($0.utf8) }),
            Set(subprotocols).count == subprotocols.count
        else { throw HandshakeError(.badSubprotocol) }
        return WebSocketHandshake(key: key, subprotocols: subprotocols, origin: headers["origin"])
    }

    /// The first of `supported` that the client speaks; `nil` if there is none, or it named none.
    package func subprotocol(from supported: [String]) -> String? {
        supported.first(where: subprotocols.contains)
    }

    /// What SHA-1 is taken of.
    package var acceptInput: [UInt8] { Self.acceptInput(key: key) }

    /// What SHA-1 is taken of for a key.
    package static func acceptInput(key: String) -> [UInt8] { Array((key + guid).utf8) }

    /// The value of `Sec-WebSocket-Accept` for the SHA-1 of ``acceptInput``.
    package static func acceptValue(digest: [UInt8]) -> String { Base64.encode(digest) }

    /// The answer that opens the WebSocket.
    ///
    /// - Parameter accept: ``acceptValue(digest:)``.
    /// - Parameter subprotocol: The one that was chosen, if any.
    package static func response(
        accept: String,
        subprotocol: String? = nil,
        headers: [(String, String)] = []
    ) -> [UInt8] {
        var fields = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)]
        if let subprotocol { fields.append(("Sec-WebSocket-Protocol", subprotocol)) }
        return HTTPResponse.encode(status: 101, headers: fields + headers, keepAlive: true)
    }
}
