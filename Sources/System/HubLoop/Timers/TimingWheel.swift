// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub

/// Holds the deadlines of a loop: to set, move or cancel one costs the same whether there are ten or a million.
///
/// Time is cut into steps of 2²³ ns (8.4 ms). A timer is due at the end of the step that its deadline lies in, so never
/// early and at most one step late. Two circles of 1024 slots: the fine one holds the next 8.6 s, step by step; the
/// coarse one the next 2.4 h in slots of 8.6 s, whose timers move to the fine circle when their slot begins. Timers
/// beyond wait in the farthest coarse slot and are looked at again there.
///
/// A deadline that moves to later only changes a number in the timer; the timer is put where it belongs when the old
/// deadline comes. The wheel does no I/O, knows no clock and keeps no timer alive: that is its owner's part.
package struct TimingWheel: ~Copyable {
    /// The length of a step, by which a timer may be late.
    package static var resolution: Duration { .nanoseconds(1 << resolutionBits) }

    private static let resolutionBits: UInt64 = 23
    private static let slots = Int(2 * SlotSet.count)

    private let identity: UInt32
    private let origin: UInt64
    /// The last step whose slot was looked at; its slot holds what has not been taken yet.
    private var current: UInt64 = 0
    private var fine = SlotSet()
    private var coarse = SlotSet()
    /// The first timer of each slot, the fine ones first; a slot's timers form a ring.
    private let heads: UnsafeMutablePointer<Unmanaged<LoopTimer>?>

    /// How many timers are scheduled.
    package private(set) var count = 0

    /// Makes an empty wheel.
    ///
    /// - Parameter identity: A number other than 0 by which misuse of one timer on two wheels is noticed.
    package init(start: MonotonicTime, identity: UInt32 = 1) {
        self.identity = identity
        origin = start.nanoseconds
        heads = .allocate(capacity: Self.slots)
        heads.initialize(repeating: nil, count: Self.slots)
    }

    deinit {
        heads.deallocate()
    }

    /// Sets a timer's deadline, or moves it.
    ///
    /// - Returns: Whether the timer was not scheduled before: then the caller has to keep it alive from now on.
    /// - Complexity: O(1), no allocation; for a timer that is scheduled earlier than the new deadline, one store.
    package mutating func schedule(_ timer: LoopTimer, at deadline: MonotonicTime) -> Bool {
        let moved = timer.isScheduled
        if moved {
            precondition(timer.wheel == identity, "a timer belongs to one loop while it is scheduled")
            let isLater = deadline.nanoseconds >= timer.deadlineNanoseconds
            timer.deadlineNanoseconds = deadline.nanoseconds
            if isLater { return false }
            unlink(timer)
        } else {
            timer.wheel = identity
            timer.deadlineNanoseconds = deadline.nanoseconds
            count += 1
        }
        place(timer)
        return !moved
    }

    /// Takes a timer out before its time.
    ///
    /// - Returns: Whether it was scheduled: then the caller need no longer keep it alive.
    /// - Complexity: O(1).
    package mutating func cancel(_ timer: LoopTimer) -> Bool {
        guard timer.isScheduled else { return false }
        precondition(timer.wheel == identity, "a timer belongs to one loop while it is scheduled")
        unlink(timer)
        count -= 1
        return true
    }

    /// Takes out one timer that is due; to be called until it returns `nil`, the timers coming in the order of their steps.
    ///
    /// The caller need no longer keep the timer alive. Timers may be scheduled and cancelled between the calls.
    package mutating func popDue(_ now: MonotonicTime) -> LoopTimer? {
        let present = max(current, step(endedBy: now.nanoseconds))
        while true {
            while let timer = first(at: Int(current & SlotSet.mask)) {
                unlink(timer)
                if step(of: timer) <= present {
                    count -= 1
                    prefetch(at: Int(current & SlotSet.mask))
                    return timer
                }
                place(timer)
            }
            guard let next = nextStep(), next <= present else {
                current = present
                return nil
            }
            current = next
            if current & SlotSet.mask == 0 { unfold(current >> SlotSet.bits) }
        }
    }

    /// Asks for memory while a due timer is at work: of the next one's target, and of the timer behind that one.
    ///
    /// What has been idle for long is in no cache. The next timer itself is: the one before it was just unlinked from it.
    private func prefetch(at slot: Int) {
        guard let next = first(at: slot) else { return }
        let target = UnsafeRawPointer(Unmanaged.passUnretained(next.target as AnyObject).toOpaque())
        // Two lines: what a look at a connection touches stands there. Behind a smaller object it fetches in vain.
        gohub_prefetch(target)
        gohub_prefetch(target + 64)
        if let afterNext = next.next { gohub_prefetch(afterNext.toOpaque()) }
    }

    /// Takes out any timer, whether due or not, to empty the wheel; `nil` when it is empty.
    package mutating func popAny() -> LoopTimer? {
        let slot: Int
        if let distance = fine.distance(from: current) {
            slot = Int((current + distance) & SlotSet.mask)
        } else if let distance = coarse.distance(from: 0) {
            slot = Int(SlotSet.count + distance)
        } else {
            return nil
        }
        guard let timer = first(at: slot) else { return nil }
        unlink(timer)
        count -= 1
        return timer
    }

    /// When to look for due timers again: not after the first deadline's step, but maybe before it.
    ///
    /// - Complexity: O(1), a few instructions.
    package var nextDue: MonotonicTime? {
        guard let next = nextStep() else { return nil }
        let (offset, tooFar) = next.multipliedReportingOverflow(by: 1 << Self.resolutionBits)
        let (time, overflow) = origin.addingReportingOverflow(offset)
        return MonotonicTime(nanoseconds: tooFar || overflow ? .max : time)
    }

    // MARK: Steps

    /// The last step that has ended at a point in time.
    private func step(endedBy time: UInt64) -> UInt64 {
        time > origin ? (time - origin) >> Self.resolutionBits : 0
    }

    /// The step at whose end the timer is due.
    private func step(of timer: LoopTimer) -> UInt64 {
        guard timer.deadlineNanoseconds > origin else { return 0 }
        return (timer.deadlineNanoseconds - origin - 1) >> Self.resolutionBits + 1
    }

    /// The next step with anything to look at, a coarse slot counting as its first step.
    private func nextStep() -> UInt64? {
        let nextFine = fine.distance(from: current).map { current + $0 }
        let turn = current >> SlotSet.bits
        let nextCoarse = coarse.distance(from: turn).map { (turn + $0) << SlotSet.bits }
        guard let nextFine else { return nextCoarse }
        guard let nextCoarse else { return nextFine }
        return min(nextFine, nextCoarse)
    }

    // MARK: Slots

    private mutating func place(_ timer: LoopTimer) {
        let due = max(step(of: timer), current + 1)
        if due - current < SlotSet.count {
            fine.insert(due)
            link(timer, at: Int(due & SlotSet.mask))
        } else {
            let turn = min(due >> SlotSet.bits, current >> SlotSet.bits + SlotSet.mask)
            coarse.insert(turn)
            link(timer, at: Int(SlotSet.count + turn & SlotSet.mask))
        }
    }

    /// Moves the timers of a coarse slot that begins now to where they belong.
    private mutating func unfold(_ turn: UInt64) {
        while let timer = first(at: Int(SlotSet.count + turn & SlotSet.mask)) {
            unlink(timer)
            if step(of: timer) <= current {
                fine.insert(current)
                link(timer, at: Int(current & SlotSet.mask))
            } else {
                place(timer)
            }
        }
    }

    private func first(at slot: Int) -> LoopTimer? {
        heads[slot]?.takeUnretainedValue()
    }

    private func link(_ timer: LoopTimer, at slot: Int) {
        let link = Unmanaged.passUnretained(timer)
        timer.slot = UInt16(slot)
        if let head = heads[slot], let last = head.takeUnretainedValue().previous {
            timer.previous = last
            timer.next = head
            last.takeUnretainedValue().next = link
            head.takeUnretainedValue().previous = link
        } else {
            timer.previous = link
            timer.next = link
            heads[slot] = link
        }
    }

    private mutating func unlink(_ timer: LoopTimer) {
        let slot = Int(timer.slot)
        let link = Unmanaged.passUnretained(timer).toOpaque()
        if let next = timer.next, let previous = timer.previous, next.toOpaque() != link {
            previous.takeUnretainedValue().next = next
            next.takeUnretainedValue().previous = previous
            if heads[slot]?.toOpaque() == link { heads[slot] = next }
        } else {
            heads[slot] = nil
            if slot < SlotSet.count { fine.remove(UInt64(slot)) } else { coarse.remove(UInt64(slot)) }
        }
        timer.next = nil
        timer.previous = nil
        timer.slot = LoopTimer.noSlot
    }
}
