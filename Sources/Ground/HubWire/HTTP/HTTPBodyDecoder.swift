// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Reads the body that follows a request's head, by its length or in chunks.
///
/// Keeps no byte of the body itself, and looks at each byte of a chunk's framing once. As strict as the parser of heads:
/// a chunk's size is digits alone, extensions and trailers are checked, bounded and thrown away (RFC 9112, 7.1).
package struct HTTPBodyDecoder: Sendable {
    /// How many bytes the extensions of all chunks together may have.
    package static let maxExtensionBytes = 4096
    /// How many bytes the trailers together may have, with their line ends.
    package static let maxTrailerBytes = 4096
    /// How many digits a size may have; zeros in front count.
    private static let maxDigits = 16

    /// Where the next byte stands.
    private enum Place: UInt8 {
        /// In data; what follows then depends on how the length is told.
        case data, dataReturn, dataLineFeed
        case size, extensions, sizeLineFeed
        /// At the start of a line behind the last chunk, where an empty one ends the body.
        case trailer, trailerName, trailerValue, trailerLineFeed, endLineFeed
        case end
    }

    private let isChunked: Bool
    /// How many bytes of data may still be announced.
    private var room: Int
    /// The bytes of data that are left of the chunk, or of the body when it tells its length.
    private var left = 0
    private var place: Place
    private var digits = 0
    private var extensionBytes = 0
    private var trailerBytes = 0
    private var failure: HTTPBodyError?

    /// A decoder of the body that follows a head.
    ///
    /// - Parameter limit: The most bytes of data; whoever announces more is refused, before they are read.
    package init(_ head: HTTPRequestHead, limit: Int) {
        isChunked = head.isChunked
        room = max(0, limit)
        place = head.isChunked ? .size : head.contentLength > 0 ? .data : .end
        guard !head.isChunked else { return }
        left = head.contentLength
        if left > room { failure = HTTPBodyError(.tooLarge) }
    }

    /// Whether the body has come whole.
    package var isWhole: Bool { place == .end && failure == nil }

    /// Takes the next bytes of the connection and adds those of the body to `body`.
    ///
    /// - Returns: How many of them belong to the request: all, unless the body ends before.
    /// - Throws: The first fault by position, whatever the cuts; the same one at every later call.
    /// - Complexity: O(count).
    package mutating func feed(
        _ bytes: UnsafeRawBufferPointer,
        into body: inout [UInt8]
    ) throws(HTTPBodyError) -> Int {
        if let failure { throw failure }
        var offset = 0
        do throws(HTTPBodyError) {
            while offset < bytes.count, place != .end {
                if place == .data {
                    let count = min(left, bytes.count - offset)
                    body.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]))
                    offset += count
                    left -= count
                    if left == 0 { place = isChunked ? .dataReturn : .end }
                } else {
                    try step(bytes[offset])
                    offset += 1
                }
            }
        } catch {
            failure = error
            throw error
        }
        return offset
    }

    /// Moves on by one byte of the framing.
    private mutating func step(_ byte: UInt8) throws(HTTPBodyError) {
        switch place {
        case .size: try stepSize(byte)
        case .extensions: try stepExtensions(byte)
        case .sizeLineFeed: try endSize(byte)
        case .dataReturn:
            guard byte == ASCII.carriageReturn else { throw HTTPBodyError(.badChunkEnd) }
            place = .dataLineFeed
        case .dataLineFeed:
            guard byte == ASCII.lineFeed else { throw HTTPBodyError(.badChunkEnd) }
            place = .size
        case .trailer, .trailerName, .trailerValue, .trailerLineFeed, .endLineFeed: try stepTrailer(byte)
        case .data, .end: break
        }
    }

    private mutating func stepSize(_ byte: UInt8) throws(HTTPBodyError) {
        if let digit = ASCII.hexValue(byte) {
            guard digits < Self.maxDigits else { throw HTTPBodyError(.badChunkSize) }
            digits += 1
            // Within the room, so that the next digit cannot overflow what 60 bits hold.
            let (sixteenfold, overflow) = left.multipliedReportingOverflow(by: 16)
            guard !overflow, sixteenfold <= room, Int(digit) <= room - sixteenfold else {
                throw HTTPBodyError(.tooLarge)
            }
            left = sixteenfold + Int(digit)
            return
        }
        guard digits > 0 else { throw HTTPBodyError(.badChunkSize) }
        switch byte {
        case ASCII.carriageReturn: place = .sizeLineFeed
        case UInt8(ascii: ";"):
            place = .extensions
            try countExtension()
        default: throw HTTPBodyError(.badChunkSize)
        }
    }

    private mutating func stepExtensions(_ byte: UInt8) throws(HTTPBodyError) {
        if byte == ASCII.carriageReturn {
            place = .sizeLineFeed
            return
        }
        guard Self.isText(byte) else { throw HTTPBodyError(.badChunkExtension) }
        try countExtension()
    }

    private mutating func countExtension() throws(HTTPBodyError) {
        extensionBytes += 1
        guard extensionBytes <= Self.maxExtensionBytes else { throw HTTPBodyError(.extensionsTooLarge) }
    }

    private mutating func endSize(_ byte: UInt8) throws(HTTPBodyError) {
        guard byte == ASCII.lineFeed else { throw HTTPBodyError(.badChunkSize) }
        room -= left
        digits = 0
        place = left > 0 ? .data : .trailer
    }

    private mutating func stepTrailer(_ byte: UInt8) throws(HTTPBodyError) {
        trailerBytes += 1
        switch place {
        case .trailer where byte == ASCII.carriageReturn: place = .endLineFeed
        case .trailer where ASCIISet.token.contains(byte): place = .trailerName
        case .trailerName where byte == UInt8(ascii: ":"): place = .trailerValue
        case .trailerName where ASCIISet.token.contains(byte): break
        case .trailerValue where byte == ASCII.carriageReturn: place = .trailerLineFeed
        case .trailerValue where Self.isText(byte): break
        case .trailerLineFeed where byte == ASCII.lineFeed: place = .trailer
        case .endLineFeed where byte == ASCII.lineFeed: place = .end
        default: throw HTTPBodyError(.badTrailer)
        }
        guard trailerBytes <= Self.maxTrailerBytes else { throw HTTPBodyError(.trailersTooLarge) }
    }

    private static func isText(_ byte: UInt8) -> Bool {
        byte == ASCII.tab || byte >= ASCII.space && byte != ASCII.delete
    }
}
