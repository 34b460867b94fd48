// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// An ``Envelope`` as it travels: a head, and behind it the payload, whose memory is shared with whoever published it.
package struct EncodedEnvelope: Sendable {
    /// All that stands before the payload.
    package let head: [UInt8]
    /// What the publisher sent; its memory is the publication's.
    package let payload: [UInt8]

    /// Puts both together, without a copy.
    package init(head: [UInt8], payload: [UInt8]) {
        self.head = head
        self.payload = payload
    }

    /// How many bytes travel.
    package var count: Int { head.count + payload.count }

    /// All bytes in one piece.
    ///
    /// - Complexity: One allocation of the exact size, a copy of everything.
    package var bytes: [UInt8] { head + payload }
}
