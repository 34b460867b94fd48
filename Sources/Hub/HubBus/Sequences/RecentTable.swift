// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A table that holds so many entries at most, and so much in them: the one that was longest not used goes for a new one.
package struct RecentTable<Key: Hashable, Value> {
    private struct Node {
        var key: Key
        var value: Value
        var newer: Int
        var older: Int
    }

    private var places: [Key: Int] = [:]
    private var nodes: [Node] = []
    private var free: [Int] = []
    private var newest = -1
    private var oldest = -1
    private let capacity: Int
    private let weightLimit: Int
    private let weigh: (Value) -> Int
    private var weight = 0
    /// What stands in a free place.
    private let nothing: Value
    /// How many entries had to go.
    package private(set) var evictions: UInt64 = 0

    /// Makes an empty table.
    ///
    /// - Parameter nothing: A value that holds no memory and weighs nothing.
    /// - Parameter weightLimit: How much all entries may weigh; the one in use stays, whatever it weighs.
    /// - Parameter weigh: What an entry weighs.
    package init(
        capacity: Int,
        nothing: Value,
        weightLimit: Int = .max,
        weigh: @escaping (Value) -> Int = { _ in 0 }
    ) {
        self.capacity = max(1, capacity)
        self.nothing = nothing
        self.weightLimit = weightLimit
        self.weigh = weigh
    }

    /// How many entries there are.
    package var count: Int { places.count }

    /// Uses an entry, which is made if there is none.
    ///
    /// - Complexity: O(1), one look-up.
    package mutating func use<Result>(
        _ key: Key,
        orInsert make: (_ evictions: UInt64) -> Value,
        _ body: (inout Value) -> Result
    ) -> Result {
        let place: Int
        if let known = places[key] {
            place = known
        } else {
            if places.count == capacity { evictOldest() }
            place = insert(key, make(evictions))
        }
        if place != newest {
            unlink(place)
            linkNewest(place)
        }
        let before = weigh(nodes[place].value)
        let result = body(&nodes[place].value)
        weight += weigh(nodes[place].value) - before
        while weight > weightLimit, places.count > 1 { evictOldest() }
        return result
    }

    private mutating func insert(_ key: Key, _ value: Value) -> Int {
        let node = Node(key: key, value: value, newer: -1, older: -1)
        let place = free.popLast() ?? nodes.count
        if place == nodes.count { nodes.append(node) } else { nodes[place] = node }
        places[key] = place
        linkNewest(place)
        weight += weigh(value)
        return place
    }

    /// The entry of a key, which does not count as a use.
    package subscript(_ key: Key) -> Value? { places[key].map { nodes[$0].value } }

    /// Forgets an entry, which counts as no eviction.
    package mutating func remove(_ key: Key) {
        guard let place = places.removeValue(forKey: key) else { return }
        weight -= weigh(nodes[place].value)
        nodes[place].value = nothing
        unlink(place)
        free.append(place)
    }

    private mutating func evictOldest() {
        evictions += 1
        remove(nodes[oldest].key)
    }

    private mutating func unlink(_ place: Int) {
        let (newer, older) = (nodes[place].newer, nodes[place].older)
        if newer >= 0 { nodes[newer].older = older } else { newest = older }
        if older >= 0 { nodes[older].newer = newer } else { oldest = newer }
    }

    private mutating func linkNewest(_ place: Int) {
        nodes[place].newer = -1
        nodes[place].older = newest
        if newest >= 0 { nodes[newest].newer = place } else { oldest = place }
        newest = place
    }
}
