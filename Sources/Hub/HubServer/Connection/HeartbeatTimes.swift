// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// When connections are looked at: the settings' times in nanoseconds, and the grid that the looks fall on.
struct HeartbeatTimes: Sendable {
    let pingInterval: UInt64
    let pongTimeout: UInt64
    let readTimeout: UInt64
    let writeTimeout: UInt64
    let messageTimeout: UInt64
    private let gridMask: UInt64

    init(_ settings: ServerSettings) {
        pingInterval = settings.pingInterval.wholeNanoseconds
        pongTimeout = settings.pongTimeout.wholeNanoseconds
        readTimeout = settings.readTimeout.wholeNanoseconds
        writeTimeout = settings.writeTimeout.wholeNanoseconds
        messageTimeout = settings.messageTimeout.wholeNanoseconds
        gridMask = Self.gridStep(pingInterval: pingInterval) - 1
    }

    /// How far apart looks are: a sixty-fourth to a hundred-and-twenty-eighth of the ping interval, 268 ms at the most.
    ///
    /// An idle server is asleep when a ping is due, and to wake up costs it more than the ping: pings that are due at about
    /// the same time go out together. With 100 000 connections on a loop and pings every 25 s, a thousand at a time.
    static func gridStep(pingInterval: UInt64) -> UInt64 {
        let most = min(pingInterval / 64, 1 << 28)
        return most == 0 ? 1 : 1 << UInt64(most.bitWidth - 1 - most.leadingZeroBitCount)
    }

    /// The first point of the grid that is no earlier than so long after a time.
    func point(_ nanoseconds: UInt64, after time: UInt64) -> MonotonicTime {
        let (sum, overflow) = time.addingReportingOverflow(nanoseconds)
        guard !overflow, sum <= .max - gridMask else { return MonotonicTime(nanoseconds: .max) }
        return MonotonicTime(nanoseconds: (sum + gridMask) & ~gridMask)
    }
}
