// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubTesting
import Synchronization
import Testing

@testable import HubLoop

@Suite("An event loop")
struct EventLoopTests {
    /// Lines written by one thread at a time.
    final class Log: @unchecked Sendable {
        var lines: [String] = []
    }

    @Test("runs posted jobs in order, then the tick's end")
    func runsJobs() throws {
        let loop = try EventLoop()
        let log = Log()
        loop.onTick = { log.lines.append("tick") }
        #expect(loop.post { log.lines.append("a") })
        #expect(loop.post { log.lines.append("b") })
        loop.runOnce(wait: true)
        #expect(log.lines == ["a", "b", "tick"])
        loop.stop()
    }

    @Test("runs what a job or the tick's end posts in the next tick, without waiting")
    func runsPostsOfJobsNext() throws {
        let loop = try EventLoop()
        let log = Log()
        loop.onTick = {
            log.lines.append("tick")
            if log.lines.count == 4 { loop.post { log.lines.append("from tick") } }
        }
        loop.post {
            log.lines.append("outer")
            loop.post { log.lines.append("inner") }
        }
        // Would wait for ever, were nothing to do.
        for _ in 0..<3 { loop.runOnce(wait: true) }
        #expect(log.lines == ["outer", "tick", "inner", "tick", "from tick", "tick"])
        loop.stop()
        loop.onTick = nil
    }

    @Test("runs as many jobs in a tick as there is time for, the rest in order in the next, and all before it stops")
    func runsJobsInParts() throws {
        let clock = VirtualClock()
        let loop = try EventLoop(clock: clock)
        let log = Log()
        func post(_ numbers: Range<Int>) {
            for number in numbers {
                loop.post {
                    clock.advance(by: .milliseconds(1))
                    log.lines.append("\(number)")
                }
            }
        }
        post(0..<100)
        loop.onTick = { log.lines.append("tick") }
        var longest: Duration = .zero
        for round in 0..<5 {
            let began = clock.now()
            // Would wait for ever, were nothing to do.
            loop.runOnce(wait: true)
            longest = max(longest, clock.now() - began)
            if round == 0 { post(100..<110) }
        }
        #expect(longest < EventLoop.slice * 2)
        let ran = log.lines.count - 5
        #expect(5 * 10..<110 ~= ran)
        loop.stop()
        #expect(log.lines.filter { $0 != "tick" } == (0..<110).map(String.init))
        #expect(loop.statistics.jobs == 110)
        loop.onTick = nil
    }

    @Test("waking makes one tick, however often it is asked")
    func wakes() throws {
        let loop = try EventLoop()
        for _ in 0..<10 { loop.wake() }
        loop.runOnce(wait: true)
        loop.runOnce(wait: false)
        #expect(loop.statistics.ticks == 2)
        loop.onTick = { if loop.statistics.ticks < 5 { loop.wake() } }
        loop.wake()
        while loop.statistics.ticks < 5 { loop.runOnce(wait: true) }
        loop.stop()
        loop.wake()
        loop.onTick = nil
    }

    @Test("runs every job of two threads in each one's order, without losing a wake-up", .timeLimit(.minutes(1)))
    func losesNoJob() throws {
        let count = 100_000
        let consumer = try EventLoop()
        let producers = [try EventLoop(index: 1), try EventLoop(index: 2)]
        final class Seen: @unchecked Sendable { var next = [0, 0]; var inOrder = true }
        let seen = Seen()
        try consumer.start(name: "consumer")
        for (index, producer) in producers.enumerated() {
            try producer.start(name: "producer")
            producer.post {
                for number in 0..<count {
                    consumer.post {
                        if seen.next[index] != number { seen.inOrder = false }
                        seen.next[index] += 1
                        if seen.next == [count, count] { consumer.stop() }
                    }
                }
            }
        }
        // Ends only when all jobs have run.
        #expect(consumer.join() == nil)
        for producer in producers {
            producer.stop()
            producer.join()
        }
        #expect(seen.next == [count, count])
        #expect(seen.inOrder)
        #expect(consumer.statistics.jobs == UInt64(2 * count))
    }

