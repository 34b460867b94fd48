// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Walks the lines of a head whose line ends the scanner has checked.
struct HTTPHeadLines {
    let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next line without its end; `nil` at the empty line that ends the head.
    mutating func next() -> ArraySlice<UInt8>? {
        guard let end = bytes[position...].firstIndex(of: ASCII.carriageReturn), end > position else { return nil }
        defer { position = min(end + 2, bytes.count) }
        return bytes[position..<end]
    }

    /// Reads all further lines as header fields.
    mutating func fields() throws(HTTPError) -> HTTPHeaders {
        var entries: [HTTPHeaders.Field] = []
        entries.reserveCapacity(16)
        let token = ASCIISet.token
        while let line = next() {
            guard let first = line.first else { break }
            guard first != ASCII.space, first != ASCII.tab else { throw HTTPError(.foldedField) }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), token.containsAll(line[..<colon]) else {
                throw HTTPError(.badField)
            }
            guard entries.count < HTTPHeaders.maxFields else { throw HTTPError(.tooManyFields) }
            let value = ASCII.trimmed(line[(colon + 1)...])
            entries.append(.init(name: range(line.startIndex..<colon), value: range(value.indices)))
        }
        return HTTPHeaders(bytes: bytes, entries: entries)
    }

    private func range(_ range: Range<Int>) -> Range<Int32> {
        Int32(clamping: range.lowerBound)..<Int32(clamping: range.upperBound)
    }
}

/// What a head's first line says of the protocol.
enum HTTPVersion {
    /// The minor version of `HTTP/1.0` or `HTTP/1.1`.
    static func minor(_ text: ArraySlice<UInt8>) throws(HTTPError) -> Int {
        let name: StaticString = "HTTP/"
        let digits = text.dropFirst(5)
        guard text.count == 8, text.prefix(5).elementsEqual(name.bytes),
            let major = digits.first, let minor = digits.last,
            ASCII.isDigit(major), digits[digits.startIndex + 1] == UInt8(ascii: "."), ASCII.isDigit(minor)
        else { throw HTTPError(.badVersion) }
        guard major == UInt8(ascii: "1"), minor <= UInt8(ascii: "1") else { throw HTTPError(.unsupportedVersion) }
        return Int(minor - UInt8(ascii: "0"))
    }
}

extension StaticString {
    /// The literal's UTF-8.
    var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount) }
}
