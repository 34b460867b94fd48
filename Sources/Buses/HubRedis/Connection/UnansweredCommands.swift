// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

internal import HubLoop

/// The commands that were sent and not answered, in their order: a ring of small values.
struct UnansweredCommands {
    /// What a command waits for.
    enum Expectation: UInt8 {
        /// One reply of any kind.
        case reply
        // Confirmations of the kind, or one error.
        case subscribed, unsubscribed, patternSubscribed, patternUnsubscribed, shardSubscribed, shardUnsubscribed
        /// `pong` in an array, or alone.
        case pong
    }

    struct Entry {
        var token: UInt64
        var sent: MonotonicTime
        /// How many replies or confirmations are still to come.
        var missing: Int32
        var expectation: Expectation
    }

    // As many places as a power of two.
    private var places: [Entry] = []
    private var head = 0
    private(set) var count = 0

    var first: Entry? { count > 0 ? places[head] : nil }

    mutating func append(_ entry: Entry) {
        if count == places.count { grow(entry) }
        places[(head &+ count) & (places.count &- 1)] = entry
        count += 1
    }

    /// Takes away one reply of the first command's; the command if that was the last one.
    mutating func answerFirst() -> Entry? {
        guard count > 0 else { return nil }
        places[head].missing -= 1
        return places[head].missing > 0 ? nil : removeFirst()
    }

    /// Takes away the first command, however many replies it still misses.
    mutating func removeFirst() -> Entry? {
        guard count > 0 else { return nil }
        let entry = places[head]
        head = (head &+ 1) & (places.count &- 1)
        count -= 1
        return entry
    }

    /// The tokens in their order.
    var tokens: [UInt64] {
        (0..<count).map { places[(head &+ $0) & (places.count &- 1)].token }
    }

    private mutating func grow(_ filler: Entry) {
        var larger: [Entry] = []
        larger.reserveCapacity(max(2 * places.count, 16))
        larger += places[head...]
        larger += places[..<head]
        larger += repeatElement(filler, count: max(places.count, 16))
        places = larger
        head = 0
    }
}
