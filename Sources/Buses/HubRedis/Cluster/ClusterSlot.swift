// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The slot of a key or channel in a cluster: CRC-16/XMODEM modulo 16 384 (Redis cluster specification, "Key distribution
/// model").
enum ClusterSlot {
    /// How many slots a cluster has.
    static let count = 16_384

    /// What a byte does to the sum, for each byte.
    private static let table: [UInt16] = (0..<256).map { byte in
        var crc = UInt16(byte) << 8
        for _ in 0..<8 { crc = crc & 0x8000 != 0 ? crc << 1 ^ 0x1021 : crc << 1 }
        return crc
    }

    static func of(_ key: [UInt8]) -> Int { Int(crc(tagged(key))) % count }

    /// What stands between the first brace and the next closing one, unless that is nothing.
    private static func tagged(_ key: [UInt8]) -> ArraySlice<UInt8> {
        guard let open = key.firstIndex(of: UInt8(ascii: "{")) else { return key[...] }
        let rest = key[(open + 1)...]
        guard let close = rest.firstIndex(of: UInt8(ascii: "}")), close > rest.startIndex else { return key[...] }
        return rest[..<close]
    }

    private static func crc(_ bytes: ArraySlice<UInt8>) -> UInt16 {
        bytes.reduce(0) { crc, byte in crc << 8 ^ table[Int(crc >> 8 ^ UInt16(byte))] }
    }
}
