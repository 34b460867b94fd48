// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Reads JSON where it lies: strict RFC 8259, one pass, no allocation, nothing copied.
///
/// Stricter than the grammar in one point: a lone surrogate escape is refused everywhere, so every string of an accepted
/// text can be decoded. Duplicate keys are accepted; who reads the members decides. A byte order mark is refused.
package enum JSONReader {
    /// How many objects and arrays may be open at once.
    package static let maximumDepth = 64

    /// What the caller knows of the bytes.
    package enum Input: Sendable {
        /// Nothing: they are checked to be UTF-8 first, in a pass of its own.
        case untrusted
        /// They are UTF-8, because somebody checked them: the WebSocket receiver does so for each text message.
        ///
        /// If they are not, nothing unsafe happens: bytes that are not UTF-8 are let through inside strings.
        case validUTF8
    }

    /// Checks that a text is one JSON value, of any type, with nothing around it but white space.
    ///
    /// - Parameter maximumDepth: How deep it may nest, 0 to 64; more counts as 64.
    package static func validate(
        _ bytes: UnsafeRawBufferPointer,
        as input: Input = .untrusted,
        maximumDepth: Int = maximumDepth
    ) throws(JSONError) {
        try checkEncoding(of: bytes, as: input)
        var scanner = try JSONScanner(bytes)
        try scanner.skipValue(depth: 0, limit: min(maximumDepth, self.maximumDepth))
        try scanner.finish()
    }

    /// Checks that a text is one JSON object and calls a function for each of its members, in their order.
    ///
    /// The range is that of the value in `object`, without white space around it. The walk ends at the first error,
    /// its own or the function's; members before that have been seen.
    package static func members(
        of object: UnsafeRawBufferPointer,
        as input: Input = .untrusted,
        _ body: (_ key: JSONString, _ value: Range<Int>) throws(JSONError) -> Void
    ) throws(JSONError) {
        var members = try JSONMembers(of: object, as: input)
        while let key = try members.nextKey() {
            try body(key, members.value())
        }
    }

    /// Reads a number token that is an integer: digits and perhaps a minus, no fraction, no exponent.
    ///
    /// - Parameter number: A whole JSON number and nothing else, as the reader gives it.
    /// - Returns: nil if it is no integer, or not one of 64 bits.
    package static func integer(_ number: UnsafeRawBufferPointer) -> Int64? {
        let isNegative = number.first == JSONByte.minus
        let digits = isNegative ? 1 : 0
        guard digits < number.count else { return nil }
        var negated: Int64 = 0  // there is room for one more below zero
        for offset in digits..<number.count {
            let digit = number[offset] &- JSONByte.zero
            guard digit < 10 else { return nil }
            if offset < 18 {
                negated = negated &* 10 &- Int64(digit)  // 18 digits cannot overflow
            } else {
                let (product, isTooLow) = negated.multipliedReportingOverflow(by: 10)
                let (difference, isStillTooLow) = product.subtractingReportingOverflow(Int64(digit))
                if isTooLow || isStillTooLow { return nil }
                negated = difference
            }
        }
        if isNegative { return negated }
        return negated == .min ? nil : -negated
    }

    /// Reads a value that is a string.
    ///
    /// - Parameter value: A whole JSON value and nothing else, as the reader gives it.
    /// - Returns: nil if it is of another type.
    package static func string(_ value: UnsafeRawBufferPointer) throws(JSONError) -> JSONString? {
        var scanner = try JSONScanner(value)
        guard try scanner.peek() == JSONByte.quote else { return nil }
        let isEscaped = try scanner.skipString()
        return scanner.token(1..<scanner.at - 1, isEscaped: isEscaped)
    }

    static func checkEncoding(of bytes: UnsafeRawBufferPointer, as input: Input) throws(JSONError) {
        guard input == .untrusted else { return }
        let text = bytes.bindMemory(to: UInt8.self)
        do {
            _ = try UTF8Span(validating: text.span)
        } catch {
            throw JSONError(.badUTF8, at: error.byteOffsets.lowerBound)
        }
    }
}
