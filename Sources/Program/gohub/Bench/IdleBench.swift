// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// Holds connections that do nothing but answer pings, and measures what they cost the server.
final class IdleBench: LoadPoolDelegate, LoopTimerTarget {
    private let run: BenchRun
    private lazy var pool = LoadPool(run, count: run.options.clients, delegate: self)
    private let residentBefore: ProcessUsage?
    private var before: ProcessUsage?
    private lazy var timer = LoopTimer(self)
    private var isMeasuring = false

    init(_ run: BenchRun) {
        self.run = run
        residentBefore = run.usage()
    }

    func start() { pool.open() }

    func allOpened() { run.load.loop.schedule(timer, after: .seconds(1)) }

    func timerFired(_ timer: LoopTimer) {
        if isMeasuring { return report() }
        isMeasuring = true
        before = run.usage()
        run.load.loop.schedule(timer, after: .seconds(run.options.seconds))
    }

    private func report() {
        let after = run.usage()
        let options = run.options
        var report = BenchReport()
        report.add("connections", Double(options.clients))
        report.add("seconds", Double(options.seconds), "s")
        if let residentBefore, let after {
            let grown = Double(after.resident) - Double(residentBefore.resident)
            report.add("server_resident_bytes_per_connection", grown / Double(options.clients), "bytes")
        }
        if let before, let after {
            let used = Double(after.processor - min(before.processor, after.processor)) / 1000
            let perSecond = used / Double(options.clients) / Double(options.seconds)
            report.add("server_cpu_microseconds_per_connection_second", perSecond, "µs")
        }
        run.finish(report)
    }
}
