// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubMetrics
import Synchronization

/// The families of the event loops: what each did with its time, and what was taken from it.
final class LoopMetrics: Sendable {
    private let ticks: Histogram
    private let lag: Histogram
    private let tickCount: Counter
    private let overruns: Counter
    private let loops: Gauge
    private let busy: [Counter]
    private let waiting: [Counter]
    private let connections: [Gauge]
    /// Where each loop's wait for a core is read, once its thread runs; touched on the scraping thread.
    private let delays: Mutex<[Int32: ThreadDelay]> = Mutex([:])

    /// Registers the families.
    ///
    /// - Parameter count: How many loops the node runs.
    init(_ registry: Registry, loops count: Int) {
        let node = Shown.dashboard(.clientsAndNode)
        ticks = registry.histogram(
            "gohub_event_loop_tick_seconds",
            help: "How long a loop was away from its sockets in one tick, as far as it ran.",
            buckets: .milliseconds,
            shown: .dashboard(.overview)
        )
        lag = registry.histogram(
            "gohub_event_loop_lag_seconds",
            help: """
                How much later timers fired than they had to, each loop's at least once a second: long ticks, a processor \
                that others had, and a process that stood still are in it.
                """,
            buckets: .milliseconds,
            shown: .dashboard(.overview)
        )
        tickCount = registry.counter("gohub_event_loop_ticks_total", help: "Ticks of all loops.", shown: .diagnostic)
        overruns = registry.counter(
            "gohub_event_loop_overruns_total",
            help: "Parts of ticks that used up their slice of time, so that the rest waited for the next tick.",
            shown: node
        )
        loops = registry.gauge("gohub_event_loops", help: "How many loops the node runs.", shown: node)
        busy = registry.secondsCounters(
            "gohub_event_loop_busy_seconds_total",
            help: "Time that the loop spent working instead of waiting for something to do.",
            numbered: "loop",
            count: count,
            limit: ServerSettings.mostLoops,
            shown: node
        )
        waiting = registry.secondsCounters(
            "gohub_event_loop_waiting_seconds_total",
            help:
                "Time that the loop's thread was ready to run and waited for a core; 0 where the kernel does not tell.",
            numbered: "loop",
            count: count,
            limit: ServerSettings.mostLoops,
            shown: node
        )
        connections = registry.gauges(
            "gohub_event_loop_connections",
            help: "WebSocket connections of the loop.",
            numbered: "loop",
            count: count,
            limit: ServerSettings.mostLoops,
            shown: node
        )
    }

    /// Publishes what each loop says, and what the kernel says of its thread.
    func publish(_ snapshots: [WorkerSnapshot], total: WorkerSnapshot, of workers: [LoopBoundWorker]) {
        ticks.publish(total.tick)
        lag.publish(total.lag)
        tickCount.publish(total.ticks)
        overruns.publish(total.overruns)
        loops.set(workers.count)
        for index in snapshots.indices where index < busy.count {
            busy[index].publish(snapshots[index].busyNanoseconds)
            connections[index].set(snapshots[index].webSockets)
            publishWaiting(of: workers[index].loop, at: index)
        }
    }

    private func publishWaiting(of loop: EventLoop, at index: Int) {
        guard let thread = loop.systemThread else { return }
        let waited = delays.withLock { delays in
            if let known = delays[thread] { return known.nanoseconds() }
            let delay = ThreadDelay(thread: thread)
            delays[thread] = delay
            return delay.nanoseconds()
        }
        if let waited { waiting[index].publish(waited) }
    }
}
