// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension ExpositionFault {
    /// The closed set of faults that the strict reader knows.
    package enum Kind: String, CaseIterable, Sendable {
        // Bytes and lines.
        case invalidUTF8, nulByte, carriageReturn, missingFinalNewline, blankLine, comment, spacing
        case misplacedBlank, malformedLine
        case missingEOF, dataAfterEOF
        // Names, labels, numbers.
        case badMetricName, colonInName, badLabelName, reservedLabelName, duplicateLabelName, emptyLabelValue
        case newlineInLabelValue, trailingComma, missingComma, badEscape, badNumber, nonCanonicalNumber, timestamp,
            badTimestamp
        // Metadata and the shape of families.
        case unknownType, duplicateMetadata, metadataAfterSamples, metadataOrder, emptyHelp, unitNotSuffix
        case interleavedFamily, familyNameHasSuffix, wrongSuffix, nameClash, createdSample, duplicateSeries
        // Exemplars.
        case exemplarNotAllowed, badExemplar, exemplarTooLong, exemplarWithoutLabels, exemplarOutsideBucket
        case exemplarTimeNotSeconds
        // Values.
        case badCounterValue, missingBucketBound, badBucketBound, bucketBoundNotCanonical, bucketsNotAscending
        case bucketsNotCumulative, missingInfBucket, missingCount, missingSum, countMismatch, sumOutsideBuckets
        case infoNotOne, badState, badQuantile

        /// The table: what each fault means, and Prometheus 2.42's verdict on it in text and in OpenMetrics.
        package var rule: Rule {
            switch self {
            case .invalidUTF8: rule("bytes that are not UTF-8", .rejected, .rejected)
            case .nulByte: rule("a NUL byte", .accepted, .accepted)
            case .carriageReturn: rule("a line that ends with CR LF", .rejected, .rejected)
            case .missingFinalNewline: rule("the last line does not end with LF", .accepted, .accepted)
            case .blankLine: rule("an empty line", .accepted, .rejected)
            case .comment: rule("a comment that is not metadata", .accepted, .rejected)
            case .spacing: rule("anything but one space between fields", .accepted, .rejected)
            case .misplacedBlank: rule("a blank before the line, or one too many beside a type", .rejected, .rejected)
            case .malformedLine: rule("a line that cannot be read", .rejected, .rejected)
            case .missingEOF: rule("no `# EOF` at the end", nil, .rejected)
            case .dataAfterEOF: rule("something after `# EOF`", nil, .rejected)

            case .badMetricName: rule("a metric name outside [a-zA-Z_:][a-zA-Z0-9_:]*", .rejected, .rejected)
            case .colonInName: rule("a colon, which is for recording rules", .accepted, .accepted)
            case .badLabelName: rule("a label name outside [a-zA-Z_][a-zA-Z0-9_]*", .rejected, .rejected)
            case .reservedLabelName: rule("a label that belongs to Prometheus: __x, le, quantile", .accepted, .accepted)
            case .duplicateLabelName: rule("the same label twice in one series", .rejected, .rejected)
            case .emptyLabelValue: rule("an empty label value is the same as no label", .accepted, .accepted)
            case .newlineInLabelValue: rule("a raw line feed in a label value", .accepted, .rejected)
            case .trailingComma: rule("a comma before the closing brace", .accepted, .rejected)
            case .missingComma: rule("no comma between two labels", .accepted, .rejected)
            case .badEscape: rule("a backslash before something that needs none", .accepted, .accepted)
            case .badNumber: rule("a value that is not a decimal number", .rejected, .rejected)
            case .nonCanonicalNumber: rule("a number in an unusual spelling", .accepted, .accepted)
            case .timestamp: rule("a timestamp on a sample", .accepted, .accepted)
            case .badTimestamp: rule("a timestamp that is not a number", .rejected, .rejected)

            case .unknownType: rule("a type that the format does not have", .rejected, .rejected)
            case .duplicateMetadata: rule("TYPE, HELP or UNIT twice for a family", .accepted, .accepted)
            case .metadataAfterSamples: rule("metadata after the family's samples", .accepted, .accepted)
            case .metadataOrder: rule("metadata not in the order TYPE, UNIT, HELP", nil, .accepted)
            case .emptyHelp: rule("HELP without a text", .accepted, .rejected)
            case .unitNotSuffix: rule("a unit that is not the suffix of the family's name", nil, .rejected)
            case .interleavedFamily: rule("lines of a family or of a metric that stand apart", .accepted, .accepted)
            case .familyNameHasSuffix: rule("a family's name with the suffix of its samples", nil, .accepted)
            case .wrongSuffix: rule("a sample whose name does not suit its family's type", .accepted, .accepted)
            case .nameClash: rule("two families that could write a sample of the same name", .accepted, .accepted)
            case .createdSample: rule("a `_created` sample, which is one more series to a server", .accepted, .accepted)
            case .duplicateSeries: rule("the same series twice: one of the values is lost", .accepted, .accepted)

            case .exemplarNotAllowed: rule("an exemplar where the format has none", .rejected, .rejected)
            case .badExemplar: rule("an exemplar that cannot be read", nil, .rejected)
            case .exemplarTooLong: rule("more than 128 characters in an exemplar's labels", nil, .accepted)
            case .exemplarWithoutLabels: rule("an exemplar that points nowhere", nil, .accepted)
            case .exemplarOutsideBucket: rule("an exemplar outside its bucket's range", nil, .accepted)
            case .exemplarTimeNotSeconds: rule("an exemplar's time that cannot be seconds", nil, .accepted)

            case .badCounterValue: rule("a count that is negative, NaN, or in a bucket not whole", .accepted, .accepted)
            case .missingBucketBound: rule("a bucket without `le`", .accepted, .accepted)
            case .badBucketBound: rule("an `le` that is not a number", .accepted, .accepted)
            case .bucketBoundNotCanonical: rule("an `le` that a newer server would rewrite", .accepted, .accepted)
            case .bucketsNotAscending: rule("bucket bounds that do not ascend", .accepted, .accepted)
            case .bucketsNotCumulative: rule("a bucket that holds less than the one before", .accepted, .accepted)
            case .missingInfBucket: rule("no bucket for +Inf", .accepted, .accepted)
            case .missingCount: rule("a histogram or summary without `_count`", .accepted, .accepted)
            case .missingSum: rule("a histogram or summary without `_sum`", .accepted, .accepted)
            case .countMismatch: rule("`_count` differs from the +Inf bucket", .accepted, .accepted)
            case .sumOutsideBuckets: rule("a `_sum` that the buckets make impossible", .accepted, .accepted)
            case .infoNotOne: rule("an info metric whose value is not 1", nil, .accepted)
            case .badState: rule("a state that is not 0 or 1, or lacks the label of the family's name", nil, .accepted)
            case .badQuantile: rule("a quantile that is missing or outside 0 to 1", .accepted, .accepted)
            }
        }

        private func rule(_ meaning: String, _ text: Verdict?, _ openMetrics: Verdict?) -> Rule {
            Rule(meaning: meaning, text: text, openMetrics: openMetrics)
        }
    }
}
