// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Dispatch

/// Runs what blocks on a thread that is no loop.
enum BlockingWork {
    private static let queue = DispatchQueue(label: "gohub.blocking")

    /// Runs `body` behind earlier work.
    static func run(_ body: @escaping @Sendable () -> Void) { queue.async(execute: body) }
}
