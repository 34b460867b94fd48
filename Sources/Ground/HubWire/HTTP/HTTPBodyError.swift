// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Why a request's body cannot be accepted.
package struct HTTPBodyError: Error, Hashable, Sendable {
    /// What was wrong: a closed set, fit for a metric label by its raw value.
    package enum Code: String, CaseIterable, Sendable {
        /// A chunk's size that is not 1 to 16 hexadecimal digits, or is followed by neither an extension nor a line end.
        case badChunkSize = "bad_chunk_size"
        /// A control character in an extension, or a line end that is not CR LF.
        case badChunkExtension = "bad_chunk_extension"
        /// More bytes of extensions than ``HTTPBodyDecoder/maxExtensionBytes``.
        case extensionsTooLarge = "extensions_too_large"
        /// A chunk that is not followed by CR LF.
        case badChunkEnd = "bad_chunk_end"
        /// A trailer that is not a name, a colon and a value.
        case badTrailer = "bad_trailer"
        /// More bytes of trailers than ``HTTPBodyDecoder/maxTrailerBytes``.
        case trailersTooLarge = "trailers_too_large"
        /// A body above the limit, by what it announces.
        case tooLarge = "too_large"
    }

    /// What was wrong.
    package let code: Code

    /// The status of the answer, behind which the connection is closed: 400 or 413.
    package var status: Int { code == .tooLarge ? 413 : 400 }

    /// A sentence for the log and the answer's body; holds nothing that the peer sent.
    package var message: String {
        switch code {
        case .badChunkSize: "a chunk must begin with its size, 1 to 16 hexadecimal digits, and CR LF"
        case .badChunkExtension: "a chunk's extension must be of printable characters and end with CR LF"
        case .extensionsTooLarge: "the extensions of the chunks are too large"
        case .badChunkEnd: "a chunk must be as long as it says and be followed by CR LF"
        case .badTrailer: "a trailer must be a name, a colon without space before it, and a value"
        case .trailersTooLarge: "the trailers are too large"
        case .tooLarge: "the body is too large"
        }
    }

    /// An error of this code.
    package init(_ code: Code) { self.code = code }
}
