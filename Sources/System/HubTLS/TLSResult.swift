// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What came of one read or write of a ``TLSSession``.
package enum TLSResult: Equatable, Sendable {
    /// So many bytes were moved, at least one unless none were offered.
    case bytes(Int)
    /// Nothing now: more ciphertext has to come in, or output has to be taken away.
    case wouldBlock
    /// The other end has ended its stream with a close_notify (read), or no more may be written.
    case closed
    /// The session is of no more use.
    case failed(TLSError)
}
