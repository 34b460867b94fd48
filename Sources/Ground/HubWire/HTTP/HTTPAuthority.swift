// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A host and its port, as a `Host` field, an absolute target and an `Origin` name them.
struct HTTPAuthority: Equatable, Sendable {
    /// In small letters; an IPv6 address with its brackets.
    var host: String
    /// `nil` if none is named: then it is the scheme's.
    var port: Int?

    /// Reads `host`, `host:port` or `[address]:port`; `nil` for anything else, user information among it.
    init?(_ bytes: some BidirectionalCollection<UInt8>) {
        var rest = bytes[...]
        if rest.first == UInt8(ascii: "[") {
            guard let close = rest.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            let address = rest[rest.index(after: rest.startIndex)..<close]
            guard address.contains(UInt8(ascii: ":")), address.allSatisfy(Self.isAddressByte) else { return nil }
            let end = rest.index(after: close)
            host = Self.lowercased(rest[..<end])
            rest = rest[end...]
        } else {
            let end = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.endIndex
            guard ASCIISet.host.containsAll(rest[..<end]) else { return nil }
            host = Self.lowercased(rest[..<end])
            rest = rest[end...]
        }
        guard let colon = rest.first else { return }
        let digits = rest.dropFirst()
        guard colon == UInt8(ascii: ":"), digits.count <= 5, let port = ASCII.decimal(digits), port <= 65_535 else {
            return nil
        }
        self.port = port
    }

    /// The port, or the one that is meant where none is named.
    func port(scheme: String) -> Int? {
        port ?? (scheme == "https" || scheme == "wss" ? 443 : scheme == "http" || scheme == "ws" ? 80 : nil)
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        ASCII.hexValue(byte) != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }

    private static func lowercased(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: bytes.map(ASCII.lowercased), as: UTF8.self)
    }
}
