// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension TextRule {
    /// Where a Redis listens: `host:port` or `[v6]:port`.
    static let redisAddress = TextRule(
        type: "address",
        noun: "an address of Redis",
        allowed: "host:port or [IPv6]:port"
    ) { text in
        if let scheme = ["redis://", "rediss://"].first(where: { text.hasPrefix($0) }) {
            return objectionToURL(text.dropFirst(scheme.count), isSecure: scheme == "rediss://")
        }
        if text.contains("/") { return "a socket of the file system is not taken" }
        if text.contains("@") { return "user and password belong into bus.redis.user and bus.redis.password_file" }
        guard let colon = text.lastIndex(of: ":") else {
            if isPort(text[...]), text != "0" { return .meant("127.0.0.1:\(text)") }
            return isHost(text[...]) ? .meant("\(text):6379") : "the port is missing"
        }
        let (host, port) = (text[..<colon], text[colon...].dropFirst())
        guard isPort(port), UInt16(port) != 0 else { return "a port is a number from 1 to 65535" }
        if host.isEmpty { return .meant("127.0.0.1\(text)") }
        return address.objection(text)
    }

    /// What channels and keys begin with: what means something in a pattern or chooses a slot of a cluster has no place in it.
    static let redisPrefix = TextRule(
        type: "text",
        noun: "a prefix for Redis",
        allowed: #"1 to 64 printable characters of ASCII, without spaces and * ? [ ] \ { }"#
    ) { text in
        if text.isEmpty { return "without a prefix the hub would take every channel for its own" }
        if text.utf8.count > 64 { return "it has \(text.utf8.count) bytes" }
        if text.contains(where: { #"*?[]\"#.contains($0) }) {
            return #"* ? [ ] \ are wildcards where Redis compares channels with patterns, so it would match others too"#
        }
        if text.contains(where: { "{}".contains($0) }) {
            return "what stands in { } alone would choose the slot in a cluster, the same for all"
        }
        return isPrintable(text) ? nil : ""
    }

    /// What `CLIENT LIST` shows of a connection.
    static let clientName = TextRule(
        type: "text",
        noun: "a name for CLIENT SETNAME",
        allowed: "1 to 64 printable characters of ASCII, without spaces"
    ) { text in
        if text.utf8.count > 64 { return "it has \(text.utf8.count) bytes" }
        return !text.isEmpty && isPrintable(text) ? nil : ""
    }

    /// The name of an ACL user.
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

    /// The path of a file with a password in it.
    static let secretFile = TextRule(
        type: file.type,
        noun: file.noun,
        allowed: file.allowed,
        isShown: false
    ) { text in
        guard let objection = file.objection(text) else { return nil }
        return objection.reason.isEmpty ? "the password itself belongs into the file" : objection
    }

    /// The host for which a certificate has to be.
    static let host = TextRule(type: "host", noun: "a host", allowed: "a name or an IP address") { text in
        isHost(text[...]) || isIPv6(text[...]) ? nil : ""
    }

    // MARK: Parts

    /// What of a URL, its scheme taken off, is written elsewhere here.
    private static func objectionToURL(_ text: Substring, isSecure: Bool) -> Objection {
        if text.contains("@") { return "user and password belong into bus.redis.user and bus.redis.password_file" }
        if isSecure { return "no scheme here; TLS is bus.redis.tls.enabled: true" }
        let place = text.hasSuffix("/") ? text.dropLast() : text
        if place.contains("/") { return "no scheme and no path here; the database is bus.redis.db" }
        guard isAuthority(place) else { return "no scheme here" }
        return .meant(place.contains(":") && !place.hasSuffix("]") ? "\(place)" : "\(place):6379")
    }

    private static func isPrintable(_ text: String) -> Bool { text.utf8.allSatisfy { (0x21...0x7E).contains($0) } }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
