// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Dispatch
package import HubCore
import HubLog
import HubLoop
package import HubMetrics
import Synchronization

/// All families of hub and server, filled from one snapshot of all loops when a scrape begins.
package final class ServerMetrics: Sendable {
    /// How long a scrape waits for the loops: longer than any tick, shorter than any scrape.
    private static let patience: Duration = .milliseconds(1_000)

    private let deliveries: DeliveryMetrics
    private let backPressure: BackPressureMetrics
    private let messages: MessageMetrics
    private let connections: ConnectionMetrics
    private let requests: HTTPMetrics
    private let loops: LoopMetrics
    let node: NodeMetrics
    private let latest: Mutex<[WorkerSnapshot]>
    private let stale = Atomic<UInt64>(0)

    /// Registers the families.
    ///
    /// - Parameter settings: The server's, whose limits are shown.
    /// - Parameter hub: The hub's.
    /// - Parameter routes: Those that the server gets from outside.
    package init(_ registry: Registry, settings: ServerSettings, hub: HubSettings, routes: [Route] = []) {
        deliveries = DeliveryMetrics(registry)
        backPressure = BackPressureMetrics(registry)
        messages = MessageMetrics(registry)
        connections = ConnectionMetrics(registry)
        requests = HTTPMetrics(registry, routes: routes)
        loops = LoopMetrics(registry, loops: max(1, settings.loops))
        node = NodeMetrics(registry, settings: settings, hub: hub)
        latest = Mutex([])
    }

    /// Asks every loop for its snapshot and publishes their sum; called on the scraping thread.
    ///
    /// A loop that does not answer in time is shown with its last values, and that is counted.
    func collect(_ workers: [LoopBoundWorker], hub: Hub, common: ServerCommon) {
        let snapshots = snapshots(workers)
        var total = WorkerSnapshot()
        for index in snapshots.indices { total.add(snapshots[index]) }
        deliveries.publish(total.shard)
        backPressure.publish(total.shard)
        messages.publish(total.shard, hub: hub)
        connections.publish(total, limiter: common.limiter, limit: common.settings.maxConnections)
        requests.publish(total, bodyBytes: common.bodies.bytes)
        loops.publish(snapshots, total: total, of: workers)
        node.publish(stale: stale.load(ordering: .relaxed))
    }

    /// Each loop's snapshot, its last one where a new one did not come in time.
    private func snapshots(_ workers: [LoopBoundWorker]) -> [WorkerSnapshot] {
        let answers = SnapshotRound.ask(workers, patience: ServerMetrics.patience)
        return latest.withLock { latest in
            if latest.count != answers.count { latest = answers.map { _ in WorkerSnapshot() } }
            var isStale = false
            for index in answers.indices {
                if let answer = answers[index] { latest[index] = answer } else { isStale = true }
            }
            if isStale { stale.add(1, ordering: .relaxed) }
            return latest
        }
    }
}

/// One question to all loops and their answers.
final class SnapshotRound: Sendable {
    private let answers: Mutex<[WorkerSnapshot?]>
    private let arrivals = TimedSemaphore()

    /// Asks every loop and waits until all have answered or time is up; not to be called on a loop.
    ///
    /// - Returns: The answers by loop; nil for one that did not answer in time, or has stopped.
    static func ask(_ workers: [LoopBoundWorker], patience: Duration) -> [WorkerSnapshot?] {
        let round = SnapshotRound(count: workers.count)
        var asked = 0
        for (index, worker) in workers.enumerated() where worker.post({ round.put($0.snapshot(), at: index) }) {
            asked += 1
        }
        return round.wait(forAnswers: asked, patience: patience)
    }

    private init(count: Int) { answers = Mutex(Array(repeating: nil, count: count)) }

    private func put(_ snapshot: WorkerSnapshot, at index: Int) {
        answers.withLock { $0[index] = snapshot }
        arrivals.signal()
    }

    private func wait(forAnswers count: Int, patience: Duration) -> [WorkerSnapshot?] {
        let clock = SystemClock()
        let deadline = clock.now() + patience
        for _ in 0..<count where !arrivals.wait(within: deadline - clock.now()) { break }
        return answers.withLock { $0 }
    }
}
