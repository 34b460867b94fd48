// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What `/proc/self/stat` says of a process.
package struct ProcessFigures: Equatable {
    package var threads: UInt64
    package var minorFaults: UInt64
    package var majorFaults: UInt64
    /// In clock ticks since the machine started.
    package var startTicks: UInt64
    package var virtualBytes: UInt64
    package var residentPages: UInt64

    /// Reads the file's text; nil if it is none.
    ///
    /// Allocates nothing. The second field is the program's name in parentheses, in which anything may stand, more parentheses and spaces
    /// too; the numbers follow its last `)`.
    package init?(stat text: UnsafeRawBufferPointer) {
        guard let close = text.last(UInt8(ascii: ")")) else { return nil }
        // Field 3, the state, is the first after the name.
        var numbers = NumberReader(UnsafeRawBufferPointer(rebasing: text[(close + 1)...]), field: 3)
        guard let minor = numbers.value(ofField: 10),
            let major = numbers.value(ofField: 12),
            let threads = numbers.value(ofField: 20),
            let start = numbers.value(ofField: 22),
            let virtual = numbers.value(ofField: 23),
            let resident = numbers.value(ofField: 24)
        else { return nil }
        self.threads = threads
        self.minorFaults = minor
        self.majorFaults = major
        self.startTicks = start
        self.virtualBytes = virtual
        self.residentPages = resident
    }
}

/// Walks a line of fields between spaces.
struct NumberReader {
    private let text: UnsafeRawBufferPointer
    private var position = 0
    private var field: Int

    /// - Parameter field: The number of the line's first field.
    init(_ text: UnsafeRawBufferPointer, field: Int) {
        self.text = text
        self.field = field
        skipSpaces()
    }

    /// The number in a field not yet passed; nil if it is none or does not fit.
    mutating func value(ofField wanted: Int) -> UInt64? {
        while field < wanted {
            guard position < text.count else { return nil }
            while position < text.count, !isSpace(text[position]) { position += 1 }
            skipSpaces()
            field += 1
        }
        return number()
    }

    private mutating func number() -> UInt64? {
        var value: UInt64 = 0
        let start = position
        while position < text.count, case let digit = text[position] &- UInt8(ascii: "0"), digit < 10 {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry else { return nil }
            value = sum
            position += 1
        }
        // Back to the start, so that the field can be passed like any other.
        defer { position = start }
        return position > start ? value : nil
    }

    private mutating func skipSpaces() {
        while position < text.count, isSpace(text[position]) { position += 1 }
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 10 || byte == 9 }
}

extension UnsafeRawBufferPointer {
    /// Where the byte stands last.
    ///
    /// A loop of its own: the standard library's allocates in a debug build.
    func last(_ byte: UInt8) -> Int? {
        var index = count - 1
        while index >= 0 {
            if self[index] == byte { return index }
            index -= 1
        }
        return nil
    }

    /// Where the byte stands first.
    func first(_ byte: UInt8) -> Int? {
        var index = 0
        while index < count {
            if self[index] == byte { return index }
            index += 1
        }
        return nil
    }
}
