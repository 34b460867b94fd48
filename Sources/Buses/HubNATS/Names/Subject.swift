// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A subject of NATS, ready for the library.
struct Subject: Hashable, Sendable, CustomStringConvertible {
    /// With the byte that ends it.
    let cString: [CChar]

    /// Takes the bytes of a subject, of which none is 0.
    init(_ bytes: some Sequence<UInt8>) { cString = bytes.map { CChar(bitPattern: $0) } + [0] }

    /// Copies a subject of the library's.
    init(cString: UnsafePointer<CChar>) {
        var count = 0
        while cString[count] != 0 { count += 1 }
        self.cString = Array(UnsafeBufferPointer(start: cString, count: count + 1))
    }

    /// Without the byte that ends it.
    var bytes: some Collection<UInt8> { cString.dropLast().lazy.map { UInt8(bitPattern: $0) } }

    var description: String { String(decoding: bytes, as: UTF8.self) }
}

extension UInt64 {
    /// Sixteen digits, for names that are to have one length.
    var hexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
