// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Who a server has to prove to be: the reference identity of RFC 9525.
enum PeerName: Hashable, Sendable, CustomStringConvertible {
    /// A name, compared with the certificate's DNS names and sent as SNI (RFC 6066 section 3).
    ///
    /// A wildcard stands for one whole label of letters, digits and hyphens, not for one with an underscore.
    case dns(String)
    /// An address, compared with the certificate's IP addresses; no SNI is sent for it.
    case ip(String)

    /// Tells a name from an address.
    ///
    /// What is no host name is refused: OpenSSL takes an empty name for "do not compare", and one with a leading dot for
    /// every name below it.
    ///
    /// - Throws: ``TLSError`` `.badOptions`.
    init(_ host: String) throws(TLSError) {
        // The interface of a link-local IPv6 address is of this machine only.
        let address = host.contains(":") ? String(host.prefix { $0 != "%" }) : host
        if Self.isAddress(address) {
            self = .ip(address)
            return
        }
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let areLabels = labels.allSatisfy { (1...63).contains($0.count) && $0.allSatisfy(Self.isNameByte) }
        guard name.utf8.count <= 253, areLabels else {
            throw TLSError(
                .badOptions,
                "\"\(printable(host.utf8, limit: 300))\" is no server name: it has to be an IP address, or up to 253 letters, "
                    + "digits, \"-\", \"_\" and single dots"
            )
        }
        self = .dns(name)
    }

    /// The name or address.
    var description: String {
        switch self {
        case .dns(let name): name
        case .ip(let address): address
        }
    }

    private static func isAddress(_ text: String) -> Bool {
        // Text with a null byte would be read up to there only.
        guard !text.utf8.contains(0) else { return false }
        var address = in6_addr()
        return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
