// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubTesting
import Testing

@testable import HubLoop

@Suite("Turns of sockets on a loop")
struct SocketTurnsTests {
    /// A socket that is readable all the time and whose every turn takes so long.
    final class Busy: SocketHandler {
        private let loop: EventLoop
        private let clock: VirtualClock
        private let work: Int
        private let units: Int
        private let far: Int32
        private(set) var watch: SocketWatch?
        private(set) var turns = 0
        private(set) var continued = 0
        var asksForMore = false

        init(_ loop: EventLoop, _ clock: VirtualClock, work: Int, units: Int? = nil, isReadable: Bool = true)
            throws(LoopError)
        {
            self.loop = loop
            self.units = units ?? work
            self.clock = clock
            self.work = work
            let (near, far) = try Socket.pair()
            self.far = far
            watch = try SocketWatch(loop: loop, descriptor: near, handler: self)
            watch?.watch(readable: true, writable: false)
            if isReadable { makeReadable() }
        }

        deinit { Socket.close(far) }

        func makeReadable() { write(far, [0]) }

        func socketReady(readable: Bool, writable: Bool, failed: Bool) {
            turns += 1
            takeTime()
            if asksForMore { watch?.continueSoon() }
        }

        func socketContinues() {
            continued += 1
            takeTime()
        }

        private func takeTime() {
            clock.advance(by: .microseconds(work))
            _ = loop.hasTimeLeft(after: units)
        }
    }

    private let clock = VirtualClock()
    private let loop: EventLoop

    init() throws { loop = try EventLoop(clock: clock) }

    @Test("a tick is not much longer than its slices, and all sockets come in turn", arguments: [60, 4_000])
    func boundsTicks(work: Int) throws {
        let sockets = try (0..<300).map { _ in try Busy(loop, clock, work: work) }
        var longest = Duration.zero
        for _ in 0..<600 {
            let before = clock.now()
            loop.runOnce(wait: false)
            longest = max(longest, clock.now() - before)
        }
        let turns = sockets.map(\.turns).sorted()
        #expect(longest <= EventLoop.slice + .milliseconds(5) + .microseconds(2 * work))
        // The system tells of them in the same order each time, so the first may have another turn before the last.
        #expect(turns[0] > 2)
        #expect(turns[299] <= 3 * turns[0])
        #expect(loop.statistics.overruns > 0)
        loop.stop()
    }

    @Test("a socket that asks for little is served within a tick, however many ask for much", arguments: [4_000, 5])
    func servesLightOnesFirst(units: Int) throws {
        let heavy = try (0..<200).map { _ in try Busy(loop, clock, work: 4_000, units: units) }
        // Each has shown what it is.
        for _ in 0..<400 { loop.runOnce(wait: false) }
        #expect(heavy.allSatisfy { $0.turns > 1 })
        let light = try Busy(loop, clock, work: 10, isReadable: false)
        loop.runOnce(wait: false)
        #expect(light.turns == 0)
        light.makeReadable()
        loop.runOnce(wait: false)
        #expect(light.turns == 1)
        loop.stop()
    }

    @Test("those that ask for much get a part of each tick, however many ask for little")
    func servesHeavyOnesToo() throws {
        let heavy = try Busy(loop, clock, work: 4_000)
        loop.runOnce(wait: false)
        let light = try (0..<500).map { _ in try Busy(loop, clock, work: 50) }
        let before = heavy.turns
        for _ in 0..<20 { loop.runOnce(wait: false) }
        #expect(heavy.turns - before == 20)
        #expect(light.allSatisfy { $0.turns > 0 })
        loop.stop()
    }

    @Test("whoever asks for another turn gets it in the next tick, which does not wait for anything")
    func continues() throws {
        let socket = try Busy(loop, clock, work: 10, isReadable: false)
        loop.runOnce(wait: false)
        socket.watch?.continueSoon()
        loop.runOnce(wait: true)
        #expect(socket.continued == 1)
        #expect(socket.turns == 0)
        loop.runOnce(wait: false)
        #expect(socket.continued == 1)
        loop.stop()
    }

