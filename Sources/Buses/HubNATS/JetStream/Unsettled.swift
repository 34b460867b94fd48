// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// The publications that the server has not answered, each for as long as an answer may still say something.
///
/// A server that loses the leader of its stream answers some never; who asked was told so by the deadline, long before.
struct Unsettled {
    /// How long each is kept at least, unless there are too many; at the most it is twice as long.
    static let lifetime = Duration.seconds(60)
    /// So many make it shorter; more than may be under way, as those are looked through when one is refused.
    static let limit = 8192

    private var recent: [UInt64: Subject] = [:]
    private var old: [UInt64: Subject] = [:]
    private var nextTurn: MonotonicTime?

    mutating func insert(_ id: UInt64, to subject: Subject) {
        if recent.count >= Self.limit { turn() }
        recent[id] = subject
    }

    private mutating func turn() {
        old = recent
        recent = [:]
    }

    /// Takes one off; false when it is none of them.
    mutating func remove(_ id: UInt64) -> Bool {
        recent.removeValue(forKey: id) != nil || old.removeValue(forKey: id) != nil
    }

    /// Takes off all to a subject, in the order of their ids.
    mutating func removeAll(to subject: QuotedSubject) -> [UInt64] {
        let ids = (recent.filter { subject.matches($0.value) } + old.filter { subject.matches($0.value) }).map(\.key)
            .sorted()
        for id in ids { _ = remove(id) }
        return ids
    }

    /// Lets time pass.
    mutating func tick(_ now: MonotonicTime) {
        guard let due = nextTurn, now >= due else {
            if nextTurn == nil { nextTurn = now + Self.lifetime }
            return
        }
        nextTurn = now + Self.lifetime
        turn()
    }
}
