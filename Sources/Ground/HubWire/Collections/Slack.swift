// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

// Swift's tables keep the memory of the most that they ever held; one that peers can fill gives it back.

extension Dictionary {
    /// Gives back the memory of a table of which a burst has left less than an eighth.
    ///
    /// To be called after removals: O(1) for each of them, taken together.
    package mutating func dropSlack() {
        guard isSparse(count, capacity) else { return }
        var smaller = Dictionary(minimumCapacity: count)
        for (key, value) in self { smaller[key] = value }
        self = smaller
    }
}

extension Set {
    /// Gives back the memory of a set of which a burst has left less than an eighth.
    ///
    /// To be called after removals: O(1) for each of them, taken together.
    package mutating func dropSlack() {
        guard isSparse(count, capacity) else { return }
        var smaller = Set(minimumCapacity: count)
        for element in self { smaller.insert(element) }
        self = smaller
    }
}

private func isSparse(_ count: Int, _ capacity: Int) -> Bool { capacity > 64 && count < capacity / 8 }
