// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@testable import HubCore

/// A hub whose loops have ended: nobody waits for them.
@Suite("Ended shards")
struct EndedShardTests {
    @Test("pushes that wait are given up, later ones are refused, and answers that come late go nowhere")
    func ended() throws {
        let hub = Hub()
        let outcomes = Outcomes()
        let id: ClientID
        weak let ended: Shard?
        do {
            let shard = hub.makeShard {}
            hub.seal()
            let client = FakeClient(shard, receiver: Dispatcher(welcome: HubHarness.welcome))
            client.open()
            id = client.id
            ended = shard
            try hub.push(Frame("x"), to: id, completion: outcomes.recorder(1))
        }
        #expect(ended == nil)
        #expect(outcomes.all == [1: [.connectionClosed]])
        #expect(throws: HubError.clientNotFound) { try hub.push(Frame("y"), to: id, completion: outcomes.recorder(2)) }
        hub.broadcast(Frame("z"))
        #expect(outcomes.all[2] == nil)
        #expect(hub.inboxes.allSatisfy { $0.byteCount == 0 })
        #expect(hub.hasRoom(waking: Wakeup {}))
    }
}
