// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Writes samples to memory that has been made large enough.
struct ExpositionCursor {
    /// What one number takes at most.
    static let numberBytes = 32

    private(set) var position: UnsafeMutableRawPointer

    init(at position: UnsafeMutableRawPointer) {
        self.position = position
    }

    @inline(__always)
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        position.copyMemory(from: start, byteCount: bytes.count)
        position += bytes.count
    }

    mutating func append(_ literal: StaticString) {
        append(UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    @inline(__always)
    mutating func append(byte: UInt8) {
        position.storeBytes(of: byte, as: UInt8.self)
        position += 1
    }

    @inline(__always)
    mutating func newline() {
        append(byte: UInt8(ascii: "\n"))
    }

    /// Writes a whole number in decimal.
    @inline(__always)
    mutating func append(_ value: UInt64) {
        position += DecimalText.write(value, to: position)
    }

    /// Writes a whole number in exactly so many digits.
    mutating func append(decimal value: UInt64, digits: Int) {
        DecimalText.write(value, digits: digits, to: position)
        position += digits
    }

    /// Writes a count of nanoseconds as seconds, exactly.
    mutating func append(nanoseconds value: UInt64) {
        position += DecimalText.write(nanoseconds: value, to: position)
    }

    /// Writes an integer as its unit is shown.
    @inline(__always)
    mutating func append(_ value: UInt64, scaledFor unit: MetricUnit) {
        if unit == .seconds { append(nanoseconds: value) } else { append(value) }
    }

    /// Writes a sample's value: `+Inf`, `-Inf`, `NaN`, whole numbers without a point, or the shortest digits.
    mutating func append(_ value: Double) {
        position += DoubleText.write(value, to: position)
    }

    /// Writes the lowest `digits` hexadecimal digits.
    mutating func append(hexadecimal value: UInt64, digits: Int) {
        for place in stride(from: (digits - 1) * 4, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: (value >> UInt64(place)) & 15)
            append(byte: digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
