// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension TextRule {
    /// Where a NATS listens: `nats://host[:port]`, `tls://host[:port]` or `host:port`.
    static let natsURL = TextRule(
        type: "URL",
        noun: "a URL of NATS",
        allowed: "nats://host[:port], tls://host[:port] or host:port"
    ) { text in
        if text.contains("@") {
            return
                "user and password belong in bus.nats.user and bus.nats.password_file, a token into bus.nats.token_file"
        }
        if text.contains(",") { return "each server is an item of the list" }
        guard let scheme = ["nats://", "tls://"].first(where: { text.hasPrefix($0) }) else {
            if text.contains("://") { return "the scheme is nats or tls" }
            return objectionToServer(text, usualPort: 4222)
        }
        let place = text.dropFirst(scheme.count)
        if place.hasSuffix("/"), isAuthority(place.dropLast()) { return .meant("\(text.dropLast())") }
        if place.contains("/") { return "a host and perhaps a port, and no path" }
        if place.contains(":"), !place.hasSuffix("]") { return objectionToServer(String(place), usualPort: 4222) }
        return isAuthority(place) ? nil : "after \(scheme) stands a host"
    }

    /// What subjects begin with: tokens that no wildcard matches by chance and that the server does not use itself.
    static let natsPrefix = TextRule(
        type: "text",
        noun: "a prefix for NATS",
        allowed: "1 to 64 of A-Z, a-z, 0-9, dash and underscore, in tokens joined by dots"
    ) { text in
        if text.isEmpty { return "without a prefix the hub would take every subject for its own" }
        if text.utf8.count > 64 { return "it has \(text.utf8.count) bytes" }
        if text.hasPrefix("$") { return "subjects that begin with $ are the server's own" }
        if text.contains(where: { "*>".contains($0) }) { return "* and > are wildcards in subjects" }
        let tokens = text.split(separator: ".", omittingEmptySubsequences: false)
        if tokens[0] == "_INBOX" { return "_INBOX is for answers to requests" }
        if tokens.count == 2, tokens[1].isEmpty, isName(tokens[0]) { return .meant("\(tokens[0])") }
        if text.hasSuffix(":"), isName(text.dropLast()) { return .meant("\(text.dropLast())") }
        if tokens.contains("") { return "no dot at the beginning or the end and no two in a row" }
        return tokens.allSatisfy(isName) ? nil : ""
    }

    /// The public key of a user, never shown: in its place there may be the seed, which looks much like it.
    static let nkey = TextRule(
        type: "text",
        noun: "a user's public nkey",
        allowed: "U and 55 of A-Z and 2-7",
        isShown: false
    ) { text in
        if text.hasPrefix("SU") { return "a seed is secret and belongs in the file of bus.nats.nkey_seed_file" }
        if text.utf8.count != 56 { return "it has \(text.utf8.count) bytes" }
        if !text.hasPrefix("U") { return "the key of a user begins with U" }
        return text.utf8.allSatisfy { (65...90).contains($0) || (50...55).contains($0) } ? nil : ""
    }

    /// The name of a stream of JetStream.
    static let streamName = TextRule(
        type: "name",
        noun: "a name for a stream",
        allowed: "1 to 32 of A-Z, a-z, 0-9, dash and underscore"
    ) { text in
        if text.utf8.count > 32 { return "it has \(text.utf8.count) bytes" }
        return isName(text[...]) ? nil : ""
    }

    // MARK: Parts

    /// Whether a text is letters, digits, dashes and underscores, and at least one of them.
    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { isNameByte($0) && $0 != UInt8(ascii: ".") }
    }
}
