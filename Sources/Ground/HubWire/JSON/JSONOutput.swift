// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Writes JSON text into memory that was measured before: the inside of the encoders, a few copies and no checks.
///
/// Who makes one has computed the size, and each write must be counted there.
struct JSONOutput {
    private(set) var cursor: UnsafeMutableRawPointer

    /// Makes room at the end of an array for exactly `count` bytes and has them written.
    ///
    /// The array grows as appending grows it, so appending many times stays linear.
    @inline(__always)
    static func append(_ count: Int, to bytes: inout [UInt8], _ write: (inout JSONOutput) -> Void) {
        guard count > 0 else { return }
        bytes.append(addingCapacity: count) { (free: inout OutputSpan<UInt8>) in
            free.withUnsafeMutableBufferPointer { memory, initialized in
                guard let start = memory.baseAddress else { return }
                var output = JSONOutput(cursor: UnsafeMutableRawPointer(start))
                write(&output)
                assert(output.cursor - UnsafeMutableRawPointer(start) == count, "measured wrongly")
                initialized = count
            }
        }
    }

    @inline(__always)
    mutating func raw(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        cursor.copyMemory(from: start, byteCount: bytes.count)
        cursor += bytes.count
    }

    @inline(__always)
    mutating func raw(_ text: StaticString) {
        cursor.copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
        cursor += text.utf8CodeUnitCount
    }

    @inline(__always)
    mutating func byte(_ byte: UInt8) {
        cursor.storeBytes(of: byte, as: UInt8.self)
        cursor += 1
    }

    /// Writes a string with its quotes.
    ///
    /// - Parameter count: What ``JSONText/encodedCount(of:)`` said of it.
    @inline(__always)
    mutating func string(_ text: UnsafeRawBufferPointer, encodedCount count: Int) {
        byte(JSONByte.quote)
        if count == text.count + 2 {
            raw(text)
        } else {
            escaped(text)
        }
        byte(JSONByte.quote)
    }

    private mutating func escaped(_ text: UnsafeRawBufferPointer) {
        for next in text {
            switch JSONText.escapedCount(of: next) {
            case 1:
                byte(next)
            case 2:
                byte(JSONByte.backslash)
                byte(JSONText.shortEscape(of: next))
            default:
                raw("\\u00")
                byte(JSONText.hexDigit(next >> 4))
                byte(JSONText.hexDigit(next & 0xF))
            }
        }
    }

    /// Writes an integer.
    ///
    /// - Parameter count: What ``JSONText/digitCount(of:)`` said of it.
    @inline(__always)
    mutating func integer(_ value: Int64, count: Int) {
        var rest = value.magnitude
        var offset = count
        while rest >= 10 {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            offset &-= 1
            cursor.storeBytes(
                of: JSONByte.zero &+ UInt8(truncatingIfNeeded: digit),
                toByteOffset: offset,
                as: UInt8.self
            )
            rest = quotient
        }
        cursor.storeBytes(
            of: JSONByte.zero &+ UInt8(truncatingIfNeeded: rest),
            toByteOffset: offset &- 1,
            as: UInt8.self
        )
        if value < 0 { cursor.storeBytes(of: JSONByte.minus, as: UInt8.self) }
        cursor += count
    }
}
