// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Carries something that belongs to a loop's thread through other threads, for example inside a posted job.
///
/// Whoever opens it anywhere else is stopped: that would be a data race.
package struct LoopBound<Value>: @unchecked Sendable {
    /// The loop to whose thread the value belongs.
    package let loop: EventLoop
    private let bound: Value

    /// Wraps a value on the loop's thread.
    package init(_ value: Value, on loop: EventLoop) {
        precondition(loop.isConfined, "the value belongs to the loop's thread")
        self.loop = loop
        bound = value
    }

    /// The value; on the loop's thread only.
    package var value: Value {
        precondition(loop.isConfined, "the value belongs to the loop's thread")
        return bound
    }
}
