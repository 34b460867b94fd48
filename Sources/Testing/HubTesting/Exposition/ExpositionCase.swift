// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A scrape body, with what the strict reader and what a real Prometheus are expected to make of it.
package struct ExpositionCase: Sendable, CustomStringConvertible {
    /// Fit for a path of a URL and for the name of a scrape job.
    package let name: String
    package let format: Exposition.Format
    /// The header to serve it with; nil for none.
    package let contentType: String?
    package let isCompressed: Bool
    package let body: [UInt8]
    /// What ``Exposition/read(_:as:)`` finds; nil for a body that has to be decompressed first.
    package let faults: Set<ExpositionFault.Kind>?
    /// What Prometheus 2.42 does.
    package let prometheus: ExpositionFault.Verdict

    package var description: String { name }

    /// Everything there is to try: the recorded bodies and one body or more for each fault.
    ///
    /// - Parameter directory: Where the recorded bodies lie, a file each.
    package static func all(recordedIn directory: String) throws(FileFault) -> [ExpositionCase] {
        try recorded(in: directory) + composed
    }
}
