// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// Holds every metric of a node, and writes them down for Prometheus.
///
/// Families are registered while the node is put together; a family that breaks a rule of ``RegistrationRules`` stops the
/// program there and then. The handles that registration gives are valid as long as the registry lives, which is as
/// long as the process outside of tests; updating one takes no lock, allocates nothing and counts no references.
///
/// Two locks, never held together while other code runs: one around the list of families, and one around a scrape.
package final class Registry: Sendable {
    private struct State {
        /// By the name that the text format shows.
        var textOrder: [FamilyEntry] = []
        /// By the name that OpenMetrics shows, which lacks some endings.
        var openMetricsOrder: [FamilyEntry] = []
        var hooks: [@Sendable () -> Void] = []
    }

    private let state = Guarded(State())
    private let scrapes = Guarded<Void>(())
    private let refused = CellSlab(count: RefusedUpdate.allCases.count)
    private let unixMilliseconds: @Sendable () -> Int64
    private let pages = CellSlab(count: ExpositionFormat.allCases.count)
    private let lastDuration = Atomic<UInt64>(0)
    private let lastBytes = Atomic<Int>(0)
    /// How often each dynamic family overflowed.
    let overflows = OverflowBlock()

    /// An empty registry: its page has no sample.
    ///
    /// - Parameter unixMilliseconds: The clock by which exemplars and idle series grow old; read once a scrape.
    package init(unixMilliseconds: @escaping @Sendable () -> Int64 = WallClock.unixMilliseconds) {
        self.unixMilliseconds = unixMilliseconds
    }

    /// Runs `hook` before each scrape reads its values: read many of them at once there, and publish them.
    ///
    /// Hooks run in the order they were added, on the scraping thread, one scrape at a time. A hook must not scrape; it
    /// may register, and create and remove dynamic series.
    package func onScrape(_ hook: @escaping @Sendable () -> Void) {
        state.withLock { $0.hooks.append(hook) }
    }

    /// All families, sorted by name.
    package var catalogue: [FamilyDescription] {
        state.withLock { $0.textOrder }.map(\.description)
    }

    /// How many updates were not taken, by reason; anything but 0 is a fault in the program.
    package func refusedUpdates(_ reason: RefusedUpdate) -> UInt64 {
        (refused.base + reason.rawValue).pointee.load(ordering: .relaxed)
    }

    /// What a scrape would see of the histogram now: for tests.
    package func values(of histogram: Histogram) -> HistogramValues {
        scrapes.withLock { _ in
            let buckets = histogram.core.pointee.search.last + 1
            var values = HistogramValues(buckets: Array(repeating: 0, count: buckets), sum: 0)
            histogram.core.pointee.snapshot(&values)
            return values
        }
    }

    /// How many sample lines a page has now.
    package var seriesCount: Int {
        let families = state.withLock { $0.textOrder }
        var count = 0
        for index in families.indices { count += families[index].series.seriesCount }
        return count
    }

    /// Writes the whole page, replacing what `buffer` held.
    ///
    /// Concurrent scrapes wait for each other. Within a family the samples agree with each other; families are read one
    /// after another, so a sum over two of them holds only where a hook publishes both.
    ///
    /// - Complexity: About 20 ns a series. Allocates nothing once `buffer` has grown to the page's size.
    package func render(_ format: ExpositionFormat, into buffer: inout ExpositionBuffer) {
        scrapes.withLock { _ in
            let start = WallClock.monotonicNanoseconds()
            // By index here and wherever a scrape passes: an array's iterator allocates in a debug build.
            let hooks = state.withLock { $0.hooks }
            for index in hooks.indices { hooks[index]() }
            let scrape = Scrape(format: format, time: unixMilliseconds())
            let families = state.withLock { format == .text004 ? $0.textOrder : $0.openMetricsOrder }
            buffer.removeAll()
            for index in families.indices { families[index].write(scrape, to: &buffer) }
            if format == .openMetrics { buffer.write(atMost: 8) { $0.append("# EOF\n") } }
            (pages.base + format.ordinal).pointee.wrappingAdd(1, ordering: .relaxed)
            lastDuration.store(WallClock.monotonicNanoseconds() &- start, ordering: .relaxed)
            lastBytes.store(buffer.count, ordering: .relaxed)
        }
    }

    /// How many pages of this format were written.
    package func scrapeCount(_ format: ExpositionFormat) -> UInt64 {
        (pages.base + format.ordinal).pointee.load(ordering: .relaxed)
    }

    /// How long the last page took to collect and write, and how many bytes it had.
    package var lastScrape: (nanoseconds: UInt64, bytes: Int) {
        (lastDuration.load(ordering: .relaxed), lastBytes.load(ordering: .relaxed))
    }

    /// Where the series of this registry count refused updates.
    var refusedCells: Cell { refused.base }

    /// Takes a family in, or stops the program if it breaks a rule.
    func register<Block: SeriesBlock>(_ description: FamilyDescription, _ makeSeries: () -> Block) -> Block {
        state.withLock { state in
            do throws(RegistrationError) {
                try RegistrationRules.validate(description, against: state.textOrder.map(\.description))
            } catch {
                // Names, help, labels and buckets are literals of the program; `gohub metrics` registers all that any run of it can.
                preconditionFailure("cannot register a metric: \(error)")
            }
            let series = makeSeries()
            let entry = FamilyEntry(description, series: series)
            insert(entry, in: &state.textOrder, by: \.name)
            insert(entry, in: &state.openMetricsOrder, by: \.openMetricsName)
            return series
        }
    }

    private func insert(
        _ entry: FamilyEntry,
        in order: inout [FamilyEntry],
        by name: (FamilyDescription) -> String
    ) {
        let key = name(entry.description)
        let place = order.firstIndex { name($0.description) > key } ?? order.endIndex
        order.insert(entry, at: place)
    }
}
