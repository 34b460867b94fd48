// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What fan-out does when a client's queue is full and its socket takes nothing.
package enum SlowClientPolicy: String, Sendable, CaseIterable {
    /// Close it with 1013 "try again later"; its queue is dropped and counted.
    case disconnect
    /// Make room by dropping the messages that waited longest.
    case dropOldest = "drop_oldest"
    /// Drop the message that does not fit.
    case dropNewest = "drop_newest"
}
