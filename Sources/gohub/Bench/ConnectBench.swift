// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// Opens connections as fast as the server takes them, closes them, and begins again.
final class ConnectBench: Bench {
    private var began: UInt64 = 0
    private var before: ProcessUsage?
    private var ownBefore: UInt64 = 0
    private var latency = LatencyHistogram()
    private var startedAt: [UInt64]
    private var completed: UInt64 = 0

    init(_ runner: ClientRunner, _ options: BenchOptions, address: SocketAddress) {
        startedAt = Array(repeating: 0, count: options.clients)
        super.init(runner, options, address: address, count: options.clients)
    }

    override func start() {
        before = usage()
        ownBefore = ownProcessorTime()
        began = load.time
        super.start()
    }

    override func opened(_ connection: LoadConnection) {
        // A server of the hub's protocol is done with its welcome; any other with its 101.
        completed += 1
        super.opened(connection)
    }

    override func allOpened() {
        let wall = load.time - began
        let after = usage()
        var report = BenchReport()
        report.add("connections", Double(completed))
        report.add("connects_per_second", Double(completed) / Double(wall) * 1e9, "1/s")
        report.add(server: before, after, per: "connect", count: completed)
        if let before, let after, after.processor > before.processor {
            let seconds = Double(after.processor - before.processor) / 1e9
            report.add("connects_per_server_cpu_second", Double(completed) / seconds, "1/s")
        }
        report.add("generator_cpu_share", Double(ownProcessorTime() - ownBefore) / Double(wall))
        finish(report)
    }
}
