// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Decides from which pages a browser may open a WebSocket here.
///
/// A page of the same host and port always may, and so may a client that names no origin: it is no browser, and could name
/// any. Others must be on the list. `null` (a sandboxed page, a file) never may.
package struct OriginPolicy: Sendable {
    /// An entry that is neither an origin nor a wildcard.
    package struct PatternError: Error, Hashable, Sendable {
        /// The entry, as it was configured.
        package let pattern: String
        /// What it should look like.
        package var message: String {
            "\"\(pattern)\" is no origin: write https://app.example.org, with a port if it is not the scheme's,"
                + " or *.example.org"
        }
    }

    private var origins: [Origin] = []
    /// Each with the dot that it starts with.
    private var suffixes: [String] = []

    /// A policy of the same host alone.
    package init() {}

    /// A policy of the same host and a list.
    ///
    /// - Parameter allowed: Each an exact origin (`https://app.example.org`), or `*.example.org` for every host below
    ///   `example.org`, though not itself, by http or https and any port.
    package init(allowed: [String]) throws(PatternError) {
        for pattern in allowed {
            if pattern.utf8.starts(with: "*.".utf8) {
                guard let host = HTTPAuthority(Array(pattern.utf8.dropFirst(2))), host.port == nil,
                    !host.host.utf8.starts(with: "[".utf8), !host.host.utf8.starts(with: ".".utf8)
                else { throw PatternError(pattern: pattern) }
                suffixes.append("." + host.host)
            } else {
                guard let origin = Origin(pattern) else { throw PatternError(pattern: pattern) }
                origins.append(origin)
            }
        }
    }

    /// Whether a request may open a WebSocket.
    ///
    /// - Parameter origin: The request's `Origin`, if it has one.
    /// - Parameter host: The request's `Host`.
    package func allows(origin: String?, host: String?) -> Bool {
        guard let origin else { return true }
        guard let origin = Origin(origin) else { return false }
        if let host, let here = HTTPAuthority(Array(host.utf8)), here.host == origin.authority.host,
            here.port(scheme: origin.scheme) == origin.port
        {
            return true
        }
        return origins.contains(origin) || suffixes.contains { origin.authority.host.utf8.hasSuffix($0.utf8) }
    }
}

/// A scheme, a host and a port, as a browser sends them.
private struct Origin: Equatable, Sendable {
    let scheme: String
    let authority: HTTPAuthority

    var port: Int? { authority.port(scheme: scheme) }

    init?(_ text: String) {
        for scheme in ["http", "https"] {
            let start = scheme + "://"
            guard ASCII.equalIgnoringCase(text.utf8.prefix(start.utf8.count), start.utf8) else { continue }
            guard let authority = HTTPAuthority(Array(text.utf8.dropFirst(start.utf8.count))) else { return nil }
            self.scheme = scheme
            self.authority = authority
            return
        }
        return nil
    }

    static func == (one: Origin, other: Origin) -> Bool {
        one.scheme == other.scheme && one.authority.host == other.authority.host && one.port == other.port
    }
}

extension String.UTF8View {
    /// Whether these bytes end with `suffix` and have more before it.
    fileprivate func hasSuffix(_ suffix: String.UTF8View) -> Bool {
        count > suffix.count && self.suffix(suffix.count).elementsEqual(suffix)
    }
}
