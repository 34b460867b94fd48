// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A scrape body taken apart: families, and in them samples, in the order in which they were written.
///
/// The reader behind it is stricter than any server: it finds what Prometheus rejects and also what Prometheus
/// swallows in silence. It shares no code with the registry that writes such bodies, so that the two can disagree.
package struct Exposition: Sendable {
    package let format: Format
    package internal(set) var families: [Family] = []

    /// Reads a body and accepts no fault.
    ///
    /// - Throws: ``ExpositionFaults`` with every fault of the body, each with its line.
    /// - Complexity: O(n log n) of the body's size; a tool for tests, some 10 MB a second.
    package init(parsing body: some Collection<UInt8>, as format: Format) throws(ExpositionFaults) {
        let (exposition, faults) = Exposition.read(body, as: format)
        guard faults.isEmpty else { throw ExpositionFaults(faults: faults) }
        self = exposition
    }

    /// Reads a text that a test wrote by hand.
    package init(parsing body: String, as format: Format) throws(ExpositionFaults) {
        try self.init(parsing: Array(body.utf8), as: format)
    }

    /// Reads what can be read, and lists the faults by line instead of throwing them.
    package static func read(
        _ body: some Collection<UInt8>,
        as format: Format
    ) -> (exposition: Exposition, faults: [ExpositionFault]) {
        var reader = ExpositionReader(Array(body), format: format)
        return reader.read()
    }

    init(format: Format) {
        self.format = format
    }

    /// The two formats that a scrape may ask for.
    package enum Format: String, CaseIterable, Sendable {
        case text, openMetrics

        package var contentType: String {
            switch self {
            case .text: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
    }

    /// The types of both formats; each format allows a part of them.
    package enum FamilyType: String, CaseIterable, Sendable {
        case counter, gauge, histogram, summary, untyped, unknown, info, stateset, gaugehistogram
    }

    /// A family: its metadata, and its samples in the order written.
    package struct Family: Sendable {
        package let name: String
        package internal(set) var type: FamilyType?
        package internal(set) var help: String?
        package internal(set) var unit: String?
        package internal(set) var samples: [Sample] = []
        package let line: Int
    }

    /// A label, its value without escapes.
    package struct Label: Sendable, Hashable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }

        /// Compares bytes, as Prometheus does; Swift's strings would call two spellings of é the same.
        package static func == (a: Label, b: Label) -> Bool {
            a.name == b.name && a.value.utf8.elementsEqual(b.value.utf8)
        }

        package func hash(into hasher: inout Hasher) {
            hasher.combine(name)
            for byte in value.utf8 { hasher.combine(byte) }
        }
    }

    /// A value of a series at the moment of the scrape.
    package struct Sample: Sendable {
        package let name: String
        package let labels: [Label]
        package let value: Double
        /// The value as written, for counts that a `Double` cannot hold exactly.
        package let text: String
        package internal(set) var timestamp: String?
        package internal(set) var exemplar: Exemplar?
        package let line: Int
    }

    /// An example observation, as a rule with the trace that made it.
    package struct Exemplar: Sendable, Equatable {
        package let labels: [Label]
        package let value: Double
        /// Seconds since 1970.
        package let timestamp: Double?
    }
}
