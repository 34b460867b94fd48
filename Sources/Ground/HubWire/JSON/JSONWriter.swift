// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Writes one JSON text into bytes of its own, and sets the commas.
///
/// It checks no grammar: who writes a key without a value gets a text without one.
///
/// ```swift
/// var writer = JSONWriter()
/// writer.object { writer in
///     writer.key("status"); writer.string("ready")
///     writer.key("clients"); writer.integer(3)
/// }
/// send(writer.bytes)
/// ```
package struct JSONWriter {
    /// What has been written.
    package private(set) var bytes: [UInt8]
    private var needsComma = false

    /// Starts a text behind bytes that are there already.
    package init(appendingTo bytes: consuming [UInt8] = []) {
        self.bytes = bytes
    }

    /// Writes an object whose members the function writes, each a key and then a value.
    package mutating func object(_ members: (inout JSONWriter) -> Void) {
        open(JSONByte.openBrace)
        members(&self)
        close(JSONByte.closeBrace)
    }

    /// Writes an array whose elements the function writes.
    package mutating func array(_ elements: (inout JSONWriter) -> Void) {
        open(JSONByte.openBracket)
        elements(&self)
        close(JSONByte.closeBracket)
    }

    /// Writes a member's key; its value must follow.
    package mutating func key(_ key: String) {
        comma()
        JSONText.append(key, to: &bytes)
        bytes.append(JSONByte.colon)
        needsComma = false
    }

    /// Writes a string, escaped.
    package mutating func string(_ value: String) {
        comma()
        JSONText.append(value, to: &bytes)
    }

    /// Writes an integer.
    package mutating func integer(_ value: some BinaryInteger) {
        comma()
        if let value = Int64(exactly: value) {
            JSONText.append(value, to: &bytes)
        } else {
            bytes.append(contentsOf: String(value).utf8)
        }
    }

    /// Writes a number in the shortest form that reads back as the same; `null` if it is infinite or not a number.
    package mutating func number(_ value: Double) {
        comma()
        bytes.append(contentsOf: value.isFinite ? value.description.utf8 : "null".utf8)
    }

    /// Writes `true` or `false`.
    package mutating func boolean(_ value: Bool) {
        comma()
        bytes.append(contentsOf: value ? "true".utf8 : "false".utf8)
    }

    /// Writes `null`.
    package mutating func null() {
        comma()
        bytes.append(contentsOf: "null".utf8)
    }

    /// Writes a value that is JSON already, byte for byte.
    package mutating func raw(_ value: UnsafeRawBufferPointer) {
        comma()
        bytes.append(contentsOf: value)
    }

    private mutating func comma() {
        if needsComma { bytes.append(JSONByte.comma) }
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        comma()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }
}
