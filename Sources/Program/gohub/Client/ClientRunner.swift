// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Dispatch
import HubLoop
import Synchronization

/// Runs a command that is a client: one loop, until it is told how the command ended.
final class ClientRunner: Sendable {
    let loop: EventLoop
    private let ended = DispatchSemaphore(value: 0)
    private let code = Mutex(ExitCode.failure)

    private init() throws(LoopError) {
        loop = try EventLoop()
    }

    /// Starts what `body` makes on the loop, and returns the code that it ends with.
    ///
    /// - Parameter body: Called on the loop; what it returns is kept alive until the end.
    static func run(_ body: @escaping @Sendable (ClientRunner) -> AnyObject) -> ExitCode {
        do throws(LoopError) {
            try ignoreBrokenPipes()
            let runner = try ClientRunner()
            try runner.loop.start(name: "client")
            let kept = Kept()
            runner.loop.post { kept.object = body(runner) }
            runner.ended.wait()
            runner.loop.stop()
            runner.loop.join()
            kept.object = nil
            return runner.code.withLock { $0 }
        } catch {
            Output.complain(error.message)
            return .failure
        }
    }

    /// Ends the command; called on the loop.
    func end(_ code: ExitCode) {
        self.code.withLock { $0 = code }
        ended.signal()
    }

    /// Touched on the loop, and behind its end.
    private final class Kept: @unchecked Sendable {
        var object: AnyObject?
    }
}
