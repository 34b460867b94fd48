// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What the hub asks of the machine: the time, which tests can hold, and memory ahead of its use.
package struct HubEnvironment: Sendable {
    /// Never goes back; its zero means nothing.
    package var monotonicNanoseconds: @Sendable () -> UInt64
    /// The wall clock.
    package var unixMilliseconds: @Sendable () -> Int64
    /// Brings the line of memory at an address near the processor, without waiting for it; does nothing unless set, as
    /// that takes an instruction that Swift has no name for.
    package var prefetch: @Sendable (UnsafeRawPointer) -> Void = { _ in }

    /// Makes one from two clocks.
    package init(
        monotonicNanoseconds: @escaping @Sendable () -> UInt64,
        unixMilliseconds: @escaping @Sendable () -> Int64
    ) {
        self.monotonicNanoseconds = monotonicNanoseconds
        self.unixMilliseconds = unixMilliseconds
    }
}
