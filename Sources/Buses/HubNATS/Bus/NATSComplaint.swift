// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What the server complains of, read of its own words.
///
/// `Permissions Violation for Publish to "a.b"` and `Permissions Violation for Subscription to "a.b"`, as nats-server writes
/// them since version 1.0.
enum NATSComplaint: Equatable {
    /// The user may not publish to a subject.
    case publish(QuotedSubject)
    /// The user may not subscribe to a subject.
    case subscription(QuotedSubject)
    case other

    init(_ words: String) {
        let parts = words.split(separator: "\"", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased().contains("permissions violation") else {
            self = .other
            return
        }
        let subject = QuotedSubject(parts[1])
        self = parts[0].lowercased().contains("publish") ? .publish(subject) : .subscription(subject)
    }
}
