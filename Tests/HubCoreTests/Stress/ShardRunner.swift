// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import HubWire
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A shard's loop on a thread of its own: it ticks, and lets clients come, block, publish and vanish between ticks.
///
/// Unchecked: everything but `isStopping` is used by the runner's thread, and by the test once that has ended.
final class ShardRunner: @unchecked Sendable {
    private let shard: Shard
    private let receiver: any MessageReceiver
    private let table: ClientTable
    private let isStopping = Atomic<Bool>(false)
    private var random: SplitMix64
    private var clients: [FakeClient] = []
    /// Reads all the time and stays.
    let steady: FakeClient

    init(_ harness: HubHarness, shard index: Int, table: ClientTable) {
        shard = harness.shards[index]
        receiver = harness.receiver
        self.table = table
        random = SplitMix64(seed: UInt64(index) + 1_000)
        steady = FakeClient(shard, receiver: receiver)
        steady.open()
        steady.send(#"{"message_type":"subscribe","data":{"topic":"news"}}"#)
    }

    func stop() { isStopping.store(true, ordering: .releasing) }

    func run() {
        while !isStopping.load(ordering: .acquiring) {
            live()
            shard.tick()
            sched_yield()
        }
        for client in clients { client.unblock() }
        shard.tick()
    }

    /// Lets the harness count the clients in; the thread has ended.
    func handOver(to harness: HubHarness) {
        harness.adopt(steady)
        for client in clients { harness.adopt(client) }
    }

    private func live() {
        let client = clients.suffix(10).filter(\.isAttached).randomElement(using: &random)
        switch Int.random(in: 0..<40, using: &random) {
        case 0...2 where clients.count < 400:
            let client = FakeClient(shard, receiver: receiver)
            client.open(welcome: true)
            clients.append(client)
            table.append(client.id)
        case 3: client?.vanish()
        case 4...6: client?.block(after: Int.random(in: 0...500, using: &random))
        case 7...10: client?.unblock()
        case 11: client?.transport.isBroken = true
        case 12...20:
            guard let client, client.client.isRegistered else { return }
            client.send(#"{"message_type":"subscribe","data":{"topic":"news"}}"#)
        case 21, 22:
            guard let client, client.client.isRegistered else { return }
            client.send(#"{"message_type":"unsubscribe","data":{"topic":"news"}}"#)
        case 23...26:
            guard let client, client.client.isRegistered, let id = table.random(using: &random) else { return }
            client.send(#"{"message_type":"unicast","data":{"client_id":"\#(id)","payload":1}}"#)
        default:
            // Nobody stays blocked for good: someone may wait for a write.
            clients.randomElement(using: &random)?.unblock()
        }
    }
}
