// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubCore
import HubLoop
import HubMetrics
import Synchronization

/// A hub whose loops are a test's own thread: nothing moves but by ``tick()``, and time stands still.
package final class HubHarness {
    package let hub: Hub
    package let shards: [Shard]
    /// The clock of the hub; its wall clock runs with it from ``epochMilliseconds`` on.
    package let clock: VirtualClock
    package let receiver: any MessageReceiver
    /// Everyone who ever connected, in order.
    package private(set) var clients: [FakeClient] = []
    private let wakes: WakeBoard

    /// The wall clock when the harness is made.
    package static let epochMilliseconds: Int64 = 1_700_000_000_000
    /// What clients are told in `welcome`.
    package static let welcome = Dispatcher.Welcome(
        version: "1.2.3",
        pingIntervalMilliseconds: 25_000,
        maxMessageBytes: 1 << 20
    )

    /// Makes a sealed hub.
    package init(
        shards count: Int = 1,
        settings: HubSettings = HubSettings(),
        outbox: Outbox? = nil,
        clock: VirtualClock = VirtualClock(),
        receiver: any MessageReceiver = Dispatcher(welcome: HubHarness.welcome)
    ) {
        let start = clock.now().nanoseconds
        let wakes = WakeBoard(count: count)
        let hub = Hub(
            settings: settings,
            environment: HubEnvironment(
                monotonicNanoseconds: { clock.now().nanoseconds },
                unixMilliseconds: {
                    let passed = (clock.now().nanoseconds - start) / 1_000_000
                    return HubHarness.epochMilliseconds + Int64(clamping: passed)
                }
            ),
            outbox: outbox
        )
        shards = (0..<count).map { index in hub.makeShard { wakes.mark(index) } }
        hub.seal()
        self.hub = hub
        self.clock = clock
        self.wakes = wakes
        self.receiver = receiver
    }

    // MARK: Moving

    /// Connects a client to a shard and registers it.
    package func connect(to shard: Int = 0, welcome: Bool = false) -> FakeClient {
        let client = FakeClient(shards[shard], receiver: receiver)
        client.open(welcome: welcome)
        clients.append(client)
        return client
    }

    /// Counts in a client that was made elsewhere on one of the shards.
    package func adopt(_ client: FakeClient) { clients.append(client) }

    /// Ticks every shard once, in order, then those that were woken, until none is.
    package func tick() {
        for index in shards.indices { tick(index) }
        while let index = wakes.first { tick(index) }
    }

    /// Ticks one shard once.
    package func tick(_ index: Int) {
        wakes.clear(index)
        shards[index].tick()
    }

    /// The time of the hub's clock, monotonic nanoseconds.
    package var now: UInt64 { clock.now().nanoseconds }

    /// How often a shard's loop was asked to tick since it last did.
    package func wakeCount(of index: Int) -> Int { wakes.count(index) }

    /// Ends every connection and lets the hub notice.
    package func disconnectAll() {
        for client in clients { client.vanish() }
        tick()
    }

    // MARK: Looking

    /// The sum of all shards.
    package func snapshot() -> ShardSnapshot {
        var sum = ShardSnapshot()
        for shard in shards { sum.add(shard.snapshot()) }
        return sum
    }

    /// What is wrong with the books, one fault a line; nil when every delivery is accounted for.
    ///
    /// Holds each shard's books against its queues, and the books of all against what the peers really read.
    package func imbalance() -> String? {
        var faults: [String] = []
        for shard in shards {
            let snapshot = shard.snapshot()
            if snapshot.residual != 0 { faults.append("shard \(shard.index): residual \(snapshot.residual)") }
        }
        let sum = snapshot()
        var received = 0
        var bytes = 0
        for client in clients {
            if let fault = client.transport.fault { faults.append("client \(client.id) read \(fault)") }
            received += client.transport.frames.count { $0.isMessage }
            bytes += client.transport.bytes.count
        }
        let written = DeliveryScope.allCases.reduce(0) { $0 + sum.ledger.written($1) }
        if written != UInt64(received) {
            faults.append("\(written) deliveries are booked as written, peers read \(received)")
        }
        let due = DeliveryScope.allCases.reduce(0) { $0 + sum.ledger.enqueued($1) }
        if sum.sentSizes.count != due {
            faults.append("\(due) deliveries were due, \(sum.sentSizes.count) have a size")
        }
        if sum.bytesWritten != UInt64(bytes) {
            faults.append("\(sum.bytesWritten) bytes are booked as written, sockets took \(bytes)")
        }
        return faults.isEmpty ? nil : faults.joined(separator: "\n")
    }

    /// Which tables still hold something, one a line; nil when the hub is as empty as a new one.
    package func leftovers() -> String? {
        let sum = snapshot()
        let tables: [(String, Int)] = [
            ("clients in the directory", hub.clientCount),
            ("attached", sum.attached),
            ("registered", sum.registered),
            ("topics", sum.topics),
            ("subscriptions", sum.subscriptions),
            ("queued messages", sum.queuedMessages),
            ("queued bytes", sum.queuedBytes),
        ]
        let left = tables.filter { $0.1 != 0 }
        return left.isEmpty ? nil : left.map { "\($0.1) \($0.0)" }.joined(separator: "\n")
    }
}

/// Which shards were asked to tick.
private final class WakeBoard: Sendable {
    private let counts: Mutex<[Int]>

    init(count: Int) { counts = Mutex(Array(repeating: 0, count: count)) }

    func mark(_ index: Int) { counts.withLock { $0[index] += 1 } }
    func clear(_ index: Int) { counts.withLock { $0[index] = 0 } }
    func count(_ index: Int) -> Int { counts.withLock { $0[index] } }
    var first: Int? { counts.withLock { $0.firstIndex { $0 > 0 } } }
}
