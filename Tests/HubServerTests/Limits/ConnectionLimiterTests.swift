// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

@testable import HubCore
@testable import HubServer

@Suite("Places of connections")
struct ConnectionLimiterTests {
    @Test("what a client that has gone is still subscribed to counts for the next connection of its address")
    func subscriptionsOutliveConnections() throws {
        let limiter = ConnectionLimiter(limit: 10, limitPerAddress: 1, subscriptionsPerAddress: 2)

        func admit(_ address: String) throws -> ConnectionPlace {
            guard case .admitted(let place) = limiter.admit(address) else {
                throw Refused()
            }
            return place
        }

        let first = try admit("a")
        let share = try #require(first.owner.share)
        #expect(share.take() && share.take() && !share.take())
        limiter.release(first)
        let second = try admit("a")
        #expect(second.owner.share === share)
        #expect(!share.take())
        limiter.release(second)
        limiter.release(try admit("b"))
        #expect(limiter.addressCount == 1)
        share.giveBack()
        #expect(limiter.addressCount == 1)
        share.giveBack()
        #expect(limiter.addressCount == 0)
        #expect(try admit("a").owner.share !== share)
    }

    private struct Refused: Error {}
}
