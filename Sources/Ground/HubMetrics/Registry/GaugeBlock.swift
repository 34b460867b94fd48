// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// The gauges of a family of closed labels.
final class GaugeBlock: SeriesBlock, @unchecked Sendable {
    private let slab: CellSlab
    private let lines: SampleLines
    private let hidden: [Bool]
    private let handles: UnsafeMutablePointer<Gauge>

    /// - Parameter hidden: For each gauge, whether it is on a page only while it is not 0.
    init(lines: SampleLines, hidden: [Bool]) {
        self.lines = lines
        self.hidden = hidden
        slab = CellSlab(count: lines.count)
        handles = .allocate(capacity: lines.count)
        for index in 0..<lines.count { (handles + index).initialize(to: Gauge(cell: slab.base + index)) }
    }

    deinit {
        handles.deallocate()
    }

    var table: UnsafePointer<Gauge> { UnsafePointer(handles) }

    var seriesCount: Int {
        var count = 0
        for index in 0..<lines.count where isShown(index) { count += 1 }
        return count
    }

    private func isShown(_ index: Int) -> Bool { !hidden[index] || handles[index].value != 0 }

    func write(_ scrape: Scrape, to buffer: inout ExpositionBuffer) {
        buffer.write(atMost: lines.limit + lines.count * DoubleText.maximumBytes) { cursor in
            for index in 0..<lines.count where isShown(index) {
                cursor.append(lines[index])
                cursor.append(handles[index].value)
                cursor.newline()
            }
        }
    }
}

/// The states of a state set, one bit each of one cell; an info is a set of one state that is always on.
final class StateBlock: SeriesBlock, @unchecked Sendable {
    private let slab = CellSlab(count: 1)
    private let lines: SampleLines

    init(lines: SampleLines, on: UInt64 = 0) {
        self.lines = lines
        slab.base.pointee.store(on, ordering: .relaxed)
    }

    var cell: Cell { slab.base }

    var seriesCount: Int { lines.count }

    func write(_ scrape: Scrape, to buffer: inout ExpositionBuffer) {
        let states = cell.pointee.load(ordering: .relaxed)
        buffer.write(atMost: lines.limit) { cursor in
            for index in 0..<lines.count {
                cursor.append(lines[index])
                cursor.append(byte: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: (states >> UInt64(index)) & 1))
                cursor.newline()
            }
        }
    }
}
