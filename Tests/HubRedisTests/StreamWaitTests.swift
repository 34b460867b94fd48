// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

@testable import HubRedis

/// What a node wrote while it waited for entries.
@Suite("A wait for entries of a stream")
struct StreamWaitTests {
    private var wait = StreamWait()

    @Test("what was sent and taken during the wait is noted, until the next one")
    mutating func during() {
        wait.begin()
        wait.sent(1)
        #expect(!wait.hasWritten)
        wait.taken(1)
        #expect(wait.hasWritten)
        wait.begin()
        #expect(!wait.hasWritten)
    }

    @Test("what was sent before the wait and taken during it may have come before")
    mutating func before() {
        wait.sent(1)
        wait.begin()
        wait.taken(1)
        #expect(!wait.hasWritten)
    }
}
