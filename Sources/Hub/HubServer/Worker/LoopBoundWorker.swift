// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import HubLoop

/// A worker as other threads hold it: something to post to.
struct LoopBoundWorker: @unchecked Sendable {
    /// Touched on its own loop only, within ``post(_:)``.
    private let worker: Worker

    /// Whether the worker's loop turns.
    let beat: LoopBeat

    init(_ worker: Worker) {
        self.worker = worker
        beat = worker.beat
    }

    var loop: EventLoop { worker.loop }

    /// Runs `body` on the worker's loop; not at all, which it says by false, when the loop has stopped.
    @discardableResult
    func post(_ body: @escaping @Sendable (Worker) -> Void) -> Bool {
        worker.loop.post { [self] in body(worker) }
    }

    /// Makes the worker accept from a listening socket as soon as its loop runs.
    func serve(_ descriptor: Int32, _ router: Router, isAdmin: Bool, log: Logger) {
        post { worker in
            do throws(LoopError) {
                try worker.listen(descriptor, router: router, isAdmin: isAdmin)
            } catch {
                Socket.close(descriptor)
                log.error("cannot accept connections", [LogField("error", error.message)])
            }
        }
    }
}
