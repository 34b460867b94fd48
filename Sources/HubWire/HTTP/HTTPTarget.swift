// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A request's target, split: a path with or without a query, an absolute URL of this server, or `*` for OPTIONS.
struct HTTPTarget {
    var path: ArraySlice<UInt8>
    var query: ArraySlice<UInt8>?
    /// The authority of an absolute URL.
    var authority: HTTPAuthority?

    init(_ target: ArraySlice<UInt8>, method: String) throws(HTTPError) {
        var rest = target
        if rest.elementsEqual(CollectionOfOne(UInt8(ascii: "*"))) {
            guard method == "OPTIONS" else { throw HTTPError(.badTarget) }
            path = rest
            return
        }
        if rest.first != UInt8(ascii: "/") {
            (authority, rest) = try Self.splitURL(rest)
        }
        let mark = rest.firstIndex(of: UInt8(ascii: "?"))
        path = rest[..<(mark ?? rest.endIndex)]
        query = mark.map { rest[($0 + 1)...] }
        guard Self.isWellFormed(path, .path), Self.isWellFormed(query ?? [], .query) else {
            throw HTTPError(.badTarget)
        }
        if path.isEmpty { path = [UInt8(ascii: "/")] }
    }

    /// Splits `http://authority/path`: of a proxy's making, with a scheme of this server and no user information.
    private static func splitURL(
        _ target: ArraySlice<UInt8>
    ) throws(HTTPError) -> (HTTPAuthority, ArraySlice<UInt8>) {
        for scheme: StaticString in ["http://", "https://"] {
            let start = target.prefix(scheme.utf8CodeUnitCount)
            guard ASCII.equalIgnoringCase(start, scheme.bytes) else { continue }
            let rest = target[start.endIndex...]
            let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
            guard let authority = HTTPAuthority(rest[..<end]) else { break }
            return (authority, rest[end...])
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
