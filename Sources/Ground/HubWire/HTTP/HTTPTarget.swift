// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A request's target, split: a path with or without a query, an absolute URL of this server, or `*` for OPTIONS.
struct HTTPTarget {
    var path: ArraySlice<UInt8>
    var query: ArraySlice<UInt8>?
    /// The scheme and authority of an absolute URL.
    private var server: (scheme: String, authority: HTTPAuthority)?

    init(_ target: ArraySlice<UInt8>, method: String) throws(HTTPError) {
        var rest = target
        if rest.elementsEqual(CollectionOfOne(UInt8(ascii: "*"))) {
            guard method == "OPTIONS" else { throw HTTPError(.badTarget) }
            path = rest
            return
        }
        if rest.first != UInt8(ascii: "/") {
            let (scheme, authority, path) = try Self.splitURL(rest)
            server = (scheme, authority)
            rest = path
        }
        let mark = rest.firstIndex(of: UInt8(ascii: "?"))
        path = rest[..<(mark ?? rest.endIndex)]
        query = mark.map { rest[($0 + 1)...] }
        guard Self.isWellFormed(path, .path), Self.isWellFormed(query ?? [], .query) else {
            throw HTTPError(.badTarget)
        }
        if path.isEmpty { path = [UInt8(ascii: "/")] }
    }

    /// Whether a `Host` names the same server as an absolute URL does; there is no other unless there is one.
    func agrees(with host: HTTPAuthority) -> Bool {
        guard let (scheme, named) = server else { return true }
        return host.host == named.host && host.port(scheme: scheme) == named.port(scheme: scheme)
    }

    /// Splits `http://authority/path`: of a proxy's making, with a scheme of this server and no user information.
    private static func splitURL(
        _ target: ArraySlice<UInt8>
    ) throws(HTTPError) -> (scheme: String, HTTPAuthority, path: ArraySlice<UInt8>) {
        for (scheme, prefix) in [("http", "http://" as StaticString), ("https", "https://")] {
            let start = target.prefix(prefix.utf8CodeUnitCount)
            guard ASCII.equalIgnoringCase(start, prefix.bytes) else { continue }
            let rest = target[start.endIndex...]
            let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
            guard let authority = HTTPAuthority(rest[..<end]) else { break }
            return (scheme, authority, rest[end...])
        }
        throw HTTPError(.badTarget)
    }

    /// Whether all characters are allowed and each percent sign is followed by two digits that are not 00.
    private static func isWellFormed(_ text: ArraySlice<UInt8>, _ allowed: ASCIISet) -> Bool {
        for index in text.indices {
            guard allowed.contains(text[index]) else { return false }
            guard text[index] == UInt8(ascii: "%") else { continue }
            guard text.endIndex - index > 2,
                let high = ASCII.hexValue(text[index + 1]), let low = ASCII.hexValue(text[index + 2]),
                high | low != 0
            else { return false }
        }
        return true
    }
}
