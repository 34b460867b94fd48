// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The subjects to which the server has refused publications that are not confirmed yet.
///
/// All of them to such a subject count as refused; those of a moment in which the rights change may have been taken.
struct NATSDenials {
    /// So many subjects, more than publications are under way.
    private static let limit = 16_384

    private struct Denial {
        let reason: String
        /// With which receipt the last publication is confirmed that it may be about.
        let receipt: UInt64
    }

    private var whole: [[UInt8]: Denial] = [:]
    /// Those of long subjects, of which only the beginnings are known.
    private var beginnings: [QuotedSubject: Denial] = [:]

    var isEmpty: Bool { whole.isEmpty && beginnings.isEmpty }

    /// Adds what the server said.
    ///
    /// - Parameter receipt: The last receipt that was asked for.
    mutating func add(_ subject: QuotedSubject, _ reason: String, until receipt: UInt64) {
        guard whole.count + beginnings.count < Self.limit else { return }
        let denial = Denial(reason: reason, receipt: receipt)
        if subject.isWhole { whole[subject.bytes] = denial } else { beginnings[subject] = denial }
    }

    /// Why a publication to a subject was refused; nil when it was not.
    func reason(for subject: Subject) -> String? {
        whole[Array(subject.bytes)]?.reason ?? beginnings.first { $0.key.matches(subject) }?.value.reason
    }

    /// All publications before a receipt are confirmed.
    mutating func confirmed(_ receipt: UInt64) {
        guard !isEmpty else { return }
        whole = whole.filter { $0.value.receipt > receipt }
        beginnings = beginnings.filter { $0.value.receipt > receipt }
    }
}
