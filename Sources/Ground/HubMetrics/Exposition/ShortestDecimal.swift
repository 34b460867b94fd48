// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The fewest decimal digits that read back as a given double, the nearest of them where there are several.
struct ShortestDecimal {
    /// The digits as one integer, without trailing zeros; at most 17 digits.
    let digits: UInt64
    /// The power of ten of the last digit.
    let exponent: Int
    /// How many digits there are.
    let count: Int

    /// - Parameter value: Finite, not negative.
    init(_ value: Double) {
        var (digits, exponent) = Self.short(value) ?? Self.exact(value)
        while digits != 0, digits % 10 == 0 {
            digits /= 10
            exponent += 1
        }
        self.digits = digits
        self.exponent = digits == 0 ? 0 : exponent
        self.count = digits == 0 ? 1 : DecimalText.digits(digits)
    }

    /// Writes some of the digits, counted from the first.
    func write(_ range: Range<Int>, to cursor: inout ExpositionCursor) {
        var divisor: UInt64 = 1
        for _ in range.lowerBound..<(count - 1) { divisor *= 10 }
        for _ in range {
            cursor.append(byte: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digits / divisor % 10))
            divisor = max(divisor / 10, 1)
        }
    }

    /// Finds up to 15 digits, of numbers of ordinary size.
    ///
    /// The quotient of two integers that a double holds exactly is the double nearest to the decimal that they spell, so
    /// an equal quotient reads back. Below 2⁵⁰ no other integer than the one tried could, so the first found is shortest.
    private static func short(_ value: Double) -> (digits: UInt64, exponent: Int)? {
        var scale = 1.0
        for places in 0...20 {
            let scaled = value * scale
            guard scaled < 1_125_899_906_842_624 else { return nil }
            let digits = scaled.rounded()
            if digits / scale == value { return (UInt64(digits), -places) }
            scale *= 10
        }
        return nil
    }

    /// Finds the digits by exact arithmetic: Steele and White's, Burger and Dybvig's free-format algorithm.
    ///
    /// `remainder / scale` is what is left of the value; `below` and `above`, over the same scale, are how far the
    /// neighbouring doubles are, halved.
    private static func exact(_ value: Double) -> (digits: UInt64, exponent: Int) {
        let isSubnormal = value.exponentBitPattern == 0
        let mantissa = value.significandBitPattern | (isSubnormal ? 0 : 1 << 52)
        let power = Int(max(value.exponentBitPattern, 1)) - 1075
        // Below a power of two, the next double is half as far as above it.
        let isUneven = value.significandBitPattern == 0 && value.exponentBitPattern > 1
        let isEven = mantissa & 1 == 0

        var remainder = BigInteger(mantissa)
        var scale = BigInteger(1)
        var below = BigInteger(1)
        let extra = isUneven ? 2 : 1
        remainder.shiftLeft(max(power, 0) + extra)
        scale.shiftLeft(max(-power, 0) + extra)
        below.shiftLeft(max(power, 0))
        var above = below
        if isUneven { above.shiftLeft(1) }

        // log10(2) times the binary exponent is never too high, and at most one too low.
        let binary = 63 - mantissa.leadingZeroBitCount + power
        var place = Int((Double(binary) * 0.301_029_995_663_981_2 - 1e-10).rounded(.up))
        if place >= 0 {
            scale.multiply(byPowerOfTen: place)
        } else {
            remainder.multiply(byPowerOfTen: -place)
            below.multiply(byPowerOfTen: -place)
            above.multiply(byPowerOfTen: -place)
        }
        let highest = remainder.comparedSum(above, to: scale)
        if highest > 0 || (isEven && highest == 0) {
            place += 1
        } else {
            remainder.multiply(by: 10)
            below.multiply(by: 10)
            above.multiply(by: 10)
        }

        var digits: UInt64 = 0
        while true {
            var digit: UInt64 = 0
            while remainder.compare(to: scale) >= 0 {
                remainder.subtract(scale)
                digit += 1
            }
            place -= 1
            let low = remainder.compare(to: below)
            let high = remainder.comparedSum(above, to: scale)
            let endsLow = low < 0 || (isEven && low == 0)
            let endsHigh = high > 0 || (isEven && high == 0)
            if !endsLow, !endsHigh {
                digits = digits * 10 + digit
                remainder.multiply(by: 10)
                below.multiply(by: 10)
                above.multiply(by: 10)
                continue
            }
            let roundsUp = endsHigh && (!endsLow || remainder.comparedSum(remainder, to: scale) >= 0)
            return (digits * 10 + digit + (roundsUp ? 1 : 0), place)
        }
    }
}

/// A whole number of up to 1280 bits on the stack: enough for any double's exact arithmetic, with room to spare.
private struct BigInteger {
    private var words: [40 of UInt32] = .init(repeating: 0)
    private var used = 0

    init(_ value: UInt64) {
        words[0] = UInt32(truncatingIfNeeded: value)
        words[1] = UInt32(truncatingIfNeeded: value >> 32)
        used = words[1] != 0 ? 2 : 1
    }

    mutating func shiftLeft(_ bits: Int) {
        for _ in 0..<(bits / 31) { multiply(by: 1 << 31) }
        multiply(by: 1 << UInt32(bits % 31))
    }

    mutating func multiply(byPowerOfTen power: Int) {
        for _ in 0..<(power / 9) { multiply(by: 1_000_000_000) }
        for _ in 0..<(power % 9) { multiply(by: 10) }
    }

    mutating func multiply(by factor: UInt32) {
        var carry: UInt64 = 0
        for index in 0..<used {
            let product = UInt64(words[index]) * UInt64(factor) + carry
            words[index] = UInt32(truncatingIfNeeded: product)
            carry = product >> 32
        }
        if carry != 0, used < 40 {
            words[used] = UInt32(truncatingIfNeeded: carry)
            used += 1
        }
    }

    /// Takes away a number that is not greater.
    mutating func subtract(_ other: BigInteger) {
        var borrow: Int64 = 0
        for index in 0..<used {
            let difference = Int64(words[index]) - Int64(other.words[index]) + borrow
            words[index] = UInt32(truncatingIfNeeded: difference)
            borrow = difference < 0 ? -1 : 0
        }
        while used > 1, words[used - 1] == 0 { used -= 1 }
    }

    /// Negative, zero or positive as this is less than, equal to or greater than the other.
    func compare(to other: BigInteger) -> Int {
        if used != other.used { return used - other.used }
        for index in stride(from: used - 1, through: 0, by: -1) where words[index] != other.words[index] {
            return words[index] < other.words[index] ? -1 : 1
        }
        return 0
    }

    /// As ``compare(to:)``, for the sum of this and `addend`.
    func comparedSum(_ addend: BigInteger, to other: BigInteger) -> Int {
        var sum = self
        var carry: UInt64 = 0
        let length = max(used, addend.used)
        for index in 0..<length {
            let word = UInt64(words[index]) + UInt64(addend.words[index]) + carry
            sum.words[index] = UInt32(truncatingIfNeeded: word)
            carry = word >> 32
        }
        sum.used = length
        if carry != 0, length < 40 {
            sum.words[length] = 1
            sum.used = length + 1
        }
        return sum.compare(to: other)
    }
}
