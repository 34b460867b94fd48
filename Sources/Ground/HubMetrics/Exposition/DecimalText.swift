// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Writes integers in decimal, two digits a step, without allocating.
enum DecimalText {
    /// What a number takes at most: 20 digits, or 11 digits, a point and 9 digits.
    static let maximumBytes = 21

    private static let pairs: StaticString = """
        0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
        5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
        """

    /// How many decimal digits the value has, 1 through 20.
    @inline(__always)
    static func digits(_ value: UInt64) -> Int {
        // 1233/4096 is a little over log10(2): the guess is right or one too high.
        let guess = ((64 &- (value | 1).leadingZeroBitCount) &* 1233) >> 12
        return guess &+ (value >= powers[guess] ? 1 : 0)
    }

    /// Writes the value and returns how many bytes that took.
    @inline(__always)
    static func write(_ value: UInt64, to target: UnsafeMutableRawPointer) -> Int {
        if value < 10 {
            target.storeBytes(of: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value), as: UInt8.self)
            return 1
        }
        let count = digits(value)
        write(value, digits: count, to: target)
        return count
    }

    /// Writes exactly `count` digits, with leading zeros.
    @inline(__always)
    static func write(_ value: UInt64, digits count: Int, to target: UnsafeMutableRawPointer) {
        let pairs = Self.pairs.utf8Start
        var rest = value
        var place = count
        while place >= 2 {
            let quotient = rest / 100
            let pair = Int(truncatingIfNeeded: rest &- quotient &* 100) &* 2
            rest = quotient
            place &-= 2
            target.storeBytes(of: pairs[pair], toByteOffset: place, as: UInt8.self)
            target.storeBytes(of: pairs[pair &+ 1], toByteOffset: place &+ 1, as: UInt8.self)
        }
        if place == 1 {
            target.storeBytes(of: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10), as: UInt8.self)
        }
    }

    /// Writes a count of nanoseconds as seconds, exactly and without trailing zeros; returns how many bytes that took.
    static func write(nanoseconds value: UInt64, to target: UnsafeMutableRawPointer) -> Int {
        let (seconds, rest) = value.quotientAndRemainder(dividingBy: 1_000_000_000)
        var count = write(seconds, to: target)
        guard rest != 0 else { return count }
        target.storeBytes(of: UInt8(ascii: "."), toByteOffset: count, as: UInt8.self)
        write(rest, digits: 9, to: target + count + 1)
        count += 10
        while target.load(fromByteOffset: count - 1, as: UInt8.self) == UInt8(ascii: "0") { count -= 1 }
        return count
    }

    /// 10⁰ … 10¹⁹.
    private static let powers: [20 of UInt64] = [
        1, 10, 100, 1_000,
        10_000, 100_000, 1_000_000, 10_000_000,
        100_000_000, 1_000_000_000, 10_000_000_000, 100_000_000_000,
        1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
        10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
    ]
}
