// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Why a family cannot be registered.
///
/// All of these are faults in the program, so ``Registry`` stops at one; ``RegistrationRules`` throws it for tests.
package struct RegistrationError: Error, Sendable, CustomStringConvertible {
    /// The rule that was broken.
    package enum Code: String, Sendable, CaseIterable {
        case badName, badSuffix, badUnit, badHelp, badLabelName, badLabelValue, duplicateLabel, tooManySeries,
            duplicate,
            clash, badBuckets, badLabelType
    }

    package let code: Code
    package let message: String

    package var description: String { "\(code.rawValue): \(message)" }
}
