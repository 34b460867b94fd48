// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Finds what was probably meant by a word that nobody knows.
package enum Suggestion {
    /// The candidate nearest to a word, if it is near enough: one edit in three letters, at least one, at most three.
    ///
    /// A candidate of which the word is a beginning of three letters or more is as near as one edit: `warn`, `warning`. So
    /// is a candidate of three letters or more that begins the word; one edit more is forgiven from four letters on:
    /// `address` and `adress`, `addr`.
    package static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        let word = word.lowercased()
        let limit = min(3, max(1, word.utf8.count / 3))
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let distance = distance(word, candidate.lowercased(), limit: limit)
            if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.name
    }

    /// The path of the key that was probably meant by a path: `bus.redis.adress`, `bus.redis.addrs`.
    ///
    /// The last part is compared with the keys of that section alone, and with what other servers call them.
    static func path(nearest path: String) -> String? {
        guard let dot = path.lastIndex(of: ".") else { return nil }
        let (section, name) = (String(path[..<dot]), String(path[dot...].dropFirst()))
        let own = ConfigurationKey.all.filter { $0.section == section }.map { (name: $0.name, key: $0) }
        let candidates = own + KeySynonym.names(in: section)
        let near = nearest(to: name, among: candidates.map(\.name))
        return candidates.first { $0.name == near }?.key.path
    }

    private static func distance(_ word: String, _ candidate: String, limit: Int) -> Int {
        let (left, right) = (Array(word.utf8), Array(candidate.utf8))
        let whole = distance(left, right, limit: limit)
        if left.count >= 3, candidate.hasPrefix(word) { return min(whole, 1) }
        guard right.count >= 3, left.count > right.count else { return whole }
        if word.hasPrefix(candidate) { return min(whole, 1) }
        guard right.count >= 4 else { return whole }
        let beginnings = (right.count - 1...right.count + 1).map { distance(Array(left.prefix($0)), right, limit: 1) }
        return beginnings.contains(1) ? min(whole, 2) : whole
    }

    /// Insertions, deletions, substitutions and swaps of neighbours between two words; past the limit, something above it.
    static func distance(_ left: [UInt8], _ right: [UInt8], limit: Int) -> Int {
        if abs(left.count - right.count) > limit { return limit + 1 }
        var beforePrevious: [Int] = []
        var previous = Array(0...right.count)
        for (row, byte) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var cost = min(
                    previous[column + 1] + 1,
                    current[column] + 1,
                    previous[column] + (byte == other ? 0 : 1)
                )
                if row > 0, column > 0, byte == right[column - 1], left[row - 1] == other {
                    cost = min(cost, beforePrevious[column - 1] + 1)
                }
                current.append(cost)
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[right.count]
    }
}
