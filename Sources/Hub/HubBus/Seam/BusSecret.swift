// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A password or a token for a bus's server, which no description, dump or log shows.
package struct BusSecret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The secret itself, for the one place that sends it.
    package let value: String

    /// Wraps a secret.
    package init(_ value: String) { self.value = value }

    /// Gets the secret anew for each connection, so that another one is taken up without a restart.
    package typealias Source = @Sendable () throws(BusSecretError) -> BusSecret

    /// Three stars.
    package var description: String { "***" }
    /// Three stars.
    package var debugDescription: String { "***" }
    /// Nothing.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a secret cannot be had.
package struct BusSecretError: Error, Sendable, Equatable {
    /// For the log: paths allowed, secrets never.
    package let message: String

    /// Says why.
    package init(_ message: String) { self.message = message }
}
