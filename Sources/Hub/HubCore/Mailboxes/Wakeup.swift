// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// How to wake whoever waits for room somewhere: told apart by identity.
package final class Wakeup: Sendable {
    /// Makes the waiting one look again soon; called from any thread.
    package let wake: @Sendable () -> Void

    /// Makes one.
    package init(_ wake: @escaping @Sendable () -> Void) { self.wake = wake }
}
