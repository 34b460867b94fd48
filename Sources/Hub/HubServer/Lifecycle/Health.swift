// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubWire

/// Answers whether the process works and whether messages flow.
///
/// Live fails slowly: only when a loop has not turned for long, as a restart costs every client its connection.
/// Ready fails fast: while starting or draining, when a loop has not turned for two seconds, or when a check fails. Both
/// read what the loops note by themselves, so that the first question gets the right answer.
final class Health: Sendable {
    private let beats: [LoopBeat]
    private let checks: [HealthCheck: @Sendable () -> Bool]
    /// Nanoseconds for which a loop may stand still and the process count as alive.
    private let livePatience: UInt64
    /// The same for the node as ready.
    private let readyPatience: UInt64

    init(beats: [LoopBeat], checks: [HealthCheck: @Sendable () -> Bool], settings: ServerSettings) {
        self.beats = beats
        self.checks = checks
        livePatience = settings.loopPatience.wholeNanoseconds
        readyPatience = settings.readyPatience.wholeNanoseconds
    }

    func live() -> HTTPAnswer {
        let isLive = loopsTurned(within: livePatience)
        return Self.answer(isLive, [("loops", Self.outcome(isLive))])
    }

    func ready(in state: NodeState) -> HTTPAnswer {
        var all = [("state", state == .ready ? "ok" : state.rawValue)]
        all.append(("loops", Self.outcome(loopsTurned(within: readyPatience))))
        for (check, passes) in checks { all.append((check.rawValue, Self.outcome(passes()))) }
        return Self.answer(all.allSatisfy { $0.1 == "ok" }, all)
    }

    /// The outcome of every check that there is.
    func results(in state: NodeState) -> [(HealthCheck, Bool)] {
        let others = checks.map { ($0.key, $0.value()) }
        let isReady = state == .ready && loopsTurned(within: readyPatience) && others.allSatisfy(\.1)
        return others + [(.live, loopsTurned(within: livePatience)), (.ready, isReady)]
    }

    private func loopsTurned(within limit: UInt64) -> Bool { beats.allSatisfy { $0.turned(within: limit) } }

    private static func outcome(_ passes: Bool) -> String { passes ? "ok" : "failing" }

    private static func answer(_ passes: Bool, _ checks: [(String, String)]) -> HTTPAnswer {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("status")
            writer.string(outcome(passes))
            writer.key("checks")
            writer.object { writer in
                for (name, outcome) in checks {
                    writer.key(name)
                    writer.string(outcome)
                }
            }
        }
        return .json(passes ? 200 : 503, writer.bytes + [UInt8(ascii: "\n")])
    }
}
