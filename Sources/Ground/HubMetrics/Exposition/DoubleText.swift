// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Writes doubles as the fewest decimal digits that read back as the same number, without allocating.
enum DoubleText {
    /// What a number takes at most: sign, 17 digits, point, up to 17 zeros around it, or an exponent.
    static let maximumBytes = 40

    /// Writes a sample's value: whole numbers without a point; returns how many bytes that took.
    static func write(_ value: Double, to target: UnsafeMutableRawPointer) -> Int {
        if value.magnitude < 9_007_199_254_740_992, value == value.rounded(.towardZero) {
            guard value < 0 else { return DecimalText.write(UInt64(value), to: target) }
            target.storeBytes(of: UInt8(ascii: "-"), as: UInt8.self)
            return 1 + DecimalText.write(UInt64(-value), to: target + 1)
        }
        return write(value, exponentFrom: 17, to: target)
    }

    /// Writes a bucket's bound as OpenMetrics has it: always with a point or an exponent, that from 10⁶ and below 10⁻⁴.
    static func write(bound: Double, to target: UnsafeMutableRawPointer) -> Int {
        var count = write(bound, exponentFrom: 6, to: target)
        guard bound.isFinite else { return count }
        for index in 0..<count {
            let byte = target.load(fromByteOffset: index, as: UInt8.self)
            if byte == UInt8(ascii: ".") || byte == UInt8(ascii: "e") { return count }
        }
        for byte in ".0".utf8 {
            target.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
            count += 1
        }
        return count
    }

    /// Writes the shortest digits, with an exponent from 10 to the power of `limit` on.
    private static func write(_ value: Double, exponentFrom limit: Int, to target: UnsafeMutableRawPointer) -> Int {
        var cursor = ExpositionCursor(at: target)
        if value.isNaN {
            cursor.append("NaN")
        } else if value.isInfinite {
            cursor.append(value < 0 ? "-Inf" : "+Inf")
        } else {
            if value < 0 { cursor.append(byte: UInt8(ascii: "-")) }
            write(ShortestDecimal(value.magnitude), exponentFrom: limit, to: &cursor)
        }
        return cursor.position - target
    }

    private static func write(_ decimal: ShortestDecimal, exponentFrom limit: Int, to cursor: inout ExpositionCursor) {
        let digits = decimal.count
        // The place of the first digit: 0 for units.
        let exponent = decimal.exponent + digits - 1
        if exponent < -4 || exponent >= limit {
            decimal.write(0..<1, to: &cursor)
            if digits > 1 {
                cursor.append(byte: UInt8(ascii: "."))
                decimal.write(1..<digits, to: &cursor)
            }
            cursor.append(exponent < 0 ? "e-" : "e+")
            if exponent.magnitude < 10 { cursor.append(byte: UInt8(ascii: "0")) }
            cursor.append(UInt64(exponent.magnitude))
        } else if exponent < 0 {
            cursor.append("0.")
            for _ in 0..<(-exponent - 1) { cursor.append(byte: UInt8(ascii: "0")) }
            decimal.write(0..<digits, to: &cursor)
        } else if exponent >= digits - 1 {
            decimal.write(0..<digits, to: &cursor)
            for _ in 0..<(exponent - digits + 1) { cursor.append(byte: UInt8(ascii: "0")) }
        } else {
            decimal.write(0..<(exponent + 1), to: &cursor)
            cursor.append(byte: UInt8(ascii: "."))
            decimal.write((exponent + 1)..<digits, to: &cursor)
        }
    }
}
