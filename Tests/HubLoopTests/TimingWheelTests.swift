// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import Testing

@Suite("The timing wheel")
struct TimingWheelTests {
    /// Random numbers that are the same in every run.
    struct Dice: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }

        /// A duration whose magnitude, not whose value, is evenly spread: 1 ns to about 19 hours.
        mutating func duration() -> Duration {
            .nanoseconds(Int64(next() >> UInt64.random(in: 18...63, using: &self)))
        }
    }

    static let start = MonotonicTime(nanoseconds: 123_456_789)
    static let step = TimingWheel.resolution.wholeNanoseconds

    /// The step at whose end a deadline is due, counted from the start.
    static func step(of deadline: MonotonicTime) -> UInt64 {
        (deadline.nanoseconds(since: start) + step - 1) / step
    }

    /// A wheel that expectations can be made about, which cannot take values that move.
    final class Wheel {
        private var wheel = TimingWheel(start: TimingWheelTests.start)

        var count: Int { wheel.count }
        var nextDue: MonotonicTime? { wheel.nextDue }

        @discardableResult
        func schedule(_ timer: LoopTimer, at deadline: MonotonicTime) -> Bool { wheel.schedule(timer, at: deadline) }
        func cancel(_ timer: LoopTimer) -> Bool { wheel.cancel(timer) }
        func popDue(_ now: MonotonicTime) -> LoopTimer? { wheel.popDue(now) }
        func popAny() -> LoopTimer? { wheel.popAny() }
    }

    static func timers(_ count: Int) -> [LoopTimer] {
        (0..<count).map { _ in LoopTimer {} }
    }

    @Test("fires the same timers as a list that is searched every time", arguments: 1...24 as ClosedRange<UInt64>)
    func matchesNaiveModel(seed: UInt64) {
        var dice = Dice(state: seed)
        let wheel = Wheel()
        let timers = Self.timers(60)
        var model: [Int: MonotonicTime] = [:]
        var index: [ObjectIdentifier: Int] = [:]
        for (number, timer) in timers.enumerated() { index[ObjectIdentifier(timer)] = number }
        var now = Self.start
        for _ in 0..<3000 {
            let number = Int.random(in: 0..<timers.count, using: &dice)
            switch Int.random(in: 0..<10, using: &dice) {
            case 0...4:
                let deadline = now + dice.duration()
                #expect(wheel.schedule(timers[number], at: deadline) == (model[number] == nil))
                model[number] = deadline
            case 5:
                #expect(wheel.cancel(timers[number]) == (model[number] != nil))
                model[number] = nil
            case 6:
                // To the very moment at which the wheel wants to be asked.
                if let next = wheel.nextDue { now = max(now, next) }
            default:
                now = now + dice.duration()
            }
            let present = now.nanoseconds(since: Self.start) / Self.step
            var fired: Set<Int> = []
            while let timer = wheel.popDue(now) {
                let number = index[ObjectIdentifier(timer)] ?? -1
                #expect(!timer.isScheduled)
                #expect(fired.insert(number).inserted)
            }
            // A deadline that had passed when it was set fires in the next step instead.
            let due = Set(model.filter { Self.step(of: $0.value) <= present }.keys)
            #expect(fired.isSubset(of: due))
            for late in due.subtracting(fired) {
                #expect(Self.step(of: model[late] ?? now) == present)
            }
            for number in fired { model[number] = nil }
            #expect(wheel.count == model.count)
            if let earliest = model.values.min() {
                let next = wheel.nextDue
                #expect(next != nil)
                if let next { #expect(Self.step(of: next) <= max(Self.step(of: earliest), present + 1)) }
            } else {
                #expect(wheel.nextDue == nil)
            }
        }
    }

    @Test("never fires early, and less than one step late when asked in time")
    func keepsItsPrecision() {
        var dice = Dice(state: 7)
        for _ in 0..<500 {
            let wheel = Wheel()
            let timer = LoopTimer {}
            let deadline = Self.start + dice.duration()
            #expect(wheel.schedule(timer, at: deadline))
            var now = Self.start
            var looks = 0
            while true {
                if wheel.popDue(now) != nil { break }
                guard let next = wheel.nextDue, next > now else {
                    Issue.record("the wheel wants to be asked at a time that has passed")
                    return
                }
                now = next
                looks += 1
            }
            #expect(now >= deadline)
            #expect(deadline.duration(to: now) < TimingWheel.resolution || deadline == Self.start)
            #expect(looks <= 12, "an idle loop wakes up rarely")
        }
    }

    @Test("keeps the order in which timers of one step were set")
    func keepsOrder() {
        let wheel = Wheel()
        let timers = Self.timers(100)
        for timer in timers { wheel.schedule(timer, at: Self.start + .seconds(20)) }
        var fired: [ObjectIdentifier] = []
        while let timer = wheel.popDue(Self.start + .seconds(21)) { fired.append(ObjectIdentifier(timer)) }
        #expect(fired == timers.map(ObjectIdentifier.init))
    }

    @Test("a deadline moved to later again and again costs one look a period, and fires once at its last place")
    func movesLazily() {
        let wheel = Wheel()
        let timer = LoopTimer {}
        var now = Self.start
        wheel.schedule(timer, at: now + .seconds(25))
        var looks = 0
        for _ in 0..<10_000 {
            now = now + .milliseconds(100)
            #expect(!wheel.schedule(timer, at: now + .seconds(25)))
            if let next = wheel.nextDue, next <= now { looks += 1 }
            #expect(wheel.popDue(now) == nil)
        }
        #expect(looks <= 1000 / 8)
        #expect(wheel.popDue(now + .milliseconds(24_990)) == nil)
        #expect(wheel.popDue(now + .milliseconds(25_010)) === timer)
        #expect(wheel.popDue(now + .seconds(100)) == nil)
    }

    @Test("a deadline moved to sooner fires sooner", arguments: [1, 500, 9_000, 60_000] as [Int64])
    func movesToSooner(milliseconds: Int64) {
        let wheel = Wheel()
        let timer = LoopTimer {}
        wheel.schedule(timer, at: Self.start + .seconds(7200))
        wheel.schedule(timer, at: Self.start + .milliseconds(milliseconds))
        #expect(wheel.popDue(Self.start + .milliseconds(milliseconds) - .nanoseconds(1)) == nil)
        #expect(wheel.popDue(Self.start + .milliseconds(milliseconds + 9)) === timer)
    }

    @Test("takes a deadline at the end of time, and one before its own start")
    func takesExtremes() {
        let wheel = Wheel()
        let last = LoopTimer {}
        let first = LoopTimer {}
        wheel.schedule(last, at: MonotonicTime(nanoseconds: .max))
        wheel.schedule(first, at: MonotonicTime(nanoseconds: 0))
        #expect(wheel.popDue(Self.start + TimingWheel.resolution) === first)
        #expect(wheel.popDue(Self.start + .seconds(86_400 * 365 * 20)) == nil)
        #expect(wheel.nextDue != nil)
        #expect(wheel.popAny() === last)
        #expect(wheel.popAny() == nil)
        #expect(wheel.count == 0)
        #expect(wheel.nextDue == nil)
    }

    @Test("takes timers set and cancelled between two that are due")
    func toleratesChanges() {
        let wheel = Wheel()
        let timers = Self.timers(4)
        for timer in timers.dropLast() { wheel.schedule(timer, at: Self.start + .seconds(1)) }
        let now = Self.start + .seconds(2)
        #expect(wheel.popDue(now) === timers[0])
        #expect(wheel.cancel(timers[1]))
        #expect(wheel.schedule(timers[3], at: now))
        #expect(wheel.schedule(timers[0], at: now + .seconds(1)))
        var fired: [LoopTimer] = []
        while let timer = wheel.popDue(now + .seconds(2)) { fired.append(timer) }
        #expect(fired.map(ObjectIdentifier.init) == [timers[2], timers[3], timers[0]].map(ObjectIdentifier.init))
    }
}
