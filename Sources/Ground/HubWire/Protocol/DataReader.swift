// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Reads the members of a message's `data`: each known one at most once and of one type; others are stepped over.
struct DataReader {
    private var members: JSONMembers

    /// Starts at a value that ``ClientMessage/parse(_:as:)`` gave, or any other that is UTF-8.
    init(_ data: UnsafeRawBufferPointer) throws(MessageError) {
        do throws(JSONError) {
            members = try JSONMembers(of: data, as: .validUTF8)
        } catch {
            throw error.code == .notAnObject
                ? MessageError(.badMessage, "\"data\" must be an object")
                : DataReader.malformed(error)
        }
    }

    mutating func nextKey() throws(MessageError) -> JSONString? {
        do throws(JSONError) { return try members.nextKey() } catch { throw DataReader.malformed(error) }
    }

    /// Takes the value, a string, into a place that must still be empty.
    mutating func string(_ name: StaticString, into place: inout JSONString?) throws(MessageError) {
        let value: JSONString?
        do throws(JSONError) { value = try members.string() } catch { throw DataReader.malformed(error) }
        try DataReader.put(value, "a string", name, into: &place)
    }

    /// Takes the value, an integer of 64 bits, into a place that must still be empty.
    mutating func integer(_ name: StaticString, into place: inout Int64?) throws(MessageError) {
        let value: Int64?
        do throws(JSONError) { value = try members.integer() } catch { throw DataReader.malformed(error) }
        try DataReader.put(value, "an integer", name, into: &place)
    }

    /// Takes the value, `true` or `false`, into a place that must still be empty.
    mutating func boolean(_ name: StaticString, into place: inout Bool?) throws(MessageError) {
        let value: Bool?
        do throws(JSONError) { value = try members.boolean() } catch { throw DataReader.malformed(error) }
        try DataReader.put(value, "true or false", name, into: &place)
    }

    /// Takes the value, of any type, into a place that must still be empty.
    mutating func raw(_ name: StaticString, into place: inout Range<Int>?) throws(MessageError) {
        let value: Range<Int>
        do throws(JSONError) { value = try members.value() } catch { throw DataReader.malformed(error) }
        try DataReader.put(value, "a value", name, into: &place)
    }

    mutating func skip() throws(MessageError) {
        do throws(JSONError) { _ = try members.value() } catch { throw DataReader.malformed(error) }
    }

    /// Gives what was put into a place, or refuses the message.
    @inline(__always)
    static func required<Value>(_ value: Value?, _ name: StaticString) throws(MessageError) -> Value {
        guard let value else { throw MessageError(.badMessage, "\"\(name)\" is missing in \"data\"") }
        return value
    }

    /// The text of a token.
    static func text(_ token: JSONString) throws(MessageError) -> String {
        do throws(JSONError) { return try token.decoded() } catch { throw malformed(error) }
    }

    @inline(__always)
    private static func put<Value>(
        _ value: Value?,
        _ type: StaticString,
        _ name: StaticString,
        into place: inout Value?
    ) throws(MessageError) {
        guard place == nil else { throw MessageError(.badMessage, "\"\(name)\" is there twice in \"data\"") }
        guard let value else { throw MessageError(.badMessage, "\"\(name)\" must be \(type)") }
        place = value
    }

    private static func malformed(_ error: JSONError) -> MessageError {
        MessageError(.badMessage, "\"data\": \(error)")
    }
}
