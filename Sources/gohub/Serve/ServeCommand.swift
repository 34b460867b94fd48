// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

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

/// Runs a node until it is told to end.
enum ServeCommand {
    /// Serves, and drains at the first SIGTERM or SIGINT; the second one ends the process at once.
    ///
    /// - Returns: The exit code: 0 after a drain, 1 when the node cannot start.
    static func run(_ configuration: Configuration) -> Int32 {
        let log = Logger(level: configuration.log.level, format: configuration.log.format.format)
        let ended = DispatchSemaphore(value: 0)
        do throws(LoopError) {
            try ignoreBrokenPipes()
            let node = try Node(configuration, registry: Registry(), log: log)
            let signals = try EndSignals { isFirst in
                guard isFirst else { _exit(130) }
                node.drain { ended.signal() }
            }
            try node.start()
            ended.wait()
            node.stop()
            signals.stop()
            log.info("ended")
            return 0
        } catch {
            log.error("cannot serve", [LogField("error", error.message)])
            return 1
        }
    }
}

/// SIGTERM and SIGINT, watched on a loop of their own so that a busy loop cannot keep them waiting.
private final class EndSignals: Sendable {
    private let loop: EventLoop

    init(_ handler: @escaping @Sendable (_ isFirst: Bool) -> Void) throws(LoopError) {
        loop = try EventLoop(index: -1)
        var count = 0
        var watches: [SignalWatch] = []
        for signal in [SIGTERM, SIGINT] {
            watches.append(
                try SignalWatch(loop: loop, signal: signal) {
                    count += 1
                    handler(count == 1)
                }
            )
        }
        try loop.start(name: "signals")
    }

    func stop() {
        loop.stop()
        loop.join()
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
