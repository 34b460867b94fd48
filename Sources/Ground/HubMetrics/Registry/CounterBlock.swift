// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// The counters of a family of closed labels.
///
/// Two words stand in front of the first counter's cells, where a handle finds them: where refused updates are counted,
/// and where the exemplars are.
final class CounterBlock: SeriesBlock, @unchecked Sendable {
    private let slab: CellSlab
    private let lines: SampleLines
    private let hidden: [Bool]
    private let unit: MetricUnit
    private let handles: UnsafeMutablePointer<Counter>
    private let exemplars: UnsafeMutablePointer<ExemplarSlot>?

    /// - Parameter hidden: For each counter, whether it is on a page only when it is not 0.
    init(
        lines: SampleLines,
        hidden: [Bool],
        hot: Bool,
        exemplars hasExemplars: Bool,
        unit: MetricUnit,
        refusedUpdates: Cell
    ) {
        self.lines = lines
        self.hidden = hidden
        self.unit = unit
        let stripes = hot ? ThreadStripe.hot : 1
        let stride = Self.stride(stripes: stripes)
        let front = ThreadStripe.bytes / 8
        slab = CellSlab(count: front + stride * lines.count)
        let first = slab.base + front
        exemplars = hasExemplars ? .allocate(capacity: lines.count) : nil
        if let exemplars { for index in 0..<lines.count { (exemplars + index).initialize(to: ExemplarSlot()) } }
        (first - 1).pointee.store(UInt64(UInt(bitPattern: refusedUpdates)), ordering: .relaxed)
        (first - 2).pointee.store(UInt64(UInt(bitPattern: exemplars)), ordering: .relaxed)
        handles = .allocate(capacity: lines.count)
        for index in 0..<lines.count {
            let cell = first + index * stride
            let counter = Counter(cell: cell, index: index, stripes: stripes, hasExemplar: hasExemplars)
            (handles + index).initialize(to: counter)
        }
    }

    deinit {
        handles.deallocate()
        exemplars?.deinitialize(count: lines.count)
        exemplars?.deallocate()
    }

    var table: UnsafePointer<Counter> { UnsafePointer(handles) }

    var seriesCount: Int {
        var count = 0
        for index in 0..<lines.count where isShown(index) { count += 1 }
        return count
    }

    private func isShown(_ index: Int) -> Bool { !hidden[index] || handles[index].value > 0 }

    func write(_ scrape: Scrape, to buffer: inout ExpositionBuffer) {
        let shownExemplars = scrape.format == .openMetrics ? exemplars : nil
        let exemplarBytes = shownExemplars == nil ? 0 : ExemplarSlot.maximumBytes
        buffer.write(atMost: lines.limit + lines.count * exemplarBytes) { cursor in
            for index in 0..<lines.count where isShown(index) {
                cursor.append(lines[index])
                cursor.append(handles[index].value, scaledFor: unit)
                if let shownExemplars { shownExemplars[index].write(at: scrape.time, unit: unit, to: &cursor) }
                cursor.newline()
            }
        }
    }

    /// Where the registry of this counter counts refused updates.
    static func refusedUpdates(of counter: Counter) -> Cell {
        Cell(bitPattern: word(1, of: counter)).unsafelyUnwrapped
    }

    /// The exemplars of a family that has them.
    static func exemplars(of counter: Counter) -> UnsafeMutablePointer<ExemplarSlot> {
        UnsafeMutablePointer(bitPattern: word(2, of: counter)).unsafelyUnwrapped
    }

    /// How many cells one counter takes: a single one, or two cache lines a stripe.
    private static func stride(stripes: Int) -> Int {
        stripes == 1 ? 1 : stripes * (ThreadStripe.bytes / 8)
    }

    /// The word so far in front of the family's first counter.
    private static func word(_ distance: Int, of counter: Counter) -> UInt {
        let first = counter.cell - Int(counter.index) * stride(stripes: Int(counter.stripeMask) + 1)
        return UInt(truncatingIfNeeded: (first - distance).pointee.load(ordering: .relaxed))
    }
}
