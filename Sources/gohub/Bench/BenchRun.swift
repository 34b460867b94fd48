// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// One measurement: what is measured, and how it ends.
final class BenchRun {
    let options: BenchOptions
    let load: LoadLoop
    private let runner: ClientRunner
    private var isEnded = false

    init(_ runner: ClientRunner, _ options: BenchOptions, address: SocketAddress) {
        self.runner = runner
        self.options = options
        load = LoadLoop(
            loop: runner.loop,
            url: options.url,
            address: address,
            subprotocols: options.dialect == .raw ? [] : ["gohub.v1.json"]
        )
    }

    /// What the server has used; nil without `--server-pid`.
    func usage() -> ProcessUsage? { options.serverPID.flatMap(ProcessUsage.init) }

    /// Prints the report and ends.
    func finish(_ report: BenchReport) {
        guard !isEnded else { return }
        isEnded = true
        Output.write(options.isJSON ? report.json : report.text)
        runner.end(.success)
    }

    /// Says why there is no report and ends.
    func end(because reason: String, _ code: ExitCode = .failure) {
        guard !isEnded else { return }
        isEnded = true
        Output.complain(reason)
        runner.end(code)
    }
}