    @Test("two loops that wake each other do not fall asleep", .timeLimit(.minutes(1)))
    func losesNoWakeUp() throws {
        let left = try EventLoop(index: 0)
        let right = try EventLoop(index: 1)
        let turns = Atomic(0)
        let limit = 20_000
        // One hop of the ball each; a lost wake-up ends the game for good.
        left.onTick = {
            if turns.load(ordering: .relaxed) % 2 == 0 {
                turns.wrappingAdd(1, ordering: .relaxed)
                right.wake()
            }
        }
        right.onTick = {
            let turn = turns.load(ordering: .relaxed)
            if turn % 2 == 1 { turns.wrappingAdd(1, ordering: .relaxed) }
            if turn >= limit {
                left.stop()
                right.stop()
            } else {
                left.wake()
            }
        }
        try left.start(name: "left")
        try right.start(name: "right")
        left.wake()
        left.join()
        right.join()
        #expect(turns.load(ordering: .relaxed) >= limit)
    }

    @Test("belongs to the thread that runs it")
    func knowsItsThread() throws {
        let loop = try EventLoop()
        #expect(loop.isCurrent)
        let log = Log()
        try loop.start(name: "a name that is longer than fifteen bytes")
        #expect(!loop.isCurrent)
        loop.post {
            log.lines.append("\(loop.isCurrent)")
            loop.stop()
            // On its own thread, waiting for it would last for ever.
            #expect(loop.join() == nil)
        }
        #expect(loop.join() == nil)
        #expect(loop.join() == nil)
        #expect(log.lines == ["true"])
    }

    @Test("reads the clock twice a tick, and once more after jobs, however often the time is asked for")
    func readsClockRarely() throws {
        final class Counting: MonotonicClock {
            let reads = Atomic<UInt64>(0)
            func now() -> MonotonicTime {
                MonotonicTime(nanoseconds: reads.wrappingAdd(1, ordering: .relaxed).newValue * 1_000_000_000)
            }
        }
        let clock = Counting()
        let loop = try EventLoop(clock: clock)
        let log = Log()
        loop.runOnce(wait: false)
        loop.post {
            loop.post {
                log.lines.append("\(loop.now == loop.now)")
                loop.stop()
            }
        }
        let before = clock.reads.load(ordering: .relaxed)
        try loop.start(name: "clock")
        loop.join()
        #expect(log.lines == ["true"])
        // One when the thread begins, and in each tick two, or three when it has jobs: the outer one's, the inner one's.
        #expect(clock.reads.load(ordering: .relaxed) - before == 9)
        #expect(loop.statistics.ticks == 4)
        #expect(loop.statistics.busyNanoseconds == 6_000_000_000)
        #expect(loop.statistics.tick.values.buckets.reduce(0, +) == 4)
        #expect(loop.statistics.tick.values.sum == 6_000_000_000)
    }

    @Test("the time stands still within a tick and moves on with the next")
    func keepsTimeWithinTick() throws {
        let clock = VirtualClock()
        let loop = try EventLoop(clock: clock)
        let start = clock.now()
        var seen: [Duration] = []
        loop.onTick = {
            seen.append(start.duration(to: loop.now))
            clock.advance(by: .seconds(1))
            seen.append(start.duration(to: loop.now))
        }
        loop.runOnce(wait: false)
        loop.runOnce(wait: false)
        loop.onTick = nil
        #expect(seen == [.zero, .zero, .seconds(1), .seconds(1)])
        loop.stop()
    }

    // MARK: The end

