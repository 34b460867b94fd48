// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@Suite("Comparing scrape bodies")
struct ExpositionComparisonTests {
    private func text(_ body: String) throws -> Exposition {
        try Exposition(parsing: body, as: .text)
    }

    @Test("order of families, series and labels makes no difference")
    func ignoresOrder() throws {
        let found = try text("# HELP b B.\n# TYPE b gauge\nb{y=\"2\",x=\"1\"} 1\nb{x=\"2\",y=\"2\"} 2\na 1\n")
        #expect(found.difference(from: "a 1\nb{x=\"2\",y=\"2\"} 2\nb{x=\"1\",y=\"2\"} 1\n") == nil)
    }

    @Test("a difference is shown with what is around it")
    func showsDifference() throws {
        let found = try text("# TYPE b gauge\n" + (1...9).map { "b{x=\"\($0)\"} \($0)\n" }.joined())
        let expected = "# TYPE b gauge\n" + (1...9).map { "b{x=\"\($0)\"} \($0 == 5 ? 0 : $0)\n" }.joined()
        #expect(
            found.difference(from: expected) == """
                --- expected
                +++ found
                …
                 b{x="3"} 3
                 b{x="4"} 4
                -b{x="5"} 0
                +b{x="5"} 5
                 b{x="6"} 6
                 b{x="7"} 7
                …
                """
        )
        #expect(found.difference(from: expected, only: ["c"]) == nil)
    }

    @Test("metadata counts where the expected text has it")
    func comparesMetadata() throws {
        let found = try text("# HELP b Bees.\n# TYPE b gauge\nb 1\n")
        #expect(found.difference(from: "# HELP b Wasps.\nb 1\n") != nil)
        #expect(found.difference(from: "# TYPE b counter\nb 1\n") != nil)
        #expect(found.difference(from: "# HELP b Bees.\n# TYPE b gauge\nb 1\n") == nil)
    }

    @Test("buckets in another order are different")
    func comparesBucketOrder() throws {
        let rest = "h_sum 1\nh_count 1\n"
        let found = try text("# TYPE h histogram\nh_bucket{le=\"1.0\"} 1\nh_bucket{le=\"+Inf\"} 1\n" + rest)
        let swapped = "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_bucket{le=\"1.0\"} 1\n" + rest
        #expect(found.difference(from: swapped) != nil)
    }

    @Test("counters and histograms that fall or vanish are reported, gauges are not")
    func findsRegressions() throws {
        let before = try text(
            """
            # TYPE a_total counter
            a_total{x="1"} 9007199254740993
            a_total{x="2"} 2
            a_total{x="3"} 3
            # TYPE g gauge
            g 5
            # TYPE h histogram
            h_bucket{le="+Inf"} 2
            h_sum 3
            h_count 2

            """
        )
        let after = try text(
            """
            # TYPE a_total counter
            a_total{x="1"} 9007199254740992
            a_total{x="2"} 3
            # TYPE g gauge
            g 1
            # TYPE h histogram
            h_bucket{le="+Inf"} 1
            h_sum 3
            h_count 1

            """
        )
        let found = after.regressions(since: before).map(\.series)
        #expect(found == ["a_total{x=\"1\"}", "a_total{x=\"3\"}", "h_bucket{le=\"+Inf\"}", "h_count"])
        #expect(before.regressions(since: before).isEmpty)
        let allowed = after.regressions(since: before, allowingRemovalFrom: ["a_total"]).map(\.series)
        #expect(!allowed.contains("a_total{x=\"3\"}"))
    }
}
