// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// One breach of the rules for a scrape body: which rule, on which line, and what stood there.
package struct ExpositionFault: Error, Hashable, Sendable, CustomStringConvertible {
    package let kind: Kind
    /// Counted from 1; 0 when the fault is one of the whole body.
    package let line: Int
    package let detail: String

    package var description: String {
        let place = line > 0 ? "line \(line): " : ""
        return "\(place)\(kind.rawValue): \(kind.rule.meaning)" + (detail.isEmpty ? "" : " (\(detail))")
    }

    /// What a Prometheus server does with a body that has the fault.
    package enum Verdict: String, Sendable {
        /// The whole scrape is lost: `up` is 0.
        case rejected
        /// The scrape succeeds and nobody is told, which is why the strict reader exists.
        case accepted
    }

    /// What a fault is, and what Prometheus 2.42 makes of it in either format.
    package struct Rule: Sendable {
        package let meaning: String
        /// Nil where the format cannot express the fault.
        package let text: Verdict?
        package let openMetrics: Verdict?

        package func verdict(in format: Exposition.Format) -> Verdict? {
            format == .text ? text : openMetrics
        }
    }
}

/// Every fault that a reading found; thrown by ``Exposition/init(parsing:as:)``.
package struct ExpositionFaults: Error, Sendable, CustomStringConvertible {
    package let faults: [ExpositionFault]

    package var kinds: Set<ExpositionFault.Kind> { Set(faults.map(\.kind)) }

    package var description: String {
        faults.map(\.description).joined(separator: "\n")
    }
}
