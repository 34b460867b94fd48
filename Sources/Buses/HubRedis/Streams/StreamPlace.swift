// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Where a node was in the stream when it lost its connection.
struct StreamPlace {
    /// The last entry that was taken; nil to begin with what comes from now on.
    let position: StreamID?
    let interests: StreamInterests
}
