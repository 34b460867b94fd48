// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Finds where a head ends in bytes that arrive in pieces, refusing what no head may hold.
///
/// Looks at each byte once, and decides by position alone, so that the answer does not depend on how the bytes were cut.
struct HTTPHeadScanner: Sendable {
    /// Where the next byte stands.
    private enum Place: UInt8 {
        /// Before the first byte, where one empty line is forgiven (RFC 9112, 2.2).
        case start, startReturn, afterEmptyLine
        case line, lineReturn
        /// At the start of a line that is not the first, where an empty one ends the head.
        case nextLine, endReturn
    }

    private let limit: Int
    private var place = Place.start
    private var partial: [UInt8] = []
    private var hadEmptyLine = false

    init(limit: Int) { self.limit = min(max(limit, 1), 1 << 20) }

    /// Whether a head has begun and not ended.
    var isMidHead: Bool { place != .start }

    /// Takes the next bytes; gives the head, with the empty line that ends it, and how many of them it took.
    mutating func feed(_ chunk: UnsafeRawBufferPointer) throws(HTTPError) -> (head: [UInt8], consumed: Int)? {
        let end = min(chunk.count, limit - partial.count)
        for index in 0..<end where try step(chunk[index]) {
            return (finish(chunk, index + 1), index + 1)
        }
        if partial.count + end == limit { throw HTTPError(.headTooLarge) }
        partial.append(contentsOf: chunk)
        return nil
    }

    /// Moves on by one byte; `true` if it ends the head.
    @inline(__always)
    private mutating func step(_ byte: UInt8) throws(HTTPError) -> Bool {
        switch place {
        case .start, .afterEmptyLine, .line, .nextLine:
            if byte >= ASCII.space, byte != ASCII.delete {
                place = .line
            } else if byte == ASCII.carriageReturn {
                try beginReturn()
            } else if byte == ASCII.tab {
                place = .line
            } else {
                throw HTTPError(byte == ASCII.lineFeed ? .bareLineFeed : .controlCharacter)
            }
        case .startReturn, .lineReturn, .endReturn:
            guard byte == ASCII.lineFeed else { throw HTTPError(.bareCarriageReturn) }
            if place == .endReturn { return true }
            hadEmptyLine = hadEmptyLine || place == .startReturn
            place = place == .startReturn ? .afterEmptyLine : .nextLine
        }
        return false
    }

    private mutating func beginReturn() throws(HTTPError) {
        switch place {
        case .start: place = .startReturn
        case .line: place = .lineReturn
        case .nextLine: place = .endReturn
        default: throw HTTPError(.badRequestLine)
        }
    }

    private mutating func finish(_ chunk: UnsafeRawBufferPointer, _ consumed: Int) -> [UInt8] {
        var head = partial
        partial = []
        head.append(contentsOf: UnsafeRawBufferPointer(rebasing: chunk[..<consumed]))
        if hadEmptyLine { head.removeFirst(2) }
        (place, hadEmptyLine) = (.start, false)
        return head
    }
}
