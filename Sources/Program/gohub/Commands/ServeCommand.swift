// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub
import Dispatch
import HubConfig
import HubLog
import HubLoop
import HubMetrics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension Command {
    /// Runs a node.
    static let serve = Command(
        name: "serve",
        synopsis: "[FILE]",
        summary: "Runs the hub (the default).",
        flags: ConfigurationFlags.all,
        notes: """
            A flag wins over an environment variable (GOHUB_SERVER_ADDR for server.addr), that over the file.
            SIGTERM or SIGINT drains and ends with 0; a second one ends at once with 130.
            SIGHUP is logged and ignored: a change of the configuration takes effect at the next start.
            exit codes: 0 drained, 1 cannot serve, 64 wrong command line, 69 the bus cannot be reached,
            73 another node has this node's name, 78 wrong configuration.
            """,
        run: { arguments throws(Arguments.Fault) in
            let file = try ConfigurationFlags.file(arguments)
            guard let configuration = ConfigurationFlags.load(arguments, file: file, faults: .suiting()) else {
                return .configuration
            }
            return ServeCommand.run(configuration)
        }
    )
}

/// Runs a node until it is told to end.
enum ServeCommand {
    /// Blocks of memory from this size on are given back as soon as they are free, instead of leaving holes in the heap.
    private static let mappedBlockBytes: Int32 = 256 << 10

    /// Waits, so that operators can see the end of a drain; a second signal ends this as it ends a drain.
    private static func linger(_ duration: Duration, log: Logger) {
        guard duration > .zero else { return }
        log.info("every client is gone, operators are still served", [LogField("limit", duration)])
        TimedSemaphore().wait(within: duration)
    }

    /// Serves, and drains at the first SIGTERM or SIGINT; the second one ends the process at once.
    ///
    /// - Returns: `success` after a drain; else what ``StartFault`` says, when the node cannot start.
    static func run(_ configuration: Configuration) -> ExitCode {
        ServeSignals.ignoreOthers()
        var configuration = configuration
        if configuration.hub.nodeId.isEmpty { configuration.hub.nodeId = NodeName.make() }
        let log = Logger(
            level: configuration.log.level,
            format: configuration.log.format.format,
            node: configuration.hub.nodeId
        )
        defer { log.flush() }
        let ended = DispatchSemaphore(value: 0)
        do throws(StartFault) {
            gohub_heap_map_from(Self.mappedBlockBytes)
            let node = try Node(configuration, registry: Registry(), log: log)
            let signals = try watchSignals(log) { node.drain { ended.signal() } }
            let isScreen = configuration.log.format.format == .text && isatty(STDERR_FILENO) == 1
            try node.start(show: isScreen ? { Output.tell($0.screen(program: CommandLine.arguments[0])) } : nil)
            ended.wait()
            linger(configuration.server.drainLinger, log: log)
            let totals = node.totals()
            node.stop()
            signals.stop()
            log.info("ended", totals)
            return .success
        } catch {
            var fields = [LogField("error", error.message)]
            if let advice = error.advice { fields.append(LogField("advice", advice)) }
            log.error("cannot serve", fields)
            return error.exitCode
        }
    }

    /// Lets the first signal that ends a process drain the node, and the second one end it at once.
    private static func watchSignals(
        _ log: Logger,
        _ drain: @escaping @Sendable () -> Void
    ) throws(StartFault) -> ServeSignals {
        do throws(LoopError) {
            try ignoreBrokenPipes()
            return try ServeSignals(log: log) { isFirst in
                guard isFirst else {
                    log.warning("ended by a second signal: nothing more is waited for")
                    log.flush()
                    _exit(ExitCode.interrupted.rawValue)
                }
                drain()
            }
        } catch {
            throw StartFault(error)
        }
    }
}

extension LogStyle {
    /// The log's format; `auto` is text on a terminal and JSON otherwise.
    var format: LogFormat {
        switch self {
        case .auto: .suiting()
        case .text: .text
        case .json: .json
        }
    }
}
