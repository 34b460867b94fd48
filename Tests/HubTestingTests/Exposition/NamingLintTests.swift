// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@Suite("The naming lint")
struct NamingLintTests {
    @Test("finds in each example the rule that it breaks", arguments: NamingLint.examples)
    func findsRule(example: NamingLint.Example) throws {
        let exposition = Exposition.read(example.body.utf8, as: .text).exposition
        #expect(Set(NamingLint().findings(in: exposition).map(\.rule)) == example.rules)
    }

    @Test("has an example for each rule", arguments: NamingLint.Rule.allCases)
    func covers(rule: NamingLint.Rule) {
        #expect(NamingLint.examples.contains { $0.rules.contains(rule) })
    }

    @Test("judges OpenMetrics by the names that the text format would have")
    func openMetrics() throws {
        let exposition = try Exposition(
            parsing: """
                # TYPE gohub_read_bytes counter
                # UNIT gohub_read_bytes bytes
                # HELP gohub_read_bytes Bytes read.
                gohub_read_bytes_total 1
                # TYPE gohub_build info
                # HELP gohub_build What runs.
                gohub_build_info{version="1"} 1
                # TYPE gohub_wait_seconds histogram
                # UNIT gohub_wait_seconds seconds
                # HELP gohub_wait_seconds Time waited.
                gohub_wait_seconds_bucket{le="+Inf"} 0
                gohub_wait_seconds_sum 0
                gohub_wait_seconds_count 0
                # EOF

                """,
            as: .openMetrics
        )
        #expect(NamingLint().findings(in: exposition) == [])
    }
}
