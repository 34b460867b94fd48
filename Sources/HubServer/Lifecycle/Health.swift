// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubWire
import Synchronization

/// Answers whether the process works and whether messages flow.
///
/// Live fails slowly: only when a loop has not answered for long, as a restart costs every client its connection.
/// Ready fails fast: while starting or draining, or when a check fails.
final class Health: Sendable {
    private let workers: [LoopBoundWorker]
    private let checks: [HealthCheck: @Sendable () -> Bool]
    /// Nanoseconds that a loop may owe an answer.
    private let patience: UInt64
    /// When each loop was asked for a sign of life that has not come yet; 0 when none is out.
    private let asked: Mutex<[UInt64]>

    init(workers: [LoopBoundWorker], checks: [HealthCheck: @Sendable () -> Bool], patience: Duration) {
        self.workers = workers
        self.checks = checks
        self.patience = patience.wholeNanoseconds
        asked = Mutex(Array(repeating: 0, count: workers.count))
    }

    func live() -> HTTPAnswer {
        let isLive = checkLoops()
        return Self.answer(isLive, [("loops", isLive)])
    }

    func ready(in state: NodeState) -> HTTPAnswer {
        var all = [("state", state == .ready)]
        for (check, passes) in results(in: state) where check != .live && check != .ready {
            all.append((check.rawValue, passes))
        }
        return Self.answer(all.allSatisfy(\.1), all)
    }

    /// The outcome of every check that there is.
    func results(in state: NodeState) -> [(HealthCheck, Bool)] {
        let others = checks.map { ($0.key, $0.value()) }
        return others + [(.live, checkLoops()), (.ready, state == .ready && others.allSatisfy(\.1))]
    }

    /// Asks every loop for a sign of life; false when one owes an answer for too long.
    private func checkLoops() -> Bool {
        var isLive = true
        for (index, worker) in workers.enumerated() {
            let now = worker.loop.clock.now().nanoseconds
            let since = asked.withLock { asked in
                if asked[index] == 0 {
                    asked[index] = now
                    return UInt64(0)
                }
                return asked[index]
            }
            if since == 0 {
                worker.post { [self] _ in asked.withLock { $0[index] = 0 } }
            } else if now &- since > patience {
                isLive = false
            }
        }
        return isLive
    }

    private static func answer(_ passes: Bool, _ checks: [(String, Bool)]) -> HTTPAnswer {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("status")
            writer.string(passes ? "ok" : "failing")
            writer.key("checks")
            writer.object { writer in
                for (name, passes) in checks {
                    writer.key(name)
                    writer.string(passes ? "ok" : "failing")
                }
            }
        }
        return .json(passes ? 200 : 503, writer.bytes + [UInt8(ascii: "\n")])
    }
}
