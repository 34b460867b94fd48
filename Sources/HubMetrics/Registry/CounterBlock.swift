// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// The counters of a family of closed labels.
final class CounterBlock: SeriesBlock, @unchecked Sendable {
    private let slab: CellSlab
    private let lines: SampleLines
    private let stride: Int
    private let stripes: Int
    private let unit: MetricUnit
    private let handles: UnsafeMutablePointer<Counter>

    /// How many cells one counter takes: its stripes, each two cache lines, or a single cell.
    static func stride(stripes: Int, hasExemplar: Bool) -> Int {
        stripes == 1 && !hasExemplar ? 1 : stripes * (ThreadStripe.bytes / 8)
    }

    init(lines: SampleLines, hot: Bool, exemplars: Bool, unit: MetricUnit, refusedUpdates: Cell) {
        self.lines = lines
        self.unit = unit
        stripes = hot ? ThreadStripe.hot : 1
        stride = Self.stride(stripes: stripes, hasExemplar: exemplars)
        // In front of the first child, the word that tells where refused updates are counted.
        let front = ThreadStripe.bytes / 8
        slab = CellSlab(count: front + stride * lines.count)
        let first = slab.base + front
        (first - 1).pointee.store(UInt64(UInt(bitPattern: refusedUpdates)), ordering: .relaxed)
        handles = .allocate(capacity: lines.count)
        for index in 0..<lines.count {
            let counter = Counter(cell: first + index * stride, index: index, stripes: stripes, hasExemplar: exemplars)
            (handles + index).initialize(to: counter)
        }
    }

    deinit {
        handles.deallocate()
    }

    var table: UnsafePointer<Counter> { UnsafePointer(handles) }

    var seriesCount: Int { lines.count }

    func write(_ scrape: Scrape, to buffer: inout ExpositionBuffer) {
        buffer.write(atMost: lines.limit) { cursor in
            for index in 0..<lines.count {
                cursor.append(lines[index])
                cursor.append(handles[index].value, scaledFor: unit)
                cursor.newline()
            }
        }
    }
}
