// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// The series of a family of open labels, in order of their labels' text.
final class DynamicBlock: SeriesBlock, @unchecked Sendable {
    /// What one slot is let for.
    struct Tenant: Sendable {
        let slot: Slot
        let generation: UInt32
        let values: [String]
        /// What stands before the value on the page.
        let prefix: [UInt8]
        /// The last scrape that found it updated, in Unix milliseconds.
        var seen: Int64
    }

    private struct State {
        /// By prefix.
        var tenants: [Tenant] = []
        var slabs: [CellSlab] = []
        var free: [Slot] = []
        /// Vacated slots, and the scrape from which they may be let again.
        var resting: [(slot: Slot, until: UInt64)] = []
        var nextGeneration: UInt32 = 1
        var scrape: UInt64 = 0
        var hasOverflow = false
    }

    private let state = Guarded(State())
    private let overflows = Atomic<UInt64>(0)
    private let name: String
    private let labels: [String]
    private let limit: Int
    private let isGauge: Bool
    private let idle: Int64?
    private let refusedUpdates: Slot
    private let overflowPrefix: [UInt8]

    /// - Parameter idle: After how many milliseconds without an update a series goes; nil for never.
    init(name: String, labels: [String], limit: Int, isGauge: Bool, idle: Int64?, refusedUpdates: Cell) {
        self.name = name
        self.labels = labels
        self.limit = limit
        self.isGauge = isGauge
        self.idle = idle
        self.refusedUpdates = Slot(refusedUpdates)
        let pairs = labels.map { (name: $0, value: LabelText.overflow) }
        overflowPrefix = LabelText.prefix(name, LabelText.pairs(pairs))
    }

    var seriesCount: Int { state.withLock { $0.tenants.count } }

    var overflowed: UInt64 { overflows.load(ordering: .relaxed) }

    /// Finds or makes the series.
    func tenant(_ values: [String]) -> (slot: Cell, generation: UInt32) {
        let values = checked(values)
        let prefix = prefix(values)
        let found = state.withLock { state -> Tenant in
            switch place(of: prefix, in: state.tenants) {
            case .found(let index): return state.tenants[index]
            case .missing(let index):
                let used = state.tenants.count - (state.hasOverflow ? 1 : 0)
                if used < limit || prefix == overflowPrefix {
                    return move(in: values, prefix, at: index, &state)
                }
            }
            switch place(of: overflowPrefix, in: state.tenants) {
            case .found(let index): return state.tenants[index]
            case .missing(let index):
                let values = labels.map { _ in LabelText.overflow }
                return move(in: values, overflowPrefix, at: index, &state)
            }
        }
        if found.prefix == overflowPrefix { overflows.wrappingAdd(1, ordering: .relaxed) }
        return (found.slot.cell, found.generation)
    }

    /// Removes the series if it is there.
    func remove(_ values: [String]) -> Int {
        let prefix = prefix(checked(values))
        return state.withLock { state in
            guard case .found(let index) = place(of: prefix, in: state.tenants) else { return 0 }
            moveOut(state.tenants.remove(at: index), &state)
            return 1
        }
    }

    /// Removes the series of which the condition holds; it must not use the family.
    func removeAll(where condition: ([String]) -> Bool) -> Int {
        state.withLock { state in
            let before = state.tenants.count
            removeTenants(in: &state) { condition($0.values) }
            return before - state.tenants.count
        }
    }

    func write(_ scrape: Scrape, to buffer: inout ExpositionBuffer) {
        state.withLock { state in
            state.scrape &+= 1
            release(&state)
            if idle != nil { expire(at: scrape.time, &state) }
            for index in state.tenants.indices { write(state.tenants[index], to: &buffer) }
        }
    }

    private func write(_ tenant: Tenant, to buffer: inout ExpositionBuffer) {
        buffer.write(atMost: tenant.prefix.count + DoubleText.maximumBytes + 1) { cursor in
            tenant.prefix.withUnsafeBytes { cursor.append($0) }
            let bits = tenant.slot.cell.pointee.load(ordering: .relaxed)
            if isGauge { cursor.append(Double(bitPattern: bits)) } else { cursor.append(bits) }
            cursor.newline()
        }
    }

    private enum Place {
        case found(Int)
        /// Not there, and where it belongs.
        case missing(Int)
    }

    private func checked(_ values: [String]) -> [String] {
        precondition(values.count == labels.count, "\(name) has \(labels.count) labels, not \(values.count)")
        return values.map(LabelText.sanitized)
    }

    private func prefix(_ values: [String]) -> [UInt8] {
        LabelText.prefix(name, LabelText.pairs(zip(labels, values).map { (name: $0, value: $1) }))
    }

    private func place(of prefix: [UInt8], in tenants: [Tenant]) -> Place {
        var low = 0
        var high = tenants.count
        while low < high {
            let middle = (low + high) / 2
            if tenants[middle].prefix == prefix { return .found(middle) }
            if tenants[middle].prefix.lexicographicallyPrecedes(prefix) { low = middle + 1 } else { high = middle }
        }
        return .missing(low)
    }

