// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubTesting
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("A signal watch", .serialized)
struct SignalWatchTests {
    /// To the process, as a user does it: the threads that run tests block signals sent to themselves.
    func send(_ signal: Int32) {
        kill(getpid(), signal)
    }

    @Test("hands a signal to the loop, once for each time it was raised and handled")
    func handsOver() throws {
        let loop = try EventLoop()
        var first = 0
        var second = 0
        let watch = try SignalWatch(loop: loop, signal: SIGUSR1) { first += 1 }
        let other = try SignalWatch(loop: loop, signal: SIGUSR1) { second += 1 }
        send(SIGUSR1)
        #expect(loop.run { first == 1 && second == 1 })
        watch.close()
        watch.close()
        send(SIGUSR1)
        #expect(loop.run { second == 2 })
        #expect(first == 1)
        other.close()
        loop.stop()
        #expect(loop.join() == nil)
    }

    @Test("ends with its loop, and is refused after it")
    func endsWithLoop() throws {
        let loop = try EventLoop()
        var isGone = false
        final class Token {
            let onEnd: () -> Void
            init(onEnd: @escaping () -> Void) { self.onEnd = onEnd }
            deinit { onEnd() }
        }
        do {
            let token = Token { isGone = true }
            _ = try SignalWatch(loop: loop, signal: SIGUSR2) { withExtendedLifetime(token) {} }
        }
        #expect(!isGone)
        loop.stop()
        #expect(loop.join() == nil)
        #expect(isGone)
        let error = #expect(throws: LoopError.self) { try SignalWatch(loop: loop, signal: SIGUSR2) {} }
        #expect(error?.code == .loopStopped)
    }

    @Test("refuses signals that cannot be caught", arguments: [SIGKILL, 0, 9999])
    func refuses(signal: Int32) throws {
        let loop = try EventLoop()
        #expect(throws: LoopError.self) { try SignalWatch(loop: loop, signal: signal) {} }
        loop.stop()
        #expect(loop.join() == nil)
    }

    @Test("broken pipes can be ignored for the whole process")
    func ignoresBrokenPipes() throws {
        try ignoreBrokenPipes()
        send(SIGPIPE)
    }
}
