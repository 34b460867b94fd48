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
        if text.contains("@") { return "user and password belong in bus.redis.user and bus.redis.password_file" }
        return objectionToServer(text, usualPort: 6379)
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

    // MARK: Parts

    /// What of a URL, its scheme taken off, is written elsewhere here.
    private static func objectionToURL(_ text: Substring, isSecure: Bool) -> Objection {
        if text.contains("@") { return "user and password belong in bus.redis.user and bus.redis.password_file" }
        if isSecure { return "no scheme here; TLS is bus.redis.tls.enabled: true" }
        let place = text.hasSuffix("/") ? text.dropLast() : text
        if place.contains("/") { return "no scheme and no path here; the database is bus.redis.db" }
        guard isAuthority(place) else { return "no scheme here" }
        return .meant(place.contains(":") && !place.hasSuffix("]") ? "\(place)" : "\(place):6379")
    }

}
