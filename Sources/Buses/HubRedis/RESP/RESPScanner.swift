// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Finds where a reply ends, and refuses one that would cost too much before any of the cost has arisen.
///
/// hiredis allocates what an array's header announces, eight gigabytes for a thousand million values, and waits for strings
/// of any length: it gets nothing that this has not passed. It reads byte by byte what stands between the contents, and skips
/// the contents themselves.
struct RESPScanner {
    /// How many arrays may stand inside each other: what hiredis takes.
    static let maxDepth = 8
    /// What each value of a reply counts for, beside its bytes: about what hiredis allocates for it.
    static let valueBytes: UInt64 = 96

    private enum State: UInt8 { case type, text, textEnd, number, numberEnd, content, contentReturn, contentEnd }

    /// The most that a reply may count.
    private let limit: Int
    private var state = State.type
    /// What the present reply counts so far, with what it has announced.
    private var spent = 0
    /// How many arrays are open, and how many values each still needs.
    private var depth = 0
    private var missing: [8 of Int] = .init(repeating: 0)
    /// How many bytes of a string are still to come.
    private var contentLeft = 0
    // The number that is being read, and the type whose header it is.
    private var type: UInt8 = 0
    private var digits = 0
    private var isNegative = false
    private var number: UInt64 = 0

    init(limit: Int) {
        self.limit = max(limit, 0)
    }

    /// Whether part of a reply has been seen.
    var isMidReply: Bool { state != .type || depth > 0 }

    /// Moves the offset to the end of the reply, or to the end of the bytes.
    ///
    /// - Returns: Whether the reply is complete.
    /// - Throws: `.badReply`, `.tooLarge`; after that the scanner is of no more use.
    mutating func scan(_ bytes: UnsafeRawBufferPointer, at offset: inout Int) throws(RedisError) -> Bool {
        while offset < bytes.count {
            if state == .content {
                let skipped = min(contentLeft, bytes.count - offset)
                offset += skipped
                contentLeft -= skipped
                if contentLeft == 0 { state = .contentReturn }
                continue
            }
            let byte = bytes[offset]
            offset += 1
            if try take(byte) { return true }
        }
        return false
    }

    /// Takes a byte that is not content; whether it was the last one of the reply.
    private mutating func take(_ byte: UInt8) throws(RedisError) -> Bool {
        switch state {
        case .type:
            try begin(byte)
        case .text:
            if byte == 0x0D { state = .textEnd } else if byte == 0x0A { throw badLine() } else { try spend(1) }
        case .textEnd:
            guard byte == 0x0A else { throw badLine() }
            return finishValue()
        case .number:
            if byte == 0x0D, digits > 0 { state = .numberEnd } else { try takeDigit(byte) }
        case .numberEnd:
            guard byte == 0x0A else { throw badLine() }
            return try takeNumber()
        case .content:
            break
        case .contentReturn:
            guard byte == 0x0D else { throw badLine() }
            state = .contentEnd
        case .contentEnd:
            guard byte == 0x0A else { throw badLine() }
            return finishValue()
        }
        return false
    }

    private mutating func begin(_ byte: UInt8) throws(RedisError) {
        type = byte
        switch byte {
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            state = .text
        case UInt8(ascii: "*") where depth == Self.maxDepth:
            throw RedisError(.badReply, "a reply nests more than \(Self.maxDepth) arrays")
        case UInt8(ascii: ":"), UInt8(ascii: "$"), UInt8(ascii: "*"):
            state = .number
            (digits, isNegative, number) = (0, false, 0)
        default:
            throw RedisError(.badReply, "a reply begins with byte \(byte): is it Redis that listens there?")
        }
        // Those of an array were counted with its header.
        if depth == 0 { try spend(Self.valueBytes) }
    }

    /// Takes a digit or the sign of a number, by the rules of hiredis: no zero before other digits, no `+`, no `-0`.
    private mutating func takeDigit(_ byte: UInt8) throws(RedisError) {
        if byte == UInt8(ascii: "-"), digits == 0, !isNegative {
            isNegative = true
            return
        }
        guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"),
            digits == 0 ? byte > 0x30 || !isNegative : number > 0
        else { throw RedisError(.badReply, "a reply has a number that is none") }
        let (tenfold, isTooMuch) = number.multipliedReportingOverflow(by: 10)
        let (sum, overflow) = tenfold.addingReportingOverflow(UInt64(byte & 0x0F))
        guard !isTooMuch, !overflow, sum <= UInt64(Int64.max) + (isNegative ? 1 : 0) else {
            throw RedisError(.badReply, "a reply has a number of more than 64 bits")
        }
        number = sum
        digits += 1
    }

    /// Does what the number says; whether the reply ends with it.
    private mutating func takeNumber() throws(RedisError) -> Bool {
        if type == UInt8(ascii: ":") { return finishValue() }
        if isNegative {
            guard number == 1 else { throw RedisError(.badReply, "a reply announces -\(number) bytes or values") }
            return finishValue()
        }
        if type == UInt8(ascii: "$") {
            try spend(number, for: number)
            contentLeft = Int(number)
            state = number == 0 ? .contentReturn : .content
            return false
        }
        let (cost, overflow) = number.multipliedReportingOverflow(by: Self.valueBytes)
        try spend(overflow ? .max : cost, for: number, "values")
        guard number > 0 else { return finishValue() }
        missing[depth] = Int(number)
        depth += 1
        state = .type
        return false
    }

    /// Closes the arrays that the value was the last one of; whether the reply ends with it.
    private mutating func finishValue() -> Bool {
        state = .type
        while depth > 0 {
            missing[depth - 1] -= 1
            if missing[depth - 1] > 0 { return false }
            depth -= 1
        }
        spent = 0
        return true
    }

    /// Counts a cost, which announced so many bytes or values.
    private mutating func spend(_ cost: UInt64, for count: UInt64 = 1, _ unit: StaticString = "bytes")
        throws(RedisError)
    {
        guard cost <= UInt64(limit - spent) else {
            let announced = count == 1 ? "a reply is too large" : "a reply announces \(count) \(unit)"
            throw RedisError(.tooLarge, "\(announced): the most that all of it may count is \(limit)")
        }
        spent += Int(cost)
    }

    private func badLine() -> RedisError {
        RedisError(.badReply, "a reply has a line or a string that does not end where it should")
    }
}
