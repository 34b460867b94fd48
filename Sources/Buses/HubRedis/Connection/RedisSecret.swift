// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A password, which no description, dump or log shows.
package struct RedisSecret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The password itself, for the one place that sends it.
    package let value: String

    /// Wraps a password.
    package init(_ value: String) { self.value = value }

    /// Three stars.
    package var description: String { "***" }
    /// Three stars.
    package var debugDescription: String { "***" }
    /// Nothing.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
