// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubWire

/// The connections of a measurement, which end in order once it is over.
protocol BenchConnections: AnyObject {
    /// Begins to close all of them; ``BenchRun/allClosed()`` is called when none is left.
    func closeAll()
}

/// One measurement: what is measured, and how it ends.
final class BenchRun {
    let options: BenchOptions
    let load: LoadLoop
    private let runner: ClientRunner
    private var isEnded = false
    private var code = ExitCode.success
    /// How long the server may take to answer all closes.
    private static let closeTimeout: Duration = .seconds(5)
    private lazy var patience = LoopTimer { [weak self] in self?.allClosed() }
    /// What has to be closed at the end; nil before anything is open.
    weak var connections: (any BenchConnections)?

    init(_ runner: ClientRunner, _ options: BenchOptions, address: SocketAddress) {
        self.runner = runner
        self.options = options
        load = LoadLoop(
            loop: runner.loop,
            url: options.url,
            address: address,
            subprotocols: options.dialect == .binary || options.dialect == .json ? ["gohub.v1.json"] : [],
            countsLines: options.dialect == .centrifuge
        )
        if options.dialect == .centrifuge { load.greeting = { _ in CentrifugeRequest.connect(channels: []) } }
    }

    /// What the server has used; nil without `--server-pid`.
    func usage() -> ProcessUsage? { options.serverPID.flatMap(ProcessUsage.init) }

    /// Ends if what the hub says beside deliveries is a reason to.
    func heard(_ message: ClientMessage, in bytes: UnsafeRawBufferPointer) {
        guard let data = try? message.requiredData(in: bytes) else { return }
        switch message.knownType {
        case .welcome:
            // A size between the two limits is the hub's to judge: it depends on the topic's name.
            guard let welcome = try? WelcomeData.parse(data), options.size > welcome.maxMessageBytes else { return }
            end(
                because: "--size \(options.size) is more than the hub delivers: "
                    + "\(welcome.maxPayloadBytes) bytes (hub.max_message_bytes)"
            )
        case .error: end(because: "the hub refused: \((try? ErrorData.parse(data))?.text ?? "an error")")
        case .draining: end(because: "the hub is draining")
        default: break
        }
    }

    /// Prints the report and ends.
    func finish(_ report: BenchReport) {
        guard !isEnded else { return }
        close(Output.write(options.isJSON ? report.json : report.text) ?? .success)
    }

    /// Says why there is no report and ends.
    func end(because reason: String, _ code: ExitCode = .failure) {
        guard !isEnded else { return }
        Output.complain(reason)
        close(code)
    }

    private func close(_ code: ExitCode) {
        isEnded = true
        self.code = code
        guard let connections else { return runner.end(code) }
        load.loop.schedule(patience, after: Self.closeTimeout)
        connections.closeAll()
    }

    /// All connections have ended.
    func allClosed() {
        load.loop.cancel(patience)
        runner.end(code)
    }
}