    @Test("runs the jobs that were posted before the stop, and refuses those after", arguments: [true, false])
    func stopsWithPendingJobs(onThread: Bool) throws {
        let loop = try EventLoop()
        let log = Log()
        loop.onTick = { log.lines.append("tick") }
        for number in 0..<3 { loop.post { log.lines.append("\(number)") } }
        loop.post { log.lines.append("\(loop.post { log.lines.append("too late") })") }
        loop.stop()
        loop.stop()
        if onThread {
            // It has ended before it had a thread.
            #expect(throws: LoopError.self) { try loop.start(name: "late") }
        }
        #expect(loop.join() == nil)
        #expect(!loop.post { log.lines.append("never") })
        loop.runOnce(wait: true)
        #expect(log.lines == ["0", "1", "2", "false", "tick"])
    }

    @Test("every job that was accepted runs, whoever stops the loop meanwhile", .timeLimit(.minutes(1)))
    func keepsPromisesWhenStopped() throws {
        for _ in 0..<50 {
            let consumer = try EventLoop()
            let producers = [try EventLoop(index: 1), try EventLoop(index: 2)]
            let accepted = Atomic(0)
            let ran = Atomic(0)
            try consumer.start(name: "consumer")
            for producer in producers {
                try producer.start(name: "producer")
                producer.post {
                    for number in 0..<2000 {
                        if number == 1000 { consumer.stop() }
                        if consumer.post({ ran.wrappingAdd(1, ordering: .relaxed) }) {
                            accepted.wrappingAdd(1, ordering: .relaxed)
                        }
                        if number % 100 == 0 { consumer.wake() }
                    }
                }
            }
            #expect(consumer.join() == nil)
            for producer in producers {
                producer.stop()
                producer.join()
            }
            #expect(ran.load(ordering: .relaxed) == accepted.load(ordering: .relaxed))
        }
    }

    @Test("can be stopped from within its own tick", arguments: [true, false])
    func stopsItself(onThread: Bool) throws {
        let loop = try EventLoop()
        let log = Log()
        loop.onTick = {
            log.lines.append("tick")
            loop.stop()
        }
        if onThread {
            try loop.start(name: "loop")
            loop.wake()
        } else {
            loop.runOnce(wait: false)
        }
        #expect(loop.join() == nil)
        #expect(log.lines == ["tick", "tick"])
    }

    @Test("closes the sockets that were left open")
    func closesSockets() throws {
        let loop = try EventLoop()
        let (ours, theirs) = try Socket.pair()
        defer { Socket.close(theirs) }
        let probe = Probe()
        let watch = try SocketWatch(loop: loop, descriptor: ours, handler: probe)
        watch.watch(readable: true, writable: false)
        loop.stop()
        #expect(loop.join() == nil)
        #expect(!watch.isOpen)
        #expect(readAll(theirs) == .closed)
        #expect(throws: LoopError.self) { try SocketWatch(loop: loop, descriptor: theirs, handler: probe) }
    }

    @Test("goes away by itself when nobody ran it", arguments: [true, false])
    func goesUnused(afterTick: Bool) throws {
        weak var gone: EventLoop?
        do {
            let loop = try EventLoop()
            gone = loop
            loop.post {}
            if afterTick { loop.runOnce(wait: false) }
        }
        #expect(gone == nil)
    }

    @Test("can be set up by any thread while none runs it, and by its own only afterwards")
    func isConfinedToItsThread() throws {
        let loop = try EventLoop()
        let other = try EventLoop()
        let log = Log()
        try other.start(name: "other")
        other.post {
            log.lines.append("unused: \(loop.isCurrent) \(loop.isConfined)")
            other.stop()
        }
        other.join()
        try loop.start(name: "loop")
        #expect(!loop.isConfined)
        loop.post {
            log.lines.append("own: \(loop.isCurrent) \(loop.isConfined)")
            loop.stop()
        }
        loop.join()
        #expect(loop.isConfined)
        #expect(log.lines == ["unused: false true", "own: true true"])
    }

    @Test("carries what belongs to its thread through others")
    func bindsValues() throws {
        final class Counter { var count = 0 }
        let loop = try EventLoop()
        let bound = LoopBound(Counter(), on: loop)
        loop.post { bound.value.count += 1 }
        loop.runOnce(wait: true)
        #expect(bound.value.count == 1)
        loop.stop()
    }
}
