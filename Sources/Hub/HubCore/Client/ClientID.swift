// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The name of one connection: a UUID of version 7 (RFC 9562 section 5.7), so that names sort by the time of connecting.
package struct ClientID: Hashable, Sendable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    /// Makes a new one from the time and 74 random bits.
    ///
    /// - Parameter unixMilliseconds: The wall clock; the low 48 bits are used.
    /// - Parameter generator: Must be unpredictable: who knows a client's id can write to it.
    /// - Parameter tag: What the last 16 of the random bits are to be, so that other nodes know whose client it is; 58 stay
    ///   secret then.
    package init(
        unixMilliseconds: Int64,
        tag: UInt16? = nil,
        using generator: inout some RandomNumberGenerator
    ) {
        self.init(unixMilliseconds: unixMilliseconds, tag: tag, random: (generator.next(), generator.next()))
    }

    /// Makes a new one of the system's random numbers.
    init(unixMilliseconds: Int64, tag: UInt16?) {
        self.init(
            unixMilliseconds: unixMilliseconds,
            tag: tag,
            random: (.random(in: .min ... .max), .random(in: .min ... .max))
        )
    }

    private init(unixMilliseconds: Int64, tag: UInt16?, random: (UInt64, UInt64)) {
        let time = UInt64(bitPattern: unixMilliseconds) & 0xFFFF_FFFF_FFFF
        high = time << 16 | 0x7000 | (random.0 & 0x0FFF)
        let secret = 0x8000_0000_0000_0000 | (random.1 & 0x3FFF_FFFF_FFFF_FFFF)
        low = tag.map { secret & ~0xFFFF | UInt64($0) } ?? secret
    }

    /// The last 16 bits: in an id that a node with a bus made, the tag of that node.
    package var tag: UInt16 { UInt16(truncatingIfNeeded: low) }

    /// The 16 bytes of the UUID.
    package var bytes: [UInt8] {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { Array($0) }
    }

    /// Reads the 16 bytes of the UUID; nil for any other number of bytes.
    package init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 16 else { return nil }
        high = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
        low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }

    /// Reads the 36-character text form, either case of letters.
    package init?(_ text: String) {
        var halves: (UInt64, UInt64) = (0, 0)
        var digits = 0
        var position = 0
        for byte in text.utf8 {
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
            } else {
                guard let digit = ClientID.hexDigit(byte) else { return nil }
                if digits < 16 { halves.0 = halves.0 << 4 | digit } else { halves.1 = halves.1 << 4 | digit }
                digits += 1
            }
            position += 1
            if position > 36 { return nil }
        }
        guard position == 36 else { return nil }
        (high, low) = halves
    }

    /// The 36-character text form, lower case.
    package var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            write(to: buffer)
            return 36
        }
    }

    /// Appends the 36 bytes of the text form.
    package func append(to bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 36) { buffer in
            write(to: buffer)
            bytes.append(contentsOf: buffer)
        }
    }

    private func write(to buffer: UnsafeMutableBufferPointer<UInt8>) {
        var position = 0
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 {
                buffer[position] = UInt8(ascii: "-")
                position += 1
            }
            let half = index < 16 ? high : low
            let digit = UInt8(truncatingIfNeeded: half >> UInt64(60 - 4 * (index & 15))) & 0xF
            buffer[position] = digit < 10 ? digit + UInt8(ascii: "0") : digit - 10 + UInt8(ascii: "a")
            position += 1
        }
    }

    private static func hexDigit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
