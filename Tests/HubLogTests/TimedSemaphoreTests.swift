// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import HubTesting
import Testing

@Suite("A semaphore with a time")
struct TimedSemaphoreTests {
    @Test("each signal ends one wait, also one that begins later")
    func counts() {
        let semaphore = TimedSemaphore()
        semaphore.signal()
        semaphore.signal()
        semaphore.wait()
        #expect(semaphore.wait(within: .zero))
        #expect(!semaphore.wait(within: .zero))
    }

    @Test(
        "a wait that nobody ends is over after its time",
        arguments: [.seconds(-1), .zero, .milliseconds(5)] as [Duration]
    )
    func ends(limit: Duration) {
        let start = LogTime.monotonic()
        #expect(!TimedSemaphore().wait(within: limit))
        #expect(Duration.nanoseconds(Int64(LogTime.monotonic() - start)) >= limit)
    }

    @Test(
        "another thread's signal ends a wait, however long that might have lasted",
        arguments: [.seconds(60), .seconds(Int64.max)] as [Duration]
    )
    func wakes(limit: Duration) async throws {
        let semaphore = TimedSemaphore()
        async let came = Blocking.run { semaphore.wait(within: limit) }
        semaphore.signal()
        #expect(try await came)
    }
}
