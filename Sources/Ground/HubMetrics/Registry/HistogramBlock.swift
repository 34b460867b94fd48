// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// The histograms of a family of closed labels.
final class HistogramBlock: SeriesBlock, @unchecked Sendable {
    /// A line a bucket, then sum and count, child after child.
    private let lines: SampleLines
    private let buckets: Buckets
    private let children: Int
    private let hidden: [Bool]
    private let slab: CellSlab
    private let sums: UnsafeMutablePointer<UInt64>
    private let cores: UnsafeMutablePointer<HistogramCore>
    private let handles: UnsafeMutablePointer<Histogram>
    private let exemplars: UnsafeMutablePointer<ExemplarSlot>?

    /// - Parameter labels: Each child's labels, as ``LabelText/pairs(_:)`` writes them.
    /// - Parameter hidden: For each child, whether it is on a page only when it was observed.
    init(
        name: String,
        labels: [[UInt8]],
        hidden: [Bool],
        buckets: Buckets,
        hot: Bool,
        exemplars hasExemplars: Bool,
        refusedUpdates: Cell
    ) {
        self.buckets = buckets
        self.hidden = hidden
        children = labels.count
        lines = SampleLines(labels.flatMap { Self.prefixes(name: name, labels: $0, buckets: buckets) })
        let stripes = hot ? ThreadStripe.hot : 2
        let stripeCells = 1 << HistogramCore.stripeShift(buckets: buckets.count)
        let totalCells = buckets.count + 1
        slab = CellSlab(count: children * stripes * stripeCells)
        sums = .allocate(capacity: children * totalCells * 2)
        sums.initialize(repeating: 0, count: children * totalCells * 2)
        cores = .allocate(capacity: children)
        handles = .allocate(capacity: children)
        let slots = hasExemplars ? children * buckets.count : 0
        exemplars = hasExemplars ? .allocate(capacity: slots) : nil
        if let exemplars { for index in 0..<slots { (exemplars + index).initialize(to: ExemplarSlot()) } }
        for child in 0..<children {
            (cores + child).initialize(
                to: HistogramCore(
                    search: BucketSearch(buckets.table),
                    stripes: slab.base + child * stripes * stripeCells,
                    stripeCount: stripes,
                    totals: sums + child * totalCells * 2,
                    published: sums + (child * 2 + 1) * totalCells,
                    exemplars: exemplars.map { $0 + child * buckets.count },
                    refusedUpdates: refusedUpdates
                )
            )
            (handles + child).initialize(to: Histogram(core: cores + child))
        }
    }

    deinit {
        cores.deinitialize(count: children)
        cores.deallocate()
        handles.deallocate()
        sums.deallocate()
        exemplars?.deinitialize(count: children * buckets.count)
        exemplars?.deallocate()
    }

    var table: UnsafePointer<Histogram> { UnsafePointer(handles) }

    var seriesCount: Int {
        var count = 0
        for child in 0..<children where isShown(child) { count += 1 }
        return count * (buckets.count + 2)
    }

    /// Whether a child is on the page; what was observed since the last scrape is seen by the next.
    private func isShown(_ child: Int) -> Bool { !hidden[child] || (cores + child).pointee.hasTotals }

    func write(_ scrape: Scrape, to buffer: inout ExpositionBuffer) {
        let showsExemplars = scrape.format == .openMetrics && exemplars != nil
        let exemplarBytes = showsExemplars ? children * buckets.count * ExemplarSlot.maximumBytes : 0
        buffer.write(atMost: lines.limit + exemplarBytes) { cursor in
            for child in 0..<children where isShown(child) { write(child, scrape, to: &cursor) }
        }
    }

    private func write(_ child: Int, _ scrape: Scrape, to cursor: inout ExpositionCursor) {
        let core = cores + child
        core.pointee.drain()
        let totals = core.pointee.totals
        let exemplars = scrape.format == .openMetrics ? core.pointee.exemplars : nil
        core.pointee.withPublished { published in
            var line = child * (buckets.count + 2)
            var cumulated: UInt64 = 0
            for bucket in 0..<buckets.count {
                cumulated &+= totals[1 + bucket] &+ published[1 + bucket]
                cursor.append(lines[line])
                cursor.append(cumulated)
                if let exemplars { exemplars[bucket].write(at: scrape.time, unit: buckets.unit, to: &cursor) }
                cursor.newline()
                line += 1
            }
            cursor.append(lines[line])
            cursor.append(totals[0] &+ published[0], scaledFor: buckets.unit)
            cursor.newline()
            // The count is not kept: it is the sum of the buckets, so it cannot disagree.
            cursor.append(lines[line + 1])
            cursor.append(cumulated)
            cursor.newline()
        }
    }

    private static func prefixes(name: String, labels: [UInt8], buckets: Buckets) -> [[UInt8]] {
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: DoubleText.maximumBytes, alignment: 8)
        defer { scratch.deallocate() }
        let separator = labels.isEmpty ? [] : [UInt8(ascii: ",")]
        let bounds = (buckets.bounds + [.infinity]).map { bound -> [UInt8] in
            let count = DoubleText.write(bound: bound, to: scratch)
            let text = UnsafeRawBufferPointer(start: scratch, count: count)
            return labels + separator + Array("le=\"".utf8) + Array(text) + [UInt8(ascii: "\"")]
        }
        return bounds.map { LabelText.prefix(name + "_bucket", $0) }
            + [LabelText.prefix(name + "_sum", labels), LabelText.prefix(name + "_count", labels)]
    }
}
