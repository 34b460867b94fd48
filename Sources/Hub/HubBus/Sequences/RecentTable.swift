// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A table that holds so many entries at most: the one that was longest not used goes for a new one.
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
    /// How many entries had to go.
    package private(set) var evictions: UInt64 = 0

    /// Makes an empty table.
    package init(capacity: Int) { self.capacity = max(1, capacity) }

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
            if place != newest {
                unlink(place)
                linkNewest(place)
            }
        } else {
            if places.count == capacity { evictOldest() }
            let node = Node(key: key, value: make(evictions), newer: -1, older: -1)
            if let reused = free.popLast() {
                nodes[reused] = node
                place = reused
            } else {
                place = nodes.count
                nodes.append(node)
            }
            places[key] = place
            linkNewest(place)
        }
        return body(&nodes[place].value)
    }

    /// Changes an entry that is there; nil when there is none.
    package mutating func change<Result>(_ key: Key, _ body: (inout Value) -> Result) -> Result? {
        guard let place = places[key] else { return nil }
        return body(&nodes[place].value)
    }

    /// The entry of a key, which does not count as a use.
    package subscript(_ key: Key) -> Value? { places[key].map { nodes[$0].value } }

    /// Forgets an entry, which counts as no eviction.
    package mutating func remove(_ key: Key) {
        guard let place = places.removeValue(forKey: key) else { return }
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
