// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

extension Command {
    /// Puts load on a hub and says what it cost.
    static let bench = Command(
        name: "bench",
        synopsis: BenchOptions.Mode.allCases.map(\.rawValue).joined(separator: "|"),
        summary: "Puts load on a hub and measures throughput, latency, and the server's processor time.",
        flags: BenchOptions.flags,
        choices: BenchOptions.Mode.allCases.map(\.rawValue),
        notes: """
            fanout publishes bursts of --in-flight messages and waits until every subscriber has them; unicast sends to
            one client after the other; connect opens --clients connections; idle holds them and only answers pings.
            The generator runs on one thread: pin it and the server to different cores, and see that
            generator_cpu_share stays below 1. Towards a hub on 127.0.0.1 each hundred connections come from an address of
            their own; elsewhere, more than server.max_connections_per_ip need that key set to 0 for the time of the load.
            exit codes: 0 measured, 1 nothing was delivered, or the hub refused a message, drains or ended a connection,
            69 the hub cannot be reached, or does not let a client in.
            """,
        run: { arguments throws(Arguments.Fault) in
            let options = try BenchOptions(arguments)
            if let pid = options.serverPID, let objection = ProcessUsage.objection(to: pid) {
                throw Arguments.Fault(message: "--server-pid \(pid): \(objection)")
            }
            _ = FileLimit.raise()
            let address: SocketAddress
            do throws(LoopError) {
                address = try Resolver.resolveBlocking(options.url.address)[0]
            } catch {
                Output.complain(WebSocketClient.End.unreachable(error).text)
                return .unavailable
            }
            return ClientRunner.run { runner in
                let run = BenchRun(runner, options, address: address)
                switch options.mode {
                case .fanout: return started(FanOutBench(run)) { $0.start() }
                case .unicast: return started(UnicastBench(run)) { $0.start() }
                case .connect: return started(ConnectBench(run)) { $0.start() }
                case .idle: return started(IdleBench(run)) { $0.start() }
                }
            }
        }
    )
}

private func started<Bench: AnyObject>(_ bench: Bench, _ start: (Bench) -> Void) -> AnyObject {
    start(bench)
    return bench
}
