// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@Suite("The strict reader of scrape bodies")
struct ExpositionReaderTests {
    static let cases: [ExpositionCase] = {
        let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
        return (try? ExpositionCase.all(recordedIn: folder.joined(separator: "/") + "/Fixtures/exposition")) ?? []
    }()

    @Test("finds in each body the faults that are in it and no other", arguments: cases.filter { $0.faults != nil })
    func findsFaults(sample: ExpositionCase) {
        let faults = Exposition.read(sample.body, as: sample.format).faults
        #expect(Set(faults.map(\.kind)) == sample.faults, "\(faults)")
    }

    @Test("has the recorded bodies to read")
    func hasBodies() {
        #expect(Self.cases.count > 200)
        #expect(Set(Self.cases.map(\.name)).count == Self.cases.count)
    }

    @Test("has a body for each fault in each format that can have it", arguments: ExpositionFault.Kind.allCases)
    func coversFaults(kind: ExpositionFault.Kind) {
        for format in Exposition.Format.allCases where kind.rule.verdict(in: format) != nil {
            #expect(Self.cases.contains { $0.format == format && $0.faults?.contains(kind) == true }, "\(format)")
        }
    }

    @Test("expects of Prometheus what the table of faults says", arguments: cases.filter { $0.faults != nil })
    func tableAgrees(sample: ExpositionCase) {
        let rejected = (sample.faults ?? []).contains { $0.rule.verdict(in: sample.format) == .rejected }
        #expect((sample.prometheus == .rejected) == rejected)
    }
}

extension ExpositionReaderTests {
    @Test("survives whatever is made of a body, and never calls two readings of it different")
    func survivesNoise() {
        var random = SplitMix64(seed: 20_261_120)
        for sample in Self.cases {
            for _ in 0..<20 where !sample.body.isEmpty {
                var body = sample.body
                for _ in 0..<Int.random(in: 1...4, using: &random) where !body.isEmpty {
                    let place = Int.random(in: 0..<body.count, using: &random)
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0: body[place] = UInt8.random(in: 0...255, using: &random)
                    case 1: body.remove(at: place)
                    default: body.insert(body[Int.random(in: 0..<body.count, using: &random)], at: place)
                    }
                }
                let first = Exposition.read(body, as: sample.format).faults
                #expect(first == Exposition.read(body, as: sample.format).faults)
            }
        }
    }

    @Test("tells the line of a fault")
    func tellsLines() {
        let body = "# HELP g a\n# TYPE g gauge\ng{x=\"1\n2\"} 1\ng{x=\"3\"} 1_0\n\ng{x=\"4\"} 1"
        let faults = Exposition.read(body.utf8, as: .text).faults
        #expect(faults.map(\.line) == [3, 5, 6, 7])
        #expect(faults.map(\.kind) == [.newlineInLabelValue, .badNumber, .blankLine, .missingFinalNewline])
    }

    @Test("gives back what was written, escapes undone")
    func givesContent() throws {
        let exposition = try Exposition(
            parsing: """
                # TYPE a_seconds counter
                # UNIT a_seconds seconds
                # HELP a_seconds Time \\"spent\\",\\nor \\\\lost.
                a_seconds_total{x="q\\"b\\\\n\\n,}"} 18446744073709551615 # {trace_id="t"} 0.5 1.25
                # TYPE h histogram
                # HELP h Some.
                h_bucket{le="1.0"} 2
                h_bucket{le="+Inf"} 3
                h_sum 7.5
                h_count 3
                # EOF

                """,
            as: .openMetrics
        )
        let family = try #require(exposition[family: "a_seconds"])
        #expect(family.type == .counter)
        #expect(family.unit == "seconds")
        #expect(family.help == "Time \"spent\",\nor \\lost.")
        let sample = try #require(family.samples.first)
        #expect(sample.labels == [Exposition.Label(name: "x", value: "q\"b\\n\n,}")])
        #expect(sample.text == "18446744073709551615")
        #expect(sample.exemplar?.labels == [Exposition.Label(name: "trace_id", value: "t")])
        #expect(sample.exemplar?.value == 0.5)
        #expect(sample.exemplar?.timestamp == 1.25)
        #expect(exposition.value(of: "a_seconds_total", ["x": "q\"b\\n\n,}"]) == 0x1p64)
        #expect(exposition.value(of: "a_seconds_total") == nil)
        let histogram = try #require(exposition.histogram(of: "h"))
        #expect(histogram.count == 3)
        #expect(histogram.sum == 7.5)
        #expect(histogram.buckets.map(\.bound) == [1, .infinity])
        #expect(histogram.buckets.map(\.count) == [2, 3])
    }

    @Test("tells label values apart by their bytes, not by how they look")
    func comparesBytes() throws {
        let exposition = try Exposition(parsing: "g{x=\"\u{E9}\"} 1\ng{x=\"e\u{301}\"} 2\n", as: .text)
        #expect(exposition.value(of: "g", ["x": "\u{E9}"]) == 1)
        #expect(exposition.value(of: "g", ["x": "e\u{301}"]) == 2)
        #expect(exposition.sum(of: "g") == 3)
    }

    @Test("throws every fault at once")
    func throwsAll() {
        let error = #expect(throws: ExpositionFaults.self) {
            try Exposition(parsing: "g{x=\"\"} 1\n\ng 0x1\n", as: .text)
        }
        #expect(error?.kinds == [.emptyLabelValue, .blankLine, .badNumber])
        #expect(error?.description.split(separator: "\n").count == 3)
    }
}
