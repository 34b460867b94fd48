// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubTesting
import Testing

@Suite("An event loop")
struct EventLoopTests {
    @Test("runs posted jobs in order, then the tick's end, and ends when told")
    func runsJobs() throws {
        final class Log: @unchecked Sendable { var lines: [String] = [] }
        let loop = try EventLoop()
        let log = Log()
        loop.onTick = { log.lines.append("tick") }
        loop.post { log.lines.append("a") }
        loop.post { log.lines.append("b") }
        loop.runOnce(wait: true)
        #expect(log.lines == ["a", "b", "tick"])
        loop.stop()
        #expect(loop.join() == nil)
        #expect(!loop.post {})
        #expect(log.lines == ["a", "b", "tick", "tick"])
    }

    @Test("runs on its thread until stopped")
    func runsOnThread() throws {
        let loop = try EventLoop()
        try loop.start(name: "loop-0")
        loop.post { loop.post { loop.stop() } }
        #expect(loop.join() == nil)
    }

    @Test("fires a timer when the clock has passed its deadline")
    func firesTimer() throws {
        let clock = VirtualClock()
        let loop = try EventLoop(clock: clock)
        var fired = 0
        let timer = LoopTimer { fired += 1 }
        loop.schedule(timer, after: .seconds(30))
        clock.advance(by: .seconds(29))
        loop.runOnce(wait: false)
        #expect(fired == 0)
        clock.advance(by: .milliseconds(1009))
        loop.runOnce(wait: false)
        #expect(fired == 1)
        loop.stop()
    }
}
