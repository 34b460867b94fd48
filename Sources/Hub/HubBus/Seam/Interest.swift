// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// What a node wants to receive: names, and prefixes of names.
///
/// The desired state. What the server knows of it is told by generations: each change has one, and the server has
/// confirmed a change when it has confirmed its generation.
package struct Interest {
    private var names: Set<BusTopic> = []
    private var prefixes: Set<String> = []
    /// The newest change.
    package private(set) var generation: UInt64 = 0
    /// Changes that nobody has taken yet.
    private var pending = InterestChange()

    /// Wants nothing.
    package init() {}

    /// How many names and prefixes are wanted.
    package var count: Int { names.count + prefixes.count }

    /// Whether a name itself is wanted.
    package func contains(_ topic: BusTopic) -> Bool { names.contains(topic) }

    /// Wants a name; false when it did so before.
    @discardableResult
    package mutating func want(_ topic: BusTopic) -> Bool {
        guard names.insert(topic).inserted else { return false }
        next()
        pending.steps.append(.add(topic))
        return true
    }

    /// Wants all names that begin with a prefix.
    package mutating func want(prefix: String) {
        guard prefixes.insert(prefix).inserted else { return }
        next()
        pending.steps.append(.addPrefix(prefix))
    }

    /// Wants a name no more; false when it did not.
    @discardableResult
    package mutating func drop(_ topic: BusTopic) -> Bool {
        guard names.remove(topic) != nil else { return false }
        names.dropSlack()
        next()
        pending.steps.append(.remove(topic))
        return true
    }

    private mutating func next() {
        generation += 1
        pending.generation = generation
    }

    /// The changes since this or ``takeAll()`` was last called; nil when there are none.
    mutating func takeChanges() -> InterestChange? {
        guard !pending.steps.isEmpty else { return nil }
        defer { pending = InterestChange() }
        return pending
    }

    /// Forgets the changes: there is no server to tell them, and the next one is told everything.
    mutating func forgetChanges() {
        if !pending.steps.isEmpty { pending = InterestChange() }
    }

    /// Everything that is wanted, for a server that knows nothing.
    mutating func takeAll() -> InterestChange {
        pending = InterestChange()
        return InterestChange(
            steps: prefixes.map { .addPrefix($0) } + names.map { .add($0) },
            generation: generation
        )
    }
}

/// A change of what a node wants, step by step.
package struct InterestChange: Sendable {
    package enum Step: Sendable {
        case add(BusTopic)
        case addPrefix(String)
        case remove(BusTopic)
    }

    /// In the order in which they were made; a name may be added and removed again.
    package internal(set) var steps: [Step]
    /// What the server confirms with it.
    package internal(set) var generation: UInt64

    /// Puts a change together; what a node wants makes its own, see ``Interest``.
    package init(steps: [Step] = [], generation: UInt64 = 0) {
        self.steps = steps
        self.generation = generation
    }

    /// By how much it changes the number of interests.
    var difference: Int {
        steps.reduce(0) { sum, step in
            if case .remove = step { sum - 1 } else { sum + 1 }
        }
    }
}