    private func move(in values: [String], _ prefix: [UInt8], at index: Int, _ state: inout State) -> Tenant {
        if state.free.isEmpty { addSlots(&state) }
        let slot = state.free.removeLast()
        let generation = state.nextGeneration
        state.nextGeneration = generation == .max ? 1 : generation + 1
        DynamicSlot.occupy(slot.cell, generation: generation)
        let tenant = Tenant(slot: slot, generation: generation, values: values, prefix: prefix, seen: 0)
        state.tenants.insert(tenant, at: index)
        if prefix == overflowPrefix { state.hasOverflow = true }
        return tenant
    }

    private func moveOut(_ tenant: Tenant, _ state: inout State) {
        DynamicSlot.vacate(tenant.slot.cell)
        state.resting.append((tenant.slot, state.scrape &+ 2))
        if tenant.prefix == overflowPrefix { state.hasOverflow = false }
    }

    /// Takes another 64 slots, and room for the lists of them so that a scrape need not allocate.
    private func addSlots(_ state: inout State) {
        let slab = CellSlab(count: 64 * DynamicSlot.cells)
        state.slabs.append(slab)
        state.free.reserveCapacity(state.slabs.count * 64)
        state.resting.reserveCapacity(state.slabs.count * 64)
        for index in (0..<64).reversed() {
            let slot = slab.base + index * DynamicSlot.cells
            DynamicSlot.prepare(slot, refusedUpdates: refusedUpdates.cell)
            state.free.append(Slot(slot))
        }
    }

    /// Frees the slots that have rested long enough.
    private func release(_ state: inout State) {
        // In the order they were vacated, so the first to rest is the first to be free.
        var ready = 0
        while ready < state.resting.count, state.resting[ready].until <= state.scrape {
            state.free.append(state.resting[ready].slot)
            ready += 1
        }
        if ready > 0 { state.resting.removeFirst(ready) }
    }

    /// Removes the series that nobody has updated for as long as allowed.
    private func expire(at time: Int64, _ state: inout State) {
        guard let idle else { return }
        var isAnyIdle = false
        for index in state.tenants.indices {
            if DynamicSlot.wasTouched(state.tenants[index].slot.cell) {
                state.tenants[index].seen = time
            } else if time &- state.tenants[index].seen > idle, state.tenants[index].prefix != overflowPrefix {
                isAnyIdle = true
            }
        }
        if isAnyIdle { removeTenants(in: &state) { time &- $0.seen > idle && $0.prefix != overflowPrefix } }
    }

    private func removeTenants(in state: inout State, where condition: (Tenant) -> Bool) {
        for tenant in state.tenants where condition(tenant) { moveOut(tenant, &state) }
        state.tenants.removeAll(where: condition)
    }
}

/// A pointer to cells that may cross threads, as what it points to is atomic.
struct Slot: @unchecked Sendable {
    let cell: Cell

    init(_ cell: Cell) {
        self.cell = cell
    }
}

/// How often each dynamic family overflowed: `gohub_metrics_overflow_total`.
///
/// Its family is registered when the registry tells of itself and has a dynamic family, as a family without a series would
/// be in the catalogue and not on the page.
final class OverflowBlock: SeriesBlock {
    private struct State {
        var families: [(prefix: [UInt8], block: DynamicBlock)] = []
        var isWanted = false
        var isRegistered = false

        /// True once: when it is to be registered.
        mutating func isDue() -> Bool {
            guard isWanted, !families.isEmpty, !isRegistered else { return false }
            isRegistered = true
            return true
        }
    }

    private let state = Guarded(State())

    static let name = "gohub_metrics_overflow_total"

    /// Counts a family's overflows too; returns whether the block is now to be registered.
    func add(_ block: DynamicBlock, named family: String) -> Bool {
        let prefix = LabelText.prefix(Self.name, LabelText.pairs([(name: "family", value: family)]))
        return state.withLock { state in
            let place =
                state.families.firstIndex { prefix.lexicographicallyPrecedes($0.prefix) } ?? state.families.endIndex
            state.families.insert((prefix, block), at: place)
            return state.isDue()
        }
    }

    /// Notes that the registry tells of itself; returns whether the block is now to be registered.
    func want() -> Bool {
        state.withLock { state in
            state.isWanted = true
            return state.isDue()
        }
    }

    var seriesCount: Int { state.withLock { $0.families.count } }

    func write(_ scrape: Scrape, to buffer: inout ExpositionBuffer) {
        state.withLock { state in
            for index in state.families.indices { write(state.families[index], to: &buffer) }
        }
    }

    private func write(_ family: (prefix: [UInt8], block: DynamicBlock), to buffer: inout ExpositionBuffer) {
        buffer.write(atMost: family.prefix.count + ExpositionCursor.numberBytes) { cursor in
            family.prefix.withUnsafeBytes { cursor.append($0) }
            cursor.append(family.block.overflowed)
            cursor.newline()
        }
    }
}
