// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Why a request head (or, at a client, a response head) cannot be accepted.
package struct HTTPError: Error, Hashable, Sendable {
    /// What was wrong: a closed set, fit for a metric label by its raw value.
    package enum Code: String, CaseIterable, Sendable {
        /// A line feed without a carriage return before it.
        case bareLineFeed = "bare_line_feed"
        /// A carriage return without a line feed behind it.
        case bareCarriageReturn = "bare_carriage_return"
        /// A byte below space, other than a tab in a value, or DEL.
        case controlCharacter = "control_character"
        /// A first line that is not method, target and version with one space between.
        case badRequestLine = "bad_request_line"
        /// A method that is not a token.
        case badMethod = "bad_method"
        /// A target that is empty, of a form that a server of resources has no use for, or of forbidden characters.
        case badTarget = "bad_target"
        /// A version that is none.
        case badVersion = "bad_version"
        /// A version other than HTTP/1.0 and HTTP/1.1.
        case unsupportedVersion = "unsupported_version"
        /// A response's first line that is not version, status and reason.
        case badStatusLine = "bad_status_line"
        /// A header line without a colon, or with a name that is not a token.
        case badField = "bad_field"
        /// A line that continues the one before it.
        case foldedField = "folded_field"
        /// More header lines than ``HTTPHeaders/maxFields``.
        case tooManyFields = "too_many_fields"
        /// A head above the limit.
        case headTooLarge = "head_too_large"
        /// An HTTP/1.1 request without a host.
        case missingHost = "missing_host"
        /// More than one host, or one that differs from the target's.
        case ambiguousHost = "ambiguous_host"
        /// A host that is not a name or an address with or without a port.
        case badHost = "bad_host"
        /// More than one length, even if they are equal.
        case duplicateContentLength = "duplicate_content_length"
        /// A length that is not a decimal number.
        case badContentLength = "bad_content_length"
        /// A length together with a transfer coding, or a transfer coding in HTTP/1.0.
        case ambiguousLength = "ambiguous_length"
        /// A transfer coding that is not understood: every one, or every one but `chunked` where bodies are taken.
        case unknownTransferCoding = "unknown_transfer_coding"
    }

    /// What was wrong.
    package let code: Code

    /// The status of the answer, behind which the connection is closed: 400, 431, 501 or 505.
    package var status: Int {
        switch code {
        case .headTooLarge, .tooManyFields: 431
        case .unknownTransferCoding: 501
        case .unsupportedVersion: 505
        default: 400
        }
    }

    /// A sentence for the log and the answer's body; holds nothing that the peer sent.
    package var message: String {
        switch code {
        case .bareLineFeed: "a line must end with CR LF, not with LF"
        case .bareCarriageReturn: "CR must be followed by LF"
        case .controlCharacter: "a control character is not allowed in a head"
        case .badRequestLine: "the request line must be a method, a target and a version, one space between"
        case .badMethod: "the method is not a token"
        case .badTarget: "the target is not a path, or holds a character that must be escaped"
        case .badVersion: "the version is malformed"
        case .unsupportedVersion: "only HTTP/1.0 and HTTP/1.1 are supported"
        case .badStatusLine: "the status line is malformed"
        case .badField: "a header line must be a name, a colon without space before it, and a value"
        case .foldedField: "a header must not continue on the next line"
        case .tooManyFields: "there are too many headers"
        case .headTooLarge: "the head is too large"
        case .missingHost: "HTTP/1.1 requires a Host"
        case .ambiguousHost: "there must be one Host, equal to the target's"
        case .badHost: "the Host is malformed"
        case .duplicateContentLength: "there must be at most one Content-Length"
        case .badContentLength: "the Content-Length is not a number"
        case .ambiguousLength: "Transfer-Encoding must not come with Content-Length or HTTP/1.0"
        case .unknownTransferCoding: "no transfer coding is supported"
        }
    }

    /// An error of this code.
    package init(_ code: Code) { self.code = code }
}
