// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a text must look like.
struct TextRule: Sendable {
    /// The kind, for tables: `address`.
    let type: String
    /// The kind in a sentence: `an address`.
    let noun: String
    /// What is allowed, in words.
    let allowed: String
    /// Whether a message may repeat a text that is refused; not where people put a password by mistake.
    var isShown = true
    /// Says what is wrong with a text; nil when it follows the rule.
    let objection: @Sendable (String) -> Objection?

    /// What is wrong with a text.
    struct Objection: ExpressibleByStringInterpolation {
        /// Why, in a few words; empty when there is no more to say.
        var reason = ""
        /// What was probably meant.
        var meant: String?

        init(stringLiteral reason: String) { self.reason = reason }
        private init(meant: String) { self.meant = meant }
        static func meant(_ text: String) -> Objection { Objection(meant: text) }
    }

    /// The rule, with the empty text allowed beside it.
    func orEmpty(_ meaning: String) -> TextRule {
        TextRule(type: type, noun: noun, allowed: "\(allowed), or empty for \(meaning)", isShown: isShown) {
            [objection] text in
            text.isEmpty ? nil : objection(text)
        }
    }

    /// The form `host:port`, `:port` for all interfaces, `[v6]:port`; port 0 takes any that is free.
    static let address = TextRule(type: "address", noun: "an address", allowed: "host:port, :port or [IPv6]:port") {
        text in
        guard let colon = text.lastIndex(of: ":") else {
            return UInt16(text) == nil ? "the port is missing" : .meant(":\(text)")
        }
        let host = text[..<colon]
        guard isPort(text[colon...].dropFirst()) else { return "a port is a number from 0 to 65535" }
        if host.hasPrefix("["), host.hasSuffix("]") {
            return isIPv6(host.dropFirst().dropLast()) ? nil : "between the brackets stands an IPv6 address"
        }
        if host.contains(":") { return "an IPv6 address stands in brackets" }
        return host.isEmpty || isHost(host) ? nil : "a host has letters, digits, dots and dashes"
    }

    /// An origin of browsers: exact with its scheme, all hosts below a domain, or one of the words that open the hub widely.
    static let origin = TextRule(
        type: "origin",
        noun: "an origin",
        allowed: "http://host[:port], https://host[:port], an app's scheme://host, *.domain, null, file:// or *"
    ) { text in
        if ["*", "null", "file://"].contains(text) { return nil }
        if text.hasPrefix("*.") {
            return isHost(text.dropFirst(2)) ? nil : "after *. stands a domain, such as *.example.org"
        }
        return isAppOrigin(text) ? nil : objectionToURL(text, scheme: "https")
    }

    /// The base of an HTTP server's addresses.
    static let endpoint = TextRule(type: "URL", noun: "a URL", allowed: "http://host[:port] or https://host[:port]") {
        text in
        objectionToURL(text, scheme: "http")
    }

    /// A name that fits into topics, metrics and logs.
    static let name = TextRule(
        type: "name",
        noun: "a name",
        allowed: "1 to 64 of A-Z, a-z, 0-9, dot, dash and underscore"
    ) { text in
        if text.utf8.count > 64 { return "it has \(text.utf8.count) bytes" }
        return !text.isEmpty && text.utf8.allSatisfy(isNameByte) ? nil : ""
    }

    /// What keys in a store begin with.
    static let keyPrefix = TextRule(
        type: "path",
        noun: "a key prefix",
        allowed: "/ and names joined by /, up to 255 bytes"
    ) { text in
        let names = text.split(separator: "/", omittingEmptySubsequences: false)
        if text.utf8.count > 255 { return "it has \(text.utf8.count) bytes" }
        guard names.count >= 2, names[0].isEmpty else { return text.isEmpty ? "it is empty" : .meant("/\(text)") }
        if names[1...].contains("") { return "no / at the end and no two in a row" }
        return names[1...].allSatisfy { $0.utf8.allSatisfy(isNameByte) } ? nil : ""
    }

    // MARK: Parts

    /// What is wrong with a scheme, a host and perhaps a port.
    ///
    /// - Parameter scheme: The one to suggest where none is given.
    private static func objectionToURL(_ text: String, scheme: String) -> Objection? {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else {
            let usual = text.hasPrefix("localhost") ? "http" : scheme
            return isAuthority(text[...]) ? .meant("\(usual)://\(text)") : ""
        }
        guard ["http", "https"].contains(text[..<colon]) else { return "the scheme is http or https" }
        let rest = text[colon...].dropFirst(3)
        if rest.hasSuffix("/"), isAuthority(rest.dropLast()) { return .meant("\(text.dropLast())") }
        return isAuthority(rest) ? nil : "a host and perhaps a port, and no path"
    }

    /// A scheme that is no mistyped http or https, nor one that pages do not have, and a host.
    private static func isAppOrigin(_ text: String) -> Bool {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { return false }
        let scheme = String(text[..<colon])
        let isWord = scheme.utf8.allSatisfy {
            (97...122).contains($0) || (48...57).contains($0) || [43, 45, 46].contains($0)
        }
        return isWord && scheme.utf8.first.map { (97...122).contains($0) } == true
            && Suggestion.nearest(to: scheme, among: ["http", "https", "ws", "wss", "ftp", "file"]) == nil
            && isAuthority(text[colon...].dropFirst(3))
    }

    /// The form `host`, `host:port`, `[v6]` or `[v6]:port`.
    static func isAuthority(_ text: Substring) -> Bool {
        if text.hasPrefix("["), text.hasSuffix("]") { return isIPv6(text.dropFirst().dropLast()) }
        guard text.contains(":") else { return isHost(text) }
        return !text.hasPrefix(":") && address.objection(String(text)) == nil
    }

    static func isHost(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 253
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                !label.isEmpty && !label.hasPrefix("-") && !label.hasSuffix("-")
                    && label.utf8.allSatisfy { isNameByte($0) && $0 != 0x2E }
            }
    }

    static func isIPv6(_ text: Substring) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET6, String(text), &address) == 1
    }

    static func isPort(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) } && UInt16(text) != nil
    }

    /// Letters, digits, dot, dash, underscore.
    static func isNameByte(_ byte: UInt8) -> Bool {
        (65...90).contains(byte) || (97...122).contains(byte) || (48...57).contains(byte)
            || byte == 0x2D || byte == 0x2E || byte == 0x5F
    }
}
