// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@testable import HubLoop

/// How many bytes an instance has, without what malloc adds: the standard library's `_class_getInstancePositiveExtentSize`.
@_silgen_name("$ss36_class_getInstancePositiveExtentSizeySiyXlXpF")
private func instanceSize(_ type: AnyClass) -> Int

@Suite("Timers on a loop")
struct LoopTimerTests {
    /// Owns its timer, as a connection does.
    final class Owner: LoopTimerTarget {
        private(set) var fired = 0
        let onEnd: () -> Void
        var onFire: ((LoopTimer) -> Void)?
        private(set) lazy var timer = LoopTimer(self)

        init(onEnd: @escaping () -> Void = {}) { self.onEnd = onEnd }
        deinit { onEnd() }

        func timerFired(_ timer: LoopTimer) {
            fired += 1
            onFire?(timer)
        }
    }

    let clock = VirtualClock()
    let loop: EventLoop

    init() throws {
        loop = try EventLoop(clock: clock)
    }

    /// Schedules the timer of an owner that nobody else keeps.
    func schedule(_ owner: Owner, on loop: EventLoop) {
        loop.schedule(owner.timer, after: .seconds(1))
    }

    func pass(_ duration: Duration) {
        clock.advance(by: duration)
        loop.runOnce(wait: false)
    }

    @Test("fires once, and again when scheduled again")
    func firesOnce() {
        let owner = Owner()
        loop.schedule(owner.timer, after: .seconds(1))
        #expect(owner.timer.isScheduled)
        pass(.milliseconds(999))
        #expect(owner.fired == 0)
        pass(.milliseconds(10))
        #expect(owner.fired == 1)
        #expect(!owner.timer.isScheduled)
        pass(.seconds(10))
        #expect(owner.fired == 1)
        owner.onFire = { [loop] timer in loop.schedule(timer, after: .seconds(1)) }
        loop.schedule(owner.timer, after: .seconds(1))
        for _ in 0..<5 { pass(.milliseconds(1010)) }
        #expect(owner.fired == 6)
        loop.stop()
    }

    @Test("does not fire when cancelled, also by another timer of the same tick")
    func cancels() {
        let first = Owner()
        let second = Owner()
        first.onFire = { [loop] _ in loop.cancel(second.timer) }
        loop.schedule(first.timer, after: .seconds(1))
        loop.schedule(second.timer, after: .seconds(1))
        loop.cancel(LoopTimer {})
        pass(.seconds(2))
        #expect(first.fired == 1)
        #expect(second.fired == 0)
        loop.stop()
    }

    @Test("a delay of zero or less fires in the next step, not within the same tick")
    func takesNoDelay() {
        let owner = Owner()
        owner.onFire = { [loop] timer in loop.schedule(timer, after: .seconds(-1)) }
        loop.schedule(owner.timer, after: .zero)
        pass(TimingWheel.resolution)
        #expect(owner.fired == 1)
        pass(TimingWheel.resolution)
        #expect(owner.fired == 2)
        owner.onFire = nil
        loop.stop()
    }

    @Test("keeps its target alive while scheduled and not longer")
    func keepsTarget() {
        var ends = 0
        do {
            let owner = Owner { ends += 1 }
            loop.schedule(owner.timer, after: .seconds(1))
        }
        #expect(ends == 0)
        pass(.seconds(2))
        #expect(ends == 1)
        do {
            let owner = Owner { ends += 1 }
            loop.schedule(owner.timer, after: .seconds(1))
            loop.cancel(owner.timer)
        }
        #expect(ends == 2)
        schedule(Owner { ends += 1 }, on: loop)
        #expect(ends == 2)
        loop.stop()
        #expect(ends == 3)
        let late = Owner { ends += 1 }
        loop.schedule(late.timer, after: .seconds(1))
        #expect(!late.timer.isScheduled)
    }

    @Test("a closure's timer keeps the closure until it goes")
    func keepsClosure() {
        final class Token {}
        weak var token: Token?
        var calls = 0
        do {
            let kept = Token()
            token = kept
            let timer = LoopTimer {
                calls += 1
                withExtendedLifetime(kept) {}
            }
            loop.schedule(timer, after: .seconds(1))
        }
        #expect(token != nil)
        pass(.seconds(2))
        #expect(calls == 1)
        #expect(token == nil)
        loop.stop()
    }

