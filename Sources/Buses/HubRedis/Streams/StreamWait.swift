// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Notes whether the node itself wrote to the stream while it waited for entries, which it should have got then.
struct StreamWait {
    /// The last message that was sent.
    private var lastSent: UInt64 = 0
    /// The last one that was sent before the wait: its entry may have come before, and the answer to it late.
    private var lastSentBefore: UInt64 = 0
    /// Whether the server has taken a message that was sent during the wait.
    private(set) var hasWritten = false

    /// A wait begins.
    mutating func begin() {
        lastSentBefore = lastSent
        hasWritten = false
    }

    /// A message was sent to the server; ids grow.
    mutating func sent(_ id: UInt64) { lastSent = id }

    /// The server has added a message.
    mutating func taken(_ id: UInt64) { if id > lastSentBefore { hasWritten = true } }
}
