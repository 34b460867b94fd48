// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// How many entries of a stream are read at once: more while they are small, so that a reader that is behind catches up also where
/// the server is far away.
struct StreamReadSize {
    private static let most = 256
    /// How many bytes the least that is asked for may have: half of what a reply may, which leaves room for topics and ids.
    private static let leastBytes = 32 << 20
    /// Below this the next read asks for twice as many, which are not large then either.
    private static let smallBytes = 4 << 20
    /// Entries of more bytes make it smaller again, while a reply may still have four times as many.
    private static let largeBytes = 16 << 20

    /// As many as may come whatever they are, as long as none is longer than a message may be.
    let least: Int
    /// How many to ask for next.
    private(set) var count: Int

    init(maxMessageBytes: Int) {
        least = min(Self.most, max(1, Self.leastBytes / max(1, maxMessageBytes)))
        count = least
    }

    /// Forgets how small entries were: those that come next may be of any size.
    mutating func caughtUp() { count = least }

    /// Adapts the next read to how many bytes a full one had.
    mutating func took(_ byteCount: Int) {
        if byteCount > Self.largeBytes {
            count = max(least, count / 2)
        } else if byteCount < Self.smallBytes {
            count = min(Self.most, 2 * count)
        }
    }
}
