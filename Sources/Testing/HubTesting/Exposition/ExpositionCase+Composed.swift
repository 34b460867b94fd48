// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension ExpositionCase {
    /// Bodies that have one fault each, so that the table of faults is held against a real server rule by rule.
    package static let composed: [ExpositionCase] = textFaults + openMetricsFaults

    /// The verdict follows from the table: a body is rejected if one of its faults is.
    private static func make(
        _ format: Exposition.Format,
        _ number: Int,
        _ faults: [ExpositionFault.Kind],
        _ body: String
    ) -> ExpositionCase {
        let rejected = faults.contains { $0.rule.verdict(in: format) == .rejected }
        let label = faults.map(\.rawValue).joined(separator: "_")
        let end = format == .openMetrics && !faults.contains(.missingEOF) && !faults.contains(.dataAfterEOF)
        return ExpositionCase(
            name: "\(format.rawValue)_\(number)_\(label.isEmpty ? "fine" : label)",
            format: format,
            contentType: format.contentType,
            isCompressed: false,
            body: Array((body + (end ? "# EOF\n" : "")).utf8),
            faults: Set(faults),
            prometheus: rejected ? .rejected : .accepted
        )
    }

    private static func cases(
        _ format: Exposition.Format,
        _ rows: [([ExpositionFault.Kind], String)]
    ) -> [ExpositionCase] {
        rows.enumerated().map { make(format, $0.offset, $0.element.0, $0.element.1) }
    }

    /// A histogram `h` with the given lines of samples.
    private static func histogram(_ lines: String...) -> String {
        "# TYPE h histogram\n" + lines.map { "h" + $0 + "\n" }.joined()
    }

    private static let textFaults = cases(
        .text,
        [
            ([], "# HELP a_total What \"it\" is: a\\\\b\\nc.\n# TYPE a_total counter\na_total{x=\"1\",y=\"a,b}\"} 1\n"),
            ([], "# TYPE g gauge\ng{x=\"a\"} -1.5e-07\ng{x=\"b\"} +Inf\ng{x=\"c\"} NaN\ng{x=\"d\"} 1e+06\n"),
            ([], histogram("_bucket{le=\"0.5\"} 1", "_bucket{le=\"+Inf\"} 2", "_sum 10.25", "_count 2")),
            ([], histogram("_bucket{x=\"a\",le=\"+Inf\"} 0", "_sum{x=\"a\"} 0", "_count{x=\"a\"} 0")),
            ([], "# TYPE s summary\ns{quantile=\"0.5\"} 3\ns_sum 7\ns_count 2\n"),
            ([.nulByte], "g{x=\"a\0b\"} 1\n"),
            ([.carriageReturn], "g 1\r\n"),
            ([.missingFinalNewline], "g 1"),
            ([.blankLine], "\ng 1\n"),
            ([.comment], "# one two\ng 1\n"),
            ([.comment], "# UNIT g_seconds seconds\ng_seconds 1\n"),
            ([.spacing], "g  1\n"),
            ([.misplacedBlank], " g 1\n"),
            ([.misplacedBlank], "\tg 1\n"),
            ([.spacing], "g 1 \n"),
            ([.spacing], "g {x=\"1\"} 1\n"),
            ([.spacing], "g{x=\"1\", y=\"2\"} 1\n"),
            ([.misplacedBlank], "# TYPE g  gauge\ng 1\n"),
            ([.misplacedBlank], "# TYPE g gauge \ng 1\n"),
            ([.spacing], "#  TYPE g gauge\ng 1\n"),
            ([.spacing], "#\tTYPE\tg gauge\ng 1\n"),
            ([.spacing], "# HELP  g a\ng 1\n"),
            ([.spacing], "# HELP g\ta\ng 1\n"),
            ([.spacing], "g{ x=\"1\"} 1\n"),
            ([.spacing], "g{x=\"1\" } 1\n"),
            ([.spacing], "g{x =\"1\"} 1\n"),
            ([.spacing], "g{x= \"1\"} 1\n"),
            ([.spacing], "g{x=\"1\"}1\n"),
            ([.malformedLine], "g\n"),
            ([.malformedLine], "g{x=\"1\n"),
            ([.missingComma], "g{x=\"1\"y=\"2\"} 1\n"),
            ([.malformedLine], "g{x=1} 1\n"),
            ([.badMetricName], "0g 1\n"),
            ([.badMetricName], "g-h 1\n"),
            ([.badMetricName], "{x=\"1\"} 1\n"),
            ([.colonInName], "g:h 1\n"),
            ([.badLabelName], "g{0x=\"1\"} 1\n"),
            ([.badLabelName], "g{x-y=\"1\"} 1\n"),
            ([.badLabelName], "g{x:y=\"1\"} 1\n"),
            ([.badLabelName], "g{,} 1\n"),
            ([.reservedLabelName], "g{__x=\"1\"} 1\n"),
            ([.reservedLabelName], "# TYPE g gauge\ng{le=\"1.0\"} 1\n"),
            ([.reservedLabelName], "# TYPE g gauge\ng{quantile=\"0.5\"} 1\n"),
            ([.duplicateLabelName], "g{x=\"1\",y=\"1\",x=\"1\"} 1\n"),
            ([.emptyLabelValue], "g{x=\"\"} 1\n"),
            ([.newlineInLabelValue], "g{x=\"1\n2\n3\",y=\"4\"} 1\nh 1\n"),
            ([.trailingComma], "g{x=\"1\",} 1\n"),
            ([.badEscape], "# HELP g a\\tb\ng 1\n"),
            ([.badEscape], "# HELP g a\\\"b\ng 1\n"),
            ([.badNumber], "g 1,5\n"),
            ([.badNumber], "g 0x10\n"),
            ([.badNumber], "g 1e\n"),
            ([.badNumber], "g --1\n"),
            ([.nonCanonicalNumber], "g .5\n"),
            ([.nonCanonicalNumber], "g +1\n"),
            ([.nonCanonicalNumber], "g 1E5\n"),
            ([.timestamp], "g 1 1\n"),
            ([.badTimestamp], "g 1 soon\n"),
            ([.badTimestamp], "g 1 -1\n"),
            ([.badTimestamp], "g 1 1.5\n"),
            ([.unknownType], "# TYPE g Gauge\ng 1\n"),
            ([.unknownType], "# TYPE g unknown\ng 1\n"),
            ([.unknownType], "# TYPE g stateset\ng{g=\"a\"} 1\n"),
            ([.duplicateMetadata], "# HELP g a\n# HELP g b\ng 1\n"),
            ([.metadataAfterSamples], "g 1\n# HELP g a\n"),
            ([.emptyHelp], "# HELP g \ng 1\n"),
            ([.interleavedFamily], "# TYPE g gauge\n# TYPE h gauge\ng 1\nh 1\n"),
            (
                [.interleavedFamily],
                histogram(
                    "_bucket{x=\"a\",le=\"+Inf\"} 1",
                    "_bucket{x=\"b\",le=\"+Inf\"} 1",
                    "_sum{x=\"a\"} 1",
                    "_sum{x=\"b\"} 1",
                    "_count{x=\"a\"} 1",
                    "_count{x=\"b\"} 1"
                )
            ),
            ([.wrongSuffix, .missingCount, .missingSum, .missingInfBucket], "# TYPE h histogram\nh 1\n"),
            ([.nameClash], "# TYPE h_count gauge\n" + histogramOfOne),
            ([.createdSample], "# TYPE a_total counter\na_total 1\na_created 1\n"),
            ([.createdSample], histogramOfOne + "h_created 1\n"),
            ([.duplicateSeries], "g{x=\"1\",y=\"2\"} 1\ng{y=\"2\",x=\"1\"} 1\n"),
            ([.exemplarNotAllowed], histogram("_bucket{le=\"+Inf\"} 1 # {trace_id=\"a\"} 1", "_sum 1", "_count 1")),
            ([.badCounterValue], "# TYPE a_total counter\na_total NaN\n"),
            ([.badCounterValue], histogram("_bucket{le=\"+Inf\"} 1.5", "_sum 1", "_count 1.5")),
            ([.missingBucketBound, .missingInfBucket], histogram("_bucket 1", "_sum 1", "_count 1")),
            (
                [.badBucketBound],
                histogram("_bucket{le=\"low\"} 1", "_bucket{le=\"+Inf\"} 1", "_sum 1", "_count 1")
            ),
            (
                [.bucketBoundNotCanonical],
                histogram("_bucket{le=\"1000000.0\"} 1", "_bucket{le=\"+Inf\"} 1", "_sum 1", "_count 1")
            ),
            (
                [.bucketBoundNotCanonical],
                histogram("_bucket{le=\"0.00001\"} 0", "_bucket{le=\"+Inf\"} 1", "_sum 1", "_count 1")
            ),
            (
                [.bucketsNotAscending],
                histogram(
                    "_bucket{le=\"2.0\"} 1",
                    "_bucket{le=\"1.0\"} 1",
                    "_bucket{le=\"+Inf\"} 1",
                    "_sum 1",
                    "_count 1"
                )
            ),
            (
                [.bucketsNotCumulative],
                histogram("_bucket{le=\"1.0\"} 2", "_bucket{le=\"+Inf\"} 1", "_sum 1", "_count 1")
            ),
            ([.missingInfBucket], histogram("_bucket{le=\"1.0\"} 1", "_sum 1", "_count 1")),
            ([.missingCount], histogram("_bucket{le=\"+Inf\"} 1", "_sum 1")),
            ([.missingSum], histogram("_bucket{le=\"+Inf\"} 1", "_count 1")),
            ([.countMismatch], histogram("_bucket{le=\"+Inf\"} 1", "_sum 1", "_count 2")),
            (
                [.sumOutsideBuckets],
                histogram("_bucket{le=\"1.0\"} 1", "_bucket{le=\"+Inf\"} 1", "_sum 1.1", "_count 1")
            ),
            (
                [.sumOutsideBuckets],
                histogram("_bucket{le=\"1.0\"} 0", "_bucket{le=\"+Inf\"} 2", "_sum 1.5", "_count 2")
            ),
            ([.sumOutsideBuckets], histogram("_bucket{le=\"+Inf\"} 0", "_sum 1", "_count 0")),
            ([.badQuantile], "# TYPE s summary\ns{quantile=\"50\"} 3\ns_sum 7\ns_count 2\n"),
            ([.missingSum, .missingCount], "# TYPE s summary\ns{quantile=\"0.5\"} 3\n"),
        ]
    )

    private static let histogramOfOne = histogram("_bucket{le=\"+Inf\"} 1", "_sum 1", "_count 1")

    private static let openMetricsFaults = cases(
        .openMetrics,
        [
            (
                [],
                "# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds b\\\"c\na_seconds_total{x=\"1\"} 1\n"
            ),
            (
                [],
                histogram("_bucket{le=\"0.5\"} 1 # {t=\"a\"} 0.5 1.5", "_bucket{le=\"+Inf\"} 1", "_sum 0.5", "_count 1")
            ),
            ([], "# TYPE s summary\ns{quantile=\"0.5\"} 3\ns_sum 7\ns_count 2\n"),
            ([.nulByte], "# TYPE g gauge\n# HELP g a\0b\ng 1\n"),
            ([.carriageReturn], "g 1\r\n"),
            ([.blankLine], "\ng 1\n"),
            ([.comment], "# one two\ng 1\n"),
            ([.comment], "#\ng 1\n"),
            ([.spacing], "g\t1\n"),
            ([.misplacedBlank], " g 1\n"),
            ([.spacing], "g 1 \n"),
            ([.spacing], "g {x=\"1\"} 1\n"),
            ([.spacing], "g{x=\"1\", y=\"2\"} 1\n"),
            ([.misplacedBlank], "# TYPE g  gauge\ng 1\n"),
            ([.spacing], "#  TYPE g gauge\ng 1\n"),
            ([.malformedLine], "g\n"),
            ([.missingComma], "g{x=\"1\"y=\"2\"} 1\n"),
            ([.timestamp, .malformedLine], "g 1 1 x\n"),
            ([.missingEOF], "g 1\n"),
            ([.dataAfterEOF], "g 1\n# EOF\n\n"),
            ([.badMetricName], "0g 1\n"),
            ([.colonInName], "g:h 1\n"),
            ([.badLabelName], "g{0x=\"1\"} 1\n"),
            ([.reservedLabelName], "# TYPE g gauge\ng{le=\"1.0\"} 1\n"),
            ([.duplicateLabelName], "g{x=\"1\",y=\"1\",x=\"1\"} 1\n"),
            ([.emptyLabelValue], "g{x=\"\"} 1\n"),
            ([.newlineInLabelValue], "g{x=\"1\n2\"} 1\n"),
            ([.trailingComma], "g{x=\"1\",} 1\n"),
            ([.badEscape], "# HELP g a\\tb\ng 1\n"),
            ([.badNumber], "g 0x10\n"),
            ([.nonCanonicalNumber], "g .5\n"),
            ([.timestamp], "g 1 -1.5\n"),
            ([.badTimestamp], "g 1 soon\n"),
            ([.unknownType], "# TYPE g Gauge\ng 1\n"),
            ([.duplicateMetadata], "# HELP g a\n# HELP g b\ng 1\n"),
            ([.metadataAfterSamples], "g 1\n# HELP g a\n"),
            ([.metadataOrder], "# HELP g a\n# TYPE g gauge\ng 1\n"),
            ([.metadataOrder], "# TYPE g_seconds gauge\n# HELP g_seconds a\n# UNIT g_seconds seconds\ng_seconds 1\n"),
            ([.emptyHelp], "# HELP g\ng 1\n"),
            ([.unitNotSuffix], "# UNIT gseconds seconds\ngseconds 1\n"),
            ([.interleavedFamily], "# TYPE g gauge\n# TYPE h gauge\ng 1\nh 1\n"),
            ([.familyNameHasSuffix], "# TYPE g_info info\ng_info{x=\"1\"} 1\n"),
            ([.wrongSuffix], "# TYPE i info\ni{x=\"1\"} 1\n"),
            ([.nameClash], "# TYPE g counter\ng_total 1\n# TYPE g_total gauge\n"),
            ([.createdSample], histogramOfOne + "h_created 1\n"),
            ([.duplicateSeries], "g{x=\"1\",y=\"2\"} 1\ng{y=\"2\",x=\"1\"} 1\n"),
            ([.exemplarNotAllowed], histogram("_bucket{le=\"+Inf\"} 1", "_sum 1", "_count 1 # {t=\"a\"} 1")),
            ([.badExemplar], "# TYPE a counter\na_total 1 # 1\n"),
            ([.badExemplar], "# TYPE a counter\na_total 1 # {t=\"a\"}\n"),
            ([.badExemplar], "# TYPE a counter\na_total 1 # {t=\"a\"} x\n"),
            ([.badExemplar], "# TYPE a counter\na_total 1 # {t=\"a\"} 1 1 1\n"),
            ([.exemplarTooLong], "# TYPE a counter\na_total 1 # {t=\"\(String(repeating: "é", count: 128))\"} 1\n"),
            ([.exemplarWithoutLabels], "# TYPE a counter\na_total 1 # {} 1 1\n"),
            (
                [.exemplarOutsideBucket],
                histogram("_bucket{le=\"0.5\"} 1 # {t=\"a\"} 0.7", "_bucket{le=\"+Inf\"} 1", "_sum 0.5", "_count 1")
            ),
            (
                [.exemplarOutsideBucket],
                histogram("_bucket{le=\"0.5\"} 0", "_bucket{le=\"+Inf\"} 1 # {t=\"a\"} 0.5", "_sum 0.6", "_count 1")
            ),
            ([.exemplarTimeNotSeconds], "# TYPE a counter\na_total 1 # {t=\"a\"} 1 1795173489137\n"),
            ([.badCounterValue], "# TYPE a counter\na_total -0.5\n"),
            ([.missingBucketBound, .missingInfBucket], histogram("_bucket 1", "_sum 1", "_count 1")),
            (
                [.badBucketBound],
                histogram("_bucket{le=\"low\"} 1", "_bucket{le=\"+Inf\"} 1", "_sum 1", "_count 1")
            ),
            (
                [.bucketBoundNotCanonical],
                histogram("_bucket{le=\"10\"} 1", "_bucket{le=\"+Inf\"} 1", "_sum 1", "_count 1")
            ),
            (
                [.bucketsNotAscending],
                histogram(
                    "_bucket{le=\"2.0\"} 1",
                    "_bucket{le=\"1.0\"} 1",
                    "_bucket{le=\"+Inf\"} 1",
                    "_sum 1",
                    "_count 1"
                )
            ),
            (
                [.bucketsNotCumulative],
                histogram("_bucket{le=\"1.0\"} 2", "_bucket{le=\"+Inf\"} 1", "_sum 1", "_count 1")
            ),
            ([.missingCount], histogram("_bucket{le=\"+Inf\"} 1", "_sum 1")),
            ([.missingSum], histogram("_bucket{le=\"+Inf\"} 1", "_count 1")),
            ([.countMismatch], histogram("_bucket{le=\"+Inf\"} 1", "_sum 1", "_count 2")),
            ([.sumOutsideBuckets], histogram("_bucket{le=\"+Inf\"} 0", "_sum 1", "_count 0")),
            ([.infoNotOne], "# TYPE i info\ni_info{x=\"1\"} 2\n"),
            ([.badState], "# TYPE t stateset\nt{t=\"a\"} 2\n"),
            ([.badState], "# TYPE t stateset\nt{x=\"a\"} 1\n"),
            ([.badQuantile], "# TYPE s summary\ns 3\ns_sum 7\ns_count 2\n"),
        ]
    )
}
