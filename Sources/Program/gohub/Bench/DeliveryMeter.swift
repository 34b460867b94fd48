// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub
import HubLoop

/// Measures deliveries: half a second of warming up, then for as long as was asked.
final class DeliveryMeter: LoopTimerTarget {
    private static let warmUp: Duration = .milliseconds(500)

    private let run: BenchRun
    private var isMeasuring = false
    private var latency = LatencyHistogram()
    private var deliveries: UInt64 = 0
    private var sentAt: UInt64 = 0
    private var began: UInt64 = 0
    private var ownBefore: UInt64 = 0
    private var before: ProcessUsage?
    private lazy var timer = LoopTimer(self)

    init(_ run: BenchRun) { self.run = run }

    func start() { run.load.loop.schedule(timer, after: Self.warmUp) }

    /// A burst is about to be sent.
    func sending() { sentAt = run.load.time }

    /// Deliveries of the last burst have come.
    func received(_ count: Int) {
        deliveries += UInt64(count)
        latency.observe(run.load.time - sentAt, count: UInt64(count))
    }

    func timerFired(_ timer: LoopTimer) {
        if isMeasuring { return report() }
        isMeasuring = true
        latency = LatencyHistogram()
        deliveries = 0
        before = run.usage()
        ownBefore = OwnTime.processor()
        began = run.load.time
        run.load.loop.schedule(timer, after: .seconds(run.options.seconds))
    }

    private func report() {
        guard deliveries > 0 else {
            return run.end(because: "no message was delivered within \(run.options.seconds) s")
        }
        let wall = Double(run.load.time - began)
        let own = Double(OwnTime.processor() - ownBefore)
        let after = run.usage()
        var report = BenchReport()
        report.add("clients", Double(run.options.clients))
        report.add("messages_in_flight", Double(run.options.inFlight))
        report.add("payload_bytes", Double(run.options.size))
        report.add("deliveries", Double(deliveries))
        report.add("deliveries_per_second", Double(deliveries) / wall * 1e9, "1/s")
        report.add(server: before, after, per: "delivery", count: deliveries)
        report.add(latency)
        report.add("generator_cpu_share", own / wall)
        run.finish(report)
    }
}

/// What this process has used.
enum OwnTime {
    /// Processor time, nanoseconds: a server can only be the bottleneck if ours is below the wall time.
    static func processor() -> UInt64 { gohub_processor_clock() }
}
