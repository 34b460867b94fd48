// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What every measurement does first: open its connections, a few at a time, until all are ready.
class Bench: LoadObserver {
    let options: BenchOptions
    let load: LoadLoop
    private let runner: ClientRunner
    private(set) var connections: [LoadConnection] = []
    private var opened = 0
    private var isEnded = false

    /// - Parameter count: How many connections to open.
    init(_ runner: ClientRunner, _ options: BenchOptions, address: SocketAddress, count: Int) {
        self.runner = runner
        self.options = options
        load = LoadLoop(
            loop: runner.loop,
            url: options.url,
            address: address,
            subprotocols: options.dialect == .raw ? [] : ["gohub.v1.json"]
        )
        connections = (0..<count).map { LoadConnection($0, load, observer: self) }
    }

    func start() {
        for connection in connections.prefix(options.concurrency) { connection.connect() }
    }

    func opened(_ connection: LoadConnection) {
        opened += 1
        let next = opened + options.concurrency - 1
        if next < connections.count { connections[next].connect() }
        if opened == connections.count { allOpened() }
    }

    /// All connections are open; the measurement proper begins.
    func allOpened() {}

    func received(_ frames: Int, by connection: LoadConnection) {}

    func failed(_ connection: LoadConnection, _ reason: String) {
        end(because: "connection \(connection.number) of \(connections.count): \(reason)")
    }

    /// Prints the report and ends.
    func finish(_ report: BenchReport) {
        guard !isEnded else { return }
        isEnded = true
        Output.write(options.isJSON ? report.json : report.text)
        for connection in connections { connection.close() }
        runner.end(.success)
    }

    func end(because reason: String) {
        guard !isEnded else { return }
        isEnded = true
        Output.complain(reason)
        runner.end(opened == 0 ? .unavailable : .failure)
    }

    /// What the server has used; nil without `--server-pid`.
    func usage() -> ProcessUsage? { options.serverPID.flatMap(ProcessUsage.init) }

    /// Processor time of this process, nanoseconds: a server can only be the bottleneck if ours is below the wall time.
    func ownProcessorTime() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