    @Test("a socket that was closed or is not watched any more while it waited is not told")
    func forgetsClosedOnes() throws {
        let sockets = try (0..<30).map { _ in try Busy(loop, clock, work: 4_000) }
        loop.runOnce(wait: false)
        let waiting = sockets.filter { $0.turns == 0 }
        #expect(waiting.count > 20)
        for (index, socket) in waiting.enumerated() {
            if index % 2 == 0 { socket.watch?.close() } else { socket.watch?.watch(readable: false, writable: false) }
        }
        for _ in 0..<60 { loop.runOnce(wait: false) }
        #expect(waiting.allSatisfy { $0.turns == 0 })
        loop.stop()
    }

    @Test("timers that are due at once fire in parts, and sockets have their turns in between")
    func firesTimersInParts() throws {
        let socket = try Busy(loop, clock, work: 10)
        var fired = 0
        let timers = (0..<1000).map { _ in
            LoopTimer { [clock, loop] in
                fired += 1
                clock.advance(by: .milliseconds(1))
                _ = loop.hasTimeLeft(after: 1_000)
            }
        }
        for timer in timers { loop.schedule(timer, after: .milliseconds(1)) }
        clock.advance(by: .seconds(1))
        var ticks = 0
        while fired < timers.count, ticks < 1_000 {
            let before = fired
            loop.runOnce(wait: true)
            ticks += 1
            #expect(fired - before <= 12)
        }
        #expect(fired == 1000)
        #expect(socket.turns == ticks)
        loop.stop()
    }

    @Test("what came due while sockets had long turns fires in the same tick, once, and counts as late")
    func firesWhatCameDueMeanwhile() throws {
        let heavy = try Busy(loop, clock, work: 30_000)
        // It shows what it is.
        for _ in 0..<2 { loop.runOnce(wait: false) }
        var fired = 0
        // By the time at which the tick began, it would be due at once.
        let again = LoopTimer { fired += 1 }
        let timer = LoopTimer { [clock, loop] in
            fired += 1
            #expect(loop.now == clock.now())
            #expect(loop.polled < loop.now)
            loop.schedule(again, after: .milliseconds(5))
        }
        loop.schedule(timer, after: .milliseconds(5))
        let before = (turns: heavy.turns, lateness: loop.statistics.lag.values.sum)
        loop.runOnce(wait: false)
        #expect(heavy.turns == before.turns + 1)
        #expect(fired == 1)
        #expect(loop.statistics.lag.values.sum - before.lateness >= 10_000_000)
        loop.stop()
    }

    @Test("how late timers fire is observed, behind what the wheel's step allows")
    func observesLateness() throws {
        let timer = LoopTimer {}
        loop.schedule(timer, after: .milliseconds(100))
        clock.advance(by: .milliseconds(100) + TimingWheel.resolution)
        loop.runOnce(wait: false)
        #expect(loop.statistics.lag.values.sum == 0)
        loop.schedule(timer, after: .milliseconds(100))
        clock.advance(by: .milliseconds(400) + TimingWheel.resolution)
        loop.runOnce(wait: false)
        #expect(loop.statistics.lag.values.sum == 300_000_000)
        #expect(loop.statistics.timersFired == 2)
        loop.stop()
    }

    @Test("a loop that comes back long after its timer knows that it was away")
    func noticesGaps() throws {
        let start = clock.now()
        let timer = LoopTimer {}
        loop.schedule(timer, after: .seconds(1))
        loop.runOnce(wait: false)
        clock.advance(by: .milliseconds(1_400))
        loop.runOnce(wait: false)
        #expect(loop.resumed == start)
        loop.schedule(timer, after: .seconds(1))
        loop.runOnce(wait: false)
        clock.advance(by: .seconds(10))
        loop.runOnce(wait: false)
        #expect(loop.resumed == clock.now())
        loop.stop()
    }
}
