// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import HubLoop

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The signals of a serving process, watched on a loop of their own so that a busy loop cannot keep them waiting.
///
/// SIGTERM and SIGINT end it; SIGHUP is answered with a line of the log, as there is no reload yet; others that would
/// end the process and mean nothing to it are ignored.
final class ServeSignals: Sendable {
    private let loop: EventLoop

    /// Lets no signal end the process that means nothing to it, such as SIGXFSZ of a log file that has reached its limit.
    ///
    /// SIGHUP as well, until an object of this class answers it.
    static func ignoreOthers() {
        for number in [SIGHUP, SIGUSR1, SIGUSR2, SIGXFSZ] { signal(number, SIG_IGN) }
    }

    /// Begins to watch.
    ///
    /// - Parameter onEnd: Called on the signals' own loop for each SIGTERM and SIGINT.
    init(log: Logger, onEnd: @escaping @Sendable (_ isFirst: Bool) -> Void) throws(LoopError) {
        loop = try EventLoop(index: -1)
        var count = 0
        for signal in [SIGTERM, SIGINT] {
            _ = try SignalWatch(loop: loop, signal: signal) {
                count += 1
                onEnd(count == 1)
            }
        }
        _ = try SignalWatch(loop: loop, signal: SIGHUP) {
            log.info("SIGHUP is ignored: the configuration is read at the start only, restart the hub to change it")
        }
        try loop.start(name: "signals")
    }

    /// Ends the loop; the signals that were watched have their default actions again.
    func stop() {
        loop.stop()
        loop.join()
    }
}
