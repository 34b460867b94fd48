// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Opens connections as fast as the server takes them, and measures what each cost it.
final class ConnectBench: LoadPoolDelegate {
    private let run: BenchRun
    private lazy var pool = LoadPool(run, count: run.options.clients, delegate: self)
    private var began: UInt64 = 0
    private var ownBefore: UInt64 = 0
    private var before: ProcessUsage?

    init(_ run: BenchRun) { self.run = run }

    func start() {
        before = run.usage()
        ownBefore = OwnTime.processor()
        began = run.load.time
        pool.open()
    }

    func allOpened() {
        let wall = Double(run.load.time - began)
        let own = Double(OwnTime.processor() - ownBefore)
        let after = run.usage()
        let count = run.options.clients
        var report = BenchReport()
        report.add("connections", Double(count))
        report.add("connects_per_second", Double(count) / wall * 1e9, "1/s")
        report.add(server: before, after, per: "connect", count: UInt64(count))
        if let before, let after, after.processor > before.processor {
            let seconds = Double(after.processor - before.processor) / 1e9
            report.add("connects_per_server_cpu_second", Double(count) / seconds, "1/s")
        }
        report.add("generator_cpu_share", own / wall)
        run.finish(report)
    }
}
