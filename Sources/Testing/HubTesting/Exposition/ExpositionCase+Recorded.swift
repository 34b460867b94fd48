// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension ExpositionCase {
    /// The recorded bodies with the verdicts of a Prometheus 2.42, read from a directory with a file for each.
    package static func recorded(in directory: String) throws(FileFault) -> [ExpositionCase] {
        var cases: [ExpositionCase] = []
        for row in recordedRows {
            let format: Exposition.Format = row.name.hasPrefix("om_") ? .openMetrics : .text
            let served: Exposition.Format = row.name == "tx_gzip_om" ? .openMetrics : format
            cases.append(
                ExpositionCase(
                    name: row.name,
                    format: served,
                    contentType: contentTypes[row.name, default: served.contentType],
                    isCompressed: row.faults == nil,
                    body: try TestFile.read("\(directory)/\(row.name)"),
                    faults: row.faults,
                    prometheus: row.prometheus
                )
            )
        }
        return cases
    }

    /// The bodies that are served with a header that does not name their format, or with none.
    private static let contentTypes: [String: String?] = [
        "tx_ct_none": String?.none, "tx_ct_json": "application/json", "tx_ct_octet": "application/octet-stream",
    ]

    private struct Row {
        let name: String
        let prometheus: ExpositionFault.Verdict
        let faults: Set<ExpositionFault.Kind>?

        /// Compressed: nothing for the reader.
        static func packed(_ name: String) -> Row {
            Row(name: name, prometheus: .accepted, faults: nil)
        }

        static func accepted(_ name: String, _ faults: ExpositionFault.Kind...) -> Row {
            Row(name: name, prometheus: .accepted, faults: Set(faults))
        }

        static func rejected(_ name: String, _ faults: ExpositionFault.Kind...) -> Row {
            Row(name: name, prometheus: .rejected, faults: Set(faults))
        }
    }

    private static let recordedRows: [Row] = [
        .accepted("om_bad_escape", .badEscape),
        .rejected("om_bad_utf8", .invalidUTF8),
        .accepted("om_big_int"),
        .rejected("om_blank_line", .blankLine),
        .accepted("om_colon_name", .colonInName),
        .rejected("om_comment", .comment),
        .accepted("om_counter_no_total", .wrongSuffix),
        .accepted("om_created", .createdSample),
        .rejected("om_crlf", .carriageReturn),
        .rejected("om_data_after_eof", .dataAfterEOF),
        .rejected("om_dup_label", .duplicateLabelName),
        .accepted("om_dup_series", .duplicateSeries),
        .accepted("om_dup_series_same", .duplicateSeries),
        .rejected("om_empty_body", .missingEOF),
        .accepted("om_empty_label", .emptyLabelValue),
        .accepted("om_eof_no_nl", .missingFinalNewline),
        .accepted("om_esc", .metadataOrder),
        .accepted("om_ex_128"),
        .accepted("om_ex_129", .exemplarTooLong),
        .accepted("om_ex_counter"),
        .rejected("om_ex_gauge", .exemplarNotAllowed),
        .accepted("om_ex_hist"),
        .accepted("om_ex_nolabels", .exemplarWithoutLabels),
        .accepted("om_gaugehist"),
        .rejected("om_help_missing", .emptyHelp, .metadataOrder),
        .accepted("om_hist_no_inf", .missingInfBucket),
        .accepted("om_info"),
        .accepted("om_interleave", .interleavedFamily),
        .accepted("om_label_underscore", .reservedLabelName),
        .accepted("om_le_int", .bucketBoundNotCanonical),
        .accepted("om_nan_inf", .nonCanonicalNumber),
        .accepted("om_neg_counter", .badCounterValue),
        .rejected("om_no_eof", .missingEOF),
        .accepted("om_nul", .nulByte),
        .accepted("om_ok", .metadataOrder),
        .accepted("om_only_eof"),
        .accepted("om_stateset"),
        .rejected("om_trail_comma", .trailingComma),
        .accepted("om_ts_float", .timestamp),
        .rejected("om_two_spaces", .spacing),
        .accepted("om_two_types", .duplicateMetadata, .wrongSuffix),
        .accepted("om_type_after", .metadataAfterSamples),
        .accepted("om_type_has_total", .familyNameHasSuffix),
        .rejected("om_unit_mismatch", .unitNotSuffix),
        .accepted("om_unit_ok"),
        .rejected("om_unit_with_total", .familyNameHasSuffix, .unitNotSuffix),
        .accepted("om_unknown"),
        .rejected("om_untyped", .unknownType),
        .rejected("om_utf8_name", .badMetricName),

        .accepted("tx_bad_escape", .badEscape),
        .rejected("tx_bad_utf8", .invalidUTF8),
        .accepted("tx_blank", .blankLine),
        .rejected("tx_crlf", .carriageReturn),
        .accepted("tx_ct_json"),
        .accepted("tx_ct_none"),
        .accepted("tx_ct_octet"),
        .accepted("tx_dup", .duplicateSeries),
        .rejected("tx_dup_label", .duplicateLabelName),
        .accepted("tx_empty"),
        .accepted("tx_eof_comment", .comment),
        .rejected("tx_exemplar", .exemplarNotAllowed),
        .accepted("tx_future_ts", .timestamp),
        .packed("tx_gzip"),
        .rejected("tx_gzip_nohdr", .invalidUTF8, .nulByte, .badMetricName, .missingFinalNewline),
        .packed("tx_gzip_om"),
        .rejected("tx_hexfloat", .badNumber),
        .accepted("tx_inf_lower", .nonCanonicalNumber),
        .rejected("tx_info_type", .unknownType),
        .accepted("tx_interleave", .interleavedFamily),
        .accepted("tx_no_nl", .missingFinalNewline),
        .accepted("tx_ok"),
        .accepted("tx_old_ts", .timestamp),
        .accepted("tx_raw_nl", .newlineInLabelValue),
        .rejected("tx_raw_quote", .missingComma, .badLabelName),
        .accepted("tx_tabs", .spacing),
        .accepted("tx_trail_comma", .trailingComma),
        .accepted("tx_ts_ms", .timestamp),
        .accepted("tx_two_types", .duplicateMetadata),
        .accepted("tx_type_after", .metadataAfterSamples),
        .accepted("tx_type_total"),
        .rejected("tx_underscore_num", .badNumber),
        .rejected("tx_utf8_name", .badMetricName),
    ]
}
