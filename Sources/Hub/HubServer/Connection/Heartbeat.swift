// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLoop

/// Decides when a connection is pinged and when it counts as lost; knows times and counts, no socket and no clock.
///
/// Bytes that arrive are life, and so are bytes that the peer takes: a pong cannot overtake the message that its sender is
/// in the middle of, and a ping waits behind what was sent before it. So a peer that has not answered is looked at again
/// each half of its time, and its time begins anew as long as it sends, or acknowledges what went out up to its ping.
/// All times are monotonic nanoseconds. A value without heap.
struct Heartbeat {
    /// What to do after a look.
    enum Verdict: Equatable {
        /// Nothing now; look again after so long.
        case look(in: UInt64)
        /// Send a ping with the time of this look; look again after so long.
        case ping(lookIn: UInt64)
        /// End the connection.
        case lost(CloseReason)
    }

    /// When bytes arrived last.
    private(set) var lastRead: UInt64
    /// When the last ping was sent, which its pong repeats.
    private(set) var lastPing: UInt64
    /// When the peer was last known to take bytes of ours.
    private var lastTaken: UInt64
    /// How many bytes were acknowledged at the last look; `noLook` if there was none since the ping, or the last block.
    private var acknowledged = Heartbeat.noLook
    /// How many are acknowledged once the ping is.
    private var pingEnd: UInt64 = 0
    private(set) var isPongAwaited = false

    private static let noLook = UInt64.max

    /// Starts with a connection.
    ///
    /// - Parameter head: How long ago the last ping counts as sent, so that clients that came together are pinged apart.
    init(now: UInt64, head: UInt64) {
        lastRead = now
        lastTaken = now
        lastPing = now &- head
    }

    /// Notes that bytes arrived.
    mutating func hasRead(_ now: UInt64) { lastRead = now }

    /// Counts time in which nothing was read, or nothing could be, as if the peer had shown life until its end.
    mutating func excuse(until time: UInt64) {
        lastRead = max(lastRead, time)
        lastTaken = max(lastTaken, time)
    }

    /// Notes that a socket that took nothing has taken all that waited, the ping included.
    mutating func hasTakenAll(_ now: UInt64) {
        lastTaken = now
        acknowledged = Heartbeat.noLook
    }

    /// Takes a pong; gives how long it took if it answers the last ping.
    mutating func takePong(_ payload: UnsafeRawBufferPointer, _ now: UInt64) -> UInt64? {
        guard isPongAwaited, payload.count == 8, payload.loadUnaligned(as: UInt64.self) == lastPing else { return nil }
        isPongAwaited = false
        return now &- lastPing
    }

    /// Judges the connection and says when to look again.
    ///
    /// - Parameter now: When the system last told what is ready.
    /// - Parameter progress: When a socket that takes nothing took something last; nil for one to which nothing waits.
    /// - Parameter outgoing: Asks the system; called only when an answer is late or the socket takes nothing.
    mutating func look(
        _ now: UInt64,
        _ times: HeartbeatTimes,
        blockedSince progress: UInt64?,
        outgoing: () -> OutgoingBytes?
    ) -> Verdict {
        if let progress { return watchBlocked(now, times, progress, outgoing()) }
        if isPongAwaited { return awaitPong(now, times, outgoing()) }
        let silent = passed(now, since: max(lastRead, lastTaken))
        guard silent < times.readTimeout else { return .lost(.idle) }
        let since = now &- lastPing
        if since < times.pingInterval { return .look(in: min(times.pingInterval - since, times.readTimeout - silent)) }
        lastPing = now
        isPongAwaited = true
        acknowledged = Heartbeat.noLook
        return .ping(lookIn: min(times.pongTimeout / 2, times.readTimeout - silent))
    }

    private mutating func awaitPong(_ now: UInt64, _ times: HeartbeatTimes, _ outgoing: OutgoingBytes?) -> Verdict {
        let isJudged = compare(outgoing, now, isBlocked: false)
        let silent = passed(now, since: max(lastRead, lastTaken))
        let waited = passed(now, since: max(lastPing, lastRead, lastTaken))
        if isJudged {
            guard waited < times.pongTimeout else { return .lost(.noPong) }
            guard silent < times.readTimeout else { return .lost(.idle) }
        }
        let most = times.pongTimeout / 2
        return .look(in: left(times.pongTimeout, waited, most: left(times.readTimeout, silent, most: most)))
    }

    /// A client whose socket takes nothing is not pinged: the ping would wait behind its messages.
    private mutating func watchBlocked(
        _ now: UInt64,
        _ times: HeartbeatTimes,
        _ progress: UInt64,
        _ outgoing: OutgoingBytes?
    ) -> Verdict {
        let isJudged = compare(outgoing, now, isBlocked: true)
        let taken = max(progress, lastTaken)
        let (stood, silent) = (passed(now, since: taken), passed(now, since: max(lastRead, taken)))
        if isJudged {
            guard stood < times.writeTimeout else { return .lost(.writeTimeout) }
            guard silent < times.readTimeout else { return .lost(.idle) }
        }
        let most = min(times.writeTimeout / 2, times.pingInterval)
        return .look(in: left(times.writeTimeout, stood, most: left(times.readTimeout, silent, most: most)))
    }

    /// Compares what is acknowledged with the look before; false if there was none, so that nobody is judged yet.
    ///
    /// What is acknowledged behind the ping is no excuse for not answering it, unless the socket takes nothing.
    private mutating func compare(_ outgoing: OutgoingBytes?, _ now: UInt64, isBlocked: Bool) -> Bool {
        guard let outgoing else { return true }
        defer { acknowledged = outgoing.acknowledged }
        guard acknowledged != Heartbeat.noLook else {
            pingEnd = outgoing.acknowledged &+ outgoing.unacknowledged
            return false
        }
        if outgoing.acknowledged > acknowledged, isBlocked || acknowledged < pingEnd { lastTaken = now }
        return true
    }

    /// Nothing when that came after the look: the tick's begin judges, and the tick may have read and written since.
    private func passed(_ now: UInt64, since time: UInt64) -> UInt64 { now > time ? now - time : 0 }

    /// What is left of a time, `most` at most; `most` again when it is over and nobody could be judged yet.
    private func left(_ limit: UInt64, _ passed: UInt64, most: UInt64) -> UInt64 {
        max(1, passed < limit ? min(limit - passed, most) : most)
    }
}
