// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// When a node sends itself a message through the bus, and what became of the last one; no I/O, no clock.
///
/// One at most is under way. All times are nanoseconds of one clock.
struct BusCanary {
    private let interval: UInt64
    private let patience: UInt64
    private var nextDue: UInt64 = 0
    private var lastNumber: UInt64 = 0
    private var pending: (number: UInt64, sent: UInt64)?

    /// - Parameter patience: How long one may take; shorter than the interval.
    init(interval: UInt64, patience: UInt64) {
        self.interval = interval
        self.patience = patience
    }

    /// When to look again.
    var nextDeadline: UInt64 { pending.map { $0.sent &+ patience } ?? nextDue }

    /// The number of the canary to send now; nil when it is not time.
    mutating func due(_ now: UInt64) -> UInt64? {
        guard pending == nil, now >= nextDue else { return nil }
        lastNumber += 1
        pending = (lastNumber, now)
        nextDue = now &+ interval
        return lastNumber
    }

    /// A canary came back.
    ///
    /// - Returns: How long it took; nil for one that was given up.
    mutating func returned(_ number: UInt64, _ now: UInt64) -> UInt64? {
        guard let sent = pending, sent.number == number else { return nil }
        pending = nil
        return now > sent.sent ? now - sent.sent : 0
    }

    /// The bus did not take a canary; false for one that was given up, or came back all the same.
    mutating func refused(_ number: UInt64) -> Bool {
        guard pending?.number == number else { return false }
        pending = nil
        return true
    }

    /// Gives up the one that has taken too long; false when there is none.
    mutating func expire(_ now: UInt64) -> Bool {
        guard let sent = pending, now >= sent.sent &+ patience else { return false }
        pending = nil
        return true
    }
}
