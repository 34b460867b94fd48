// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What a proxy does to the bytes of one direction of one connection.
struct ProxyFaults: Sendable {
    /// How long bytes wait before they are passed on.
    var delay: Duration = .zero
    /// Whether nothing is passed on, not even the end of the stream.
    var isStopped = false
    /// How much is passed on each second; nil for as much as the sockets take.
    var bytesPerSecond: Int?
    /// After how many more bytes both ends are reset; nil for never.
    var bytesUntilCut: Int?
}