    @Test("what is scheduled when a loop goes unstopped goes too")
    func goesWithLoop() throws {
        var ends = 0
        do {
            let loop = try EventLoop(clock: clock)
            schedule(Owner { ends += 1 }, on: loop)
        }
        #expect(ends == 1)
    }

    @Test("a real loop waits for its next timer and no longer, also after it has woken itself")
    func wakesForTimer() throws {
        let loop = try EventLoop()
        let owner = Owner()
        loop.post { loop.post {} }
        for _ in 0..<2 { loop.runOnce(wait: true) }
        owner.onFire = { [unowned owner] timer in
            if owner.fired < 3 { loop.schedule(timer, after: .milliseconds(20)) }
        }
        let start = loop.clock.now()
        loop.schedule(owner.timer, after: .milliseconds(20))
        #expect(loop.run { owner.fired == 3 })
        #expect(start.duration(to: loop.clock.now()) >= .milliseconds(60))
        #expect(loop.statistics.ticks <= 16)
        loop.stop()
    }

    @Test("a timer that is due sooner than the one that a loop waits for is not late")
    func wakesForSoonerTimer() throws {
        let loop = try EventLoop()
        let late = Owner()
        let soon = Owner()
        loop.schedule(late.timer, after: .seconds(5))
        loop.runOnce(wait: false)
        loop.schedule(soon.timer, after: .milliseconds(10))
        loop.runOnce(wait: false)
        while soon.fired == 0 { loop.runOnce(wait: true) }
        #expect(late.fired == 0)
        loop.stop()
    }

    @Test("a loop that was woken for a timer too soon waits again", .timeLimit(.minutes(1)))
    func waitsAgain() throws {
        // Its own time stands still while the system's passes: it always wakes too soon.
        let loop = try EventLoop(clock: clock)
        let observer = try EventLoop()
        let owner = Owner()
        final class Shared: @unchecked Sendable { var ticks = 0 }
        let shared = Shared()
        loop.schedule(owner.timer, after: .milliseconds(5))
        loop.onTick = { observer.post { shared.ticks += 1 } }
        try loop.start(name: "waiting")
        #expect(observer.run { shared.ticks >= 3 })
        clock.wakes(loop)
        clock.advance(by: .seconds(1))
        loop.stop()
        loop.join()
        #expect(owner.fired == 1)
        observer.stop()
    }

    @Test("costs at most 64 bytes, beside what the allocator adds")
    func isSmall() {
        #expect(instanceSize(LoopTimer.self) <= 64)
    }

    @Test("the loop waits until the tick that is asked for, or a timer, whichever comes first")
    func nextTick() {
        let timer = LoopTimer {}
        loop.runOnce(wait: false)
        #expect(loop.armedFor == nil)
        // A timer is due at the end of a step of the wheel, a tick when it was asked for.
        let soon = loop.now + .milliseconds(3)
        loop.nextTick = soon
        loop.runOnce(wait: false)
        #expect(loop.armedFor == soon)
        loop.schedule(timer, after: .milliseconds(1))
        loop.nextTick = loop.now + .seconds(1)
        loop.runOnce(wait: false)
        #expect(loop.armedFor.map { $0 < loop.now + .milliseconds(20) } == true)
        loop.cancel(timer)
        loop.nextTick = nil
        loop.runOnce(wait: false)
        #expect(loop.armedFor == nil)
    }

    @Test("each tick that is asked for comes, with nothing else to do", .timeLimit(.minutes(1)))
    func ticks() throws {
        let loop = try EventLoop()
        var count = 0
        loop.onTick = { [unowned loop] in
            count += 1
            loop.nextTick = count < 50 ? loop.now + .milliseconds(1) : nil
        }
        loop.runOnce(wait: false)
        while count < 50 { loop.runOnce(wait: true) }
        loop.onTick = nil
        #expect(loop.nextTick == nil)
    }
}
