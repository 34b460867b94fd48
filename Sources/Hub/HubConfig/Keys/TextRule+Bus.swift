// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What several buses have.
extension TextRule {
    /// What a server calls a connection: in `CLIENT LIST` of Redis, at `/connz` of NATS.
    static let connectionName = TextRule(
        type: "text",
        noun: "a name for connections",
        allowed: "1 to 64 printable characters of ASCII, without spaces"
    ) { text in
        if text.utf8.count > 64 { return "it has \(text.utf8.count) bytes" }
        return !text.isEmpty && isPrintable(text) ? nil : ""
    }

    /// The name of a user.
    static let userName = TextRule(
        type: "text",
        noun: "a user's name",
        allowed: "up to 128 bytes without spaces and control characters"
    ) { text in
        if text.utf8.count > 128 { return "it has \(text.utf8.count) bytes" }
        return text.unicodeScalars.contains { $0.properties.isWhitespace || isControl($0) } ? "" : nil
    }

    /// The path of a file.
    static let file = TextRule(
        type: "file",
        noun: "the path of a file",
        allowed: "a path of up to 4095 bytes without control characters"
    ) { text in
        if text.utf8.count > 4095 { return "it has \(text.utf8.count) bytes" }
        return text.unicodeScalars.contains(where: isControl) ? "" : nil
    }

    /// The path of a file with a secret in it.
    ///
    /// - Parameter secret: What the secret is: `password`.
    static func secretFile(_ secret: String = "password") -> TextRule {
        TextRule(type: file.type, noun: file.noun, allowed: file.allowed, isShown: false) { text in
            guard let objection = file.objection(text) else { return nil }
            return objection.reason.isEmpty ? "the \(secret) itself belongs in the file" : objection
        }
    }

    /// The host for which a certificate has to be.
    static let host = TextRule(type: "host", noun: "a host", allowed: "a name or an IP address") { text in
        isHost(text[...]) || isIPv6(text[...]) ? nil : ""
    }

    // MARK: Parts

    /// What is wrong with the address of a server: `host:port` or `[v6]:port`.
    ///
    /// - Parameter usualPort: The port to suggest where none is given.
    static func objectionToServer(_ text: String, usualPort: Int) -> Objection? {
        guard let colon = text.lastIndex(of: ":") else {
            if isPort(text[...]), text != "0" { return .meant("127.0.0.1:\(text)") }
            return isHost(text[...]) ? .meant("\(text):\(usualPort)") : "the port is missing"
        }
        let (host, port) = (text[..<colon], text[colon...].dropFirst())
        guard isPort(port), UInt16(port) != 0 else { return "a port is a number from 1 to 65535" }
        if host.isEmpty { return .meant("127.0.0.1\(text)") }
        return address.objection(text)
    }

    static func isPrintable(_ text: String) -> Bool { text.utf8.allSatisfy { (0x21...0x7E).contains($0) } }

    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
