// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The header fields of a head, in their order; names are compared without regard to case.
///
/// Keeps the head's bytes and where each field lies in them: two allocations, whatever their number.
package struct HTTPHeaders: Sendable {
    /// The most fields that a head may have.
    package static let maxFields = 128

    struct Field: Sendable {
        var name: Range<Int32>
        var value: Range<Int32>
    }

    private let bytes: [UInt8]
    private let entries: [Field]

    /// Fields that were found in `bytes`, which must be below 2 GiB.
    init(bytes: [UInt8], entries: [Field]) {
        self.bytes = bytes
        self.entries = entries
    }

    /// Fields that did not come from the wire, for tests and clients.
    package init(_ fields: [(name: String, value: String)] = []) {
        var bytes: [UInt8] = []
        var entries: [Field] = []
        for field in fields {
            let start = Int32(clamping: bytes.count)
            bytes.append(contentsOf: field.name.utf8)
            let middle = Int32(clamping: bytes.count)
            bytes.append(contentsOf: field.value.utf8)
            entries.append(Field(name: start..<middle, value: middle..<Int32(clamping: bytes.count)))
        }
        self.init(bytes: bytes, entries: entries)
    }

    /// How many fields there are.
    package var count: Int { entries.count }

    /// The first value of a field, if there is one.
    package subscript(_ name: String) -> String? {
        entries.first { matches($0, name) }.map { string($0.value) }
    }

    /// All values of a field that may come more than once.
    package func values(_ name: String) -> [String] {
        entries.lazy.filter { matches($0, name) }.map { string($0.value) }
    }

    /// How many times a field comes.
    package func count(of name: String) -> Int {
        entries.reduce(0) { $0 + (matches($1, name) ? 1 : 0) }
    }

    /// The elements of a field that is a list: split at commas over all its repeats, trimmed, empty ones left out.
    ///
    /// Does not know quoted strings: for lists of tokens.
    package func tokens(_ name: String) -> [String] {
        var tokens: [String] = []
        for entry in entries where matches(entry, name) {
            for part in slice(entry.value).split(separator: UInt8(ascii: ",")) {
                let token = ASCII.trimmed(part)
                if !token.isEmpty { tokens.append(String(decoding: token, as: UTF8.self)) }
            }
        }
        return tokens
    }

    /// Whether a field that is a list has `token` as an element, without regard to case.
    package func hasToken(_ name: String, _ token: String) -> Bool {
        entries.contains { entry in
            matches(entry, name)
                && slice(entry.value).split(separator: UInt8(ascii: ",")).contains {
                    ASCII.equalIgnoringCase(ASCII.trimmed($0), token.utf8)
                }
        }
    }

    /// All fields in their order; bytes that are not UTF-8 come as U+FFFD.
    package var fields: [(name: String, value: String)] {
        entries.map { (string($0.name), string($0.value)) }
    }

    /// The bytes of the first value of a field.
    func bytes(of name: String) -> ArraySlice<UInt8>? {
        entries.first { matches($0, name) }.map { slice($0.value) }
    }

    private func matches(_ entry: Field, _ name: String) -> Bool {
        ASCII.equalIgnoringCase(slice(entry.name), name.utf8)
    }

    private func slice(_ range: Range<Int32>) -> ArraySlice<UInt8> {
        bytes[Int(range.lowerBound)..<Int(range.upperBound)]
    }

    private func string(_ range: Range<Int32>) -> String { String(decoding: slice(range), as: UTF8.self) }
}

extension HTTPHeaders: Equatable {
    /// Whether both have the same fields, byte for byte, in the same order.
    package static func == (one: HTTPHeaders, other: HTTPHeaders) -> Bool {
        one.entries.count == other.entries.count
            && zip(one.entries, other.entries).allSatisfy {
                one.slice($0.name) == other.slice($1.name) && one.slice($0.value) == other.slice($1.value)
            }
    }
}
