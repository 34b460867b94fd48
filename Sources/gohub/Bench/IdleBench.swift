// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// Holds connections that do nothing but answer pings, and measures what they cost the server.
final class IdleBench: Bench, LoopTimerTarget {
    private let residentBefore: ProcessUsage?
    private var before: ProcessUsage?
    private lazy var timer = LoopTimer(self)
    private var isMeasuring = false

    init(_ runner: ClientRunner, _ options: BenchOptions, address: SocketAddress) {
        residentBefore = options.serverPID.flatMap(ProcessUsage.init)
        super.init(runner, options, address: address, count: options.clients)
    }

    override func allOpened() { load.loop.schedule(timer, after: .seconds(1)) }

    func timerFired(_ timer: LoopTimer) {
        if isMeasuring { return report() }
        isMeasuring = true
        before = usage()
        load.loop.schedule(timer, after: .seconds(options.seconds))
    }

    private func report() {
        let after = usage()
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
        finish(report)
    }
}
