// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// Notices that one of several connections is dead, also where nothing is said on it: what is heard on another says nothing of it.
///
/// Whoever is silent for too long is asked for a sign of life. Looks at most once in the time that an answer may take, so that
/// what is sent costs nothing.
final class SilenceWatch {
    /// A connection that is watched.
    struct Line {
        let connection: RedisConnection
        /// How much longer than on others an answer may take.
        let grace: Duration
        /// Asks for the sign of life: sends anything that is answered.
        let ask: () throws(RedisError) -> Void

        init(_ connection: RedisConnection, grace: Duration = .zero, ask: @escaping () throws(RedisError) -> Void) {
            self.connection = connection
            self.grace = grace
            self.ask = ask
        }

        /// Asks by a ping, whose answer may be anything.
        init(pinging connection: RedisConnection, grace: Duration = .zero) {
            self.init(connection, grace: grace) { () throws(RedisError) in
                try connection.ping(token: SilenceWatch.token)
            }
        }
    }

    /// The token of the pings.
    static let token = UInt64.max - 2
    /// How long to wait for what has come and is not read yet.
    private static let pause = Duration.milliseconds(100)

    private let loop: EventLoop
    /// How long silence is taken for life, and how long an answer may take.
    private let silence: Duration
    private let limit: Duration
    private var lost: ((RedisError) -> Void)?
    private var lines: [Line] = []
    private lazy var timer = LoopTimer { [unowned self] in look() }

    /// Prepares to watch.
    init(_ settings: RedisSettings, loop: EventLoop) {
        self.loop = loop
        silence = settings.probeAfter
        limit = settings.probeTimeout
    }

    /// Begins to watch connections that are open.
    ///
    /// - Parameter lost: Told at most once; may be told within this call.
    func start(_ lines: [Line], lost: @escaping (RedisError) -> Void) {
        self.lines = lines
        self.lost = lost
        look()
    }

    /// Watches no more.
    func stop() {
        loop.cancel(timer)
        (lines, lost) = ([], nil)
    }

    private func look() {
        let now = loop.now
        var next = now + limit
        for line in lines {
            let connection = line.connection
            if connection.isPaused { continue }
            if connection.watch?.isPending == true {
                next = min(next, now + Self.pause)
                continue
            }
            // While the loop stood still nobody could read.
            let alive = max(connection.lastReceived, loop.resumed)
            if let oldest = connection.oldestUnanswered {
                let end = max(alive, oldest) + line.grace + limit
                guard now < end else { return giveUp(connection) }
                next = min(next, end)
            } else if now < alive + silence {
                next = min(next, alive + silence)
            } else {
                // One that is not open any more tells its end itself.
                try? line.ask()
            }
        }
        loop.schedule(timer, at: next)
    }

    private func giveUp(_ connection: RedisConnection) {
        let lost = lost
        stop()
        lost?(RedisError(.timedOut, "\(connection.address) does not answer any more, since \(limit) or longer"))
    }
}
