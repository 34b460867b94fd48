// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The series of one name whose labels' values come up while running; at most so many.
///
/// Look a series up once, where the thing it counts is made, and keep the handle. Beyond the limit all further label sets
/// share one series with `__overflow__` for every value, and the family's surplus is counted. Values may be any text:
/// an empty one is shown as `__empty__`, NUL and carriage return as U+FFFD, and what is longer than 256 bytes is cut.
///
/// - Complexity: A lookup takes a lock, allocates, and is O(log n); updates by the handle are as of any other.
package struct DynamicFamily<Handle: Sendable>: Sendable {
    let block: DynamicBlock

    init(block: DynamicBlock) {
        self.block = block
    }

    /// Takes the series off the page; updates by handles to it are refused and counted from now on.
    ///
    /// Remove what is gone for good: a counter that comes back starts at 0.
    ///
    /// - Returns: Whether there was one.
    @discardableResult
    package func remove(_ values: String...) -> Bool {
        block.remove(values) == 1
    }

    /// Takes off the page all series whose label values satisfy the condition; returns how many.
    @discardableResult
    package func removeAll(where condition: ([String]) -> Bool = { _ in true }) -> Int {
        block.removeAll(where: condition)
    }

    /// How many series there are, the overflow series included.
    package var count: Int { block.seriesCount }

    /// How many lookups ended in the overflow series.
    package var overflowed: UInt64 { block.overflowed }
}

extension DynamicFamily where Handle == Counter {
    /// The series with these label values, made at 0 if there is none yet, or the overflow series.
    ///
    /// - Precondition: As many values as the family has labels.
    package func series(_ values: String...) -> Counter {
        let tenant = block.tenant(values)
        return Counter(slot: tenant.slot, generation: tenant.generation)
    }
}

extension DynamicFamily where Handle == Gauge {
    /// The series with these label values, made at 0 if there is none yet, or the overflow series.
    ///
    /// - Precondition: As many values as the family has labels.
    package func series(_ values: String...) -> Gauge {
        let tenant = block.tenant(values)
        return Gauge(cell: tenant.slot, generation: tenant.generation)
    }
}
