// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Decides from which pages a browser may open a WebSocket here.
///
/// A page of the same host and port always may, and so may a client that names no origin: it is no browser, and could name
/// any. Others must be on the list. `null` (a sandboxed page, a file), `file://` and `*` may stand there too; each opens the
/// hub to more than its operator can know, which ``exposures`` says.
package struct OriginPolicy: Sendable {
    /// An entry that is neither an origin nor a wildcard.
    package struct PatternError: Error, Hashable, Sendable {
        /// The entry, as it was configured.
        package let pattern: String
        /// What it should look like.
        package var message: String {
            "\"\(pattern)\" is no origin: write https://app.example.org, with a port if it is not the scheme's,"
                + " *.example.org, null, file:// or *"
        }
    }

    /// An entry that opens the hub to pages of people whom nobody has named.
    package enum Exposure: String, CaseIterable, Sendable {
        case any = "*"
        case null = "null"
        case files = "file://"

        /// What the entry opens, for the log.
        package var meaning: String {
            switch self {
            case .any: "every page of the web may connect, from the browser of anyone who opens it"
            case .null: "sandboxed frames, data: pages and files may connect, which every site can make"
            case .files: "every page that calls itself a file may connect; browsers send null for files"
            }
        }
    }

    private var origins: [Origin] = []
    /// Each with the dot that it starts with.
    private var suffixes: [String] = []
    /// The entries that open the hub widely, in the order of the list.
    package private(set) var exposures: [Exposure] = []

    /// A policy of the same host alone.
    package init() {}

    /// A policy of the same host and a list.
    ///
    /// - Parameter allowed: Each an exact origin (`https://app.example.org`, or that of an app with a scheme of its own,
    ///   `capacitor://localhost`), `*.example.org` for every host below `example.org`, though not itself, by http or https
    ///   and any port, or an ``Exposure``.
    package init(allowed: [String]) throws(PatternError) {
        for pattern in allowed {
            if let exposure = Exposure(rawValue: pattern) {
                exposures.append(exposure)
            } else if pattern.utf8.starts(with: "*.".utf8) {
                guard let host = HTTPAuthority(Array(pattern.utf8.dropFirst(2))), host.port == nil,
                    !host.host.utf8.starts(with: "[".utf8), !host.host.utf8.starts(with: ".".utf8)
                else { throw PatternError(pattern: pattern) }
                suffixes.append("." + host.host)
            } else {
                guard let origin = Origin(pattern), origin.isPage else { throw PatternError(pattern: pattern) }
                origins.append(origin)
            }
        }
    }

    /// Whether a request may open a WebSocket.
    ///
    /// - Parameter origin: The request's `Origin`, if it has one.
    /// - Parameter host: The request's `Host`.
    package func allows(origin: String?, host: String?) -> Bool {
        guard let origin, !exposures.contains(.any) else { return true }
        if let exposure = Exposure(rawValue: origin) { return exposures.contains(exposure) }
        guard let origin = Origin(received: origin) else { return false }
        if origin.isWeb, let here = Self.authority(host), here.host == origin.authority.host,
            here.port(scheme: origin.scheme) == origin.port
        {
            return true
        }
        return origins.contains(origin)
            || origin.isWeb && suffixes.contains { origin.authority.host.utf8.hasSuffix($0.utf8) }
    }

    /// What whoever meant a refused page to pass can do about it, for the log.
    ///
    /// - Parameter origin: The refused request's `Origin`.
    /// - Parameter host: Its `Host`.
    package static func advice(origin: String, host: String?) -> String {
        guard origin != Exposure.null.rawValue else {
            return "a file, sandboxed frame or data: page, which every site can make: server.allowed_origins \"null\""
        }
        guard let page = Origin(received: origin) else {
            return "no origin: that is a scheme and a host, without a path; a client that is no page may send none"
        }
        if page.isWeb, let here = authority(host), here.host == page.authority.host {
            return "same host and another port: if another server has the page, name it in server.allowed_origins;"
                + " if a proxy is in front, it has to pass Host on as it came (nginx: $http_host)"
        }
        return "a page on another host than the hub: if it is one of yours, add its origin to server.allowed_origins;"
            + " if Host is not what browsers see, the proxy in front has to pass it on as it came (nginx: $http_host)"
    }

    private static func authority(_ host: String?) -> HTTPAuthority? { host.flatMap { HTTPAuthority(Array($0.utf8)) } }
}

/// A scheme, a host and a port, as a browser sends them.
private struct Origin: Equatable, Sendable {
    /// In small letters.
    let scheme: String
    let authority: HTTPAuthority

    var port: Int? { authority.port(scheme: scheme) }
    /// Whether it is of the web, and not of an app.
    var isWeb: Bool { scheme == "http" || scheme == "https" }
    /// Whether pages can have this scheme: those of files have no host, those of sockets and transfers are no pages'.
    var isPage: Bool { !["ws", "wss", "ftp", "file"].contains(scheme) }

    init?(_ text: String) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), colon != text.startIndex,
            text.utf8[colon...].starts(with: "://".utf8), text.utf8[..<colon].allSatisfy(Self.isSchemeByte),
            let authority = HTTPAuthority(Array(text.utf8[colon...].dropFirst(3)))
        else { return nil }
        scheme = String(decoding: text.utf8[..<colon].map(ASCII.lowercased), as: UTF8.self)
        self.authority = authority
    }

    /// An origin as a client sent it: some add the slash of a URL.
    init?(received text: String) { self.init(text.utf8.last == UInt8(ascii: "/") ? String(text.dropLast()) : text) }

    private static func isSchemeByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
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
