// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The series of one family: their memory, and how they are written.
protocol SeriesBlock: AnyObject, Sendable {
    /// How many sample lines the family has on a page.
    var seriesCount: Int { get }

    /// Writes the samples. Called under the registry's scrape lock.
    func write(_ scrape: Scrape, to buffer: inout ExpositionBuffer)
}

/// What one scrape is about.
struct Scrape: Sendable {
    var format: ExpositionFormat
    /// Now, in Unix milliseconds.
    var time: Int64
}

/// The texts before the values of a family's sample lines, end to end in one piece of memory.
final class SampleLines: @unchecked Sendable {
    private let bytes: UnsafeMutableRawPointer
    private let ends: UnsafeMutablePointer<UInt32>
    /// How many lines there are.
    let count: Int
    /// How many bytes all prefixes have.
    let byteCount: Int

    init(_ prefixes: [[UInt8]]) {
        count = prefixes.count
        byteCount = prefixes.reduce(0) { $0 + $1.count }
        bytes = .allocate(byteCount: max(byteCount, 1), alignment: 16)
        ends = .allocate(capacity: count + 1)
        ends[0] = 0
        var end = 0
        for (index, prefix) in prefixes.enumerated() {
            prefix.withUnsafeBytes { prefix in
                guard let start = prefix.baseAddress else { return }
                (bytes + end).copyMemory(from: start, byteCount: prefix.count)
            }
            end += prefix.count
            ends[index + 1] = UInt32(end)
        }
    }

    deinit {
        bytes.deallocate()
        ends.deallocate()
    }

    /// How many bytes the lines take at most when each has one number.
    var limit: Int { byteCount + count * (ExpositionCursor.numberBytes + 1) }

    @inline(__always)
    subscript(index: Int) -> UnsafeRawBufferPointer {
        let start = Int(ends[index])
        return UnsafeRawBufferPointer(start: bytes + start, count: Int(ends[index + 1]) - start)
    }
}
