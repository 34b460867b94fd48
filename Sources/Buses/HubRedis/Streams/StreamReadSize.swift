// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// How many entries of a stream are read at once: more while they are small, so that a reader that is behind catches up also where
/// the server is far away.
struct StreamReadSize {
    private static let most = 256

    /// As many as may come whatever they are: 32 MiB of the longest messages.
    private let least: Int
    /// How many to ask for next.
    private(set) var count: Int

    init(maxMessageBytes: Int) {
        least = min(Self.most, max(1, (32 << 20) / max(1, maxMessageBytes)))
        count = least
    }

    /// Forgets how small entries were: those that come next may be of any size.
    mutating func caughtUp() { count = least }

    /// Notes how many bytes as many entries had as were asked for.
    mutating func took(_ byteCount: Int) {
        if byteCount > 16 << 20 {
            count = max(least, count / 2)
        } else if byteCount < 4 << 20 {
            count = min(Self.most, 2 * count)
        }
    }
}
