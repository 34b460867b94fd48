// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The outer object of a message that is about to be written: its fixed text, and how much room the whole takes.
///
/// `opening` is what stands between the id and the changing part of `data`, `closing` what stands behind that part. So
/// a message is a handful of copies into memory that was made free once.
struct MessageLayout {
    private let opening: StaticString
    private let closing: StaticString
    private let messageID: Int64
    private let timestamp: Int64
    private let idDigits: Int
    private let timestampDigits: Int
    /// How many bytes the message takes.
    let count: Int

    private static var head: StaticString { "{\"message_id\":" }
    private static var time: StaticString { ",\"ts\":" }

    /// - Parameter count: How many bytes stand between `opening` and `closing`.
    @inline(__always)
    init(_ opening: StaticString, _ count: Int, _ closing: StaticString, messageID: Int64, timestamp: Int64) {
        self.opening = opening
        self.closing = closing
        self.messageID = messageID
        self.timestamp = timestamp
        idDigits = JSONText.digitCount(of: messageID)
        timestampDigits = JSONText.digitCount(of: timestamp)
        let around = Self.head.utf8CodeUnitCount + Self.time.utf8CodeUnitCount + 1
        let data = opening.utf8CodeUnitCount + count + closing.utf8CodeUnitCount
        self.count = around + data + idDigits + timestampDigits
    }

    /// Appends the message; the function writes what stands between `opening` and `closing`.
    @inline(__always)
    func append(to bytes: inout [UInt8], _ write: (inout JSONOutput) -> Void) {
        JSONOutput.append(count, to: &bytes) { output in
            output.raw(Self.head)
            output.integer(messageID, count: idDigits)
            output.raw(opening)
            write(&output)
            output.raw(closing)
            output.raw(Self.time)
            output.integer(timestamp, count: timestampDigits)
            output.byte(JSONByte.closeBrace)
        }
    }

    /// Appends a message that changes in one place only.
    static func append(
        _ opening: StaticString,
        _ part: UnsafeRawBufferPointer,
        _ closing: StaticString,
        messageID: Int64,
        timestamp: Int64,
        to bytes: inout [UInt8]
    ) {
        let layout = MessageLayout(opening, part.count, closing, messageID: messageID, timestamp: timestamp)
        layout.append(to: &bytes) { output in output.raw(part) }
    }

    /// Appends a message whose `data` is an object that is written member by member: for the rare ones.
    static func append(
        _ opening: StaticString,
        messageID: Int64,
        timestamp: Int64,
        to bytes: inout [UInt8],
        members: (inout JSONWriter) -> Void
    ) {
        var writer = JSONWriter()
        writer.object(members)
        writer.bytes.withUnsafeBytes { data in
            append(opening, data, "", messageID: messageID, timestamp: timestamp, to: &bytes)
        }
    }
}
