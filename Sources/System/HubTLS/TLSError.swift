// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Says why a connection is not, or no longer, secure, or why the files for it cannot be used.
package struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The closed set of reasons, fit for a metric label.
    package struct Code: Hashable, Sendable, CustomStringConvertible, CaseIterable {
        private enum Kind: String, CaseIterable {
            case badFile = "bad_file"
            case badOptions = "bad_options"
            case broken
            case certificateRefused = "certificate_refused"
            case clientCertificateRequired = "client_certificate_required"
            case expired
            case handshakeFailed = "handshake_failed"
            case library
            case nameMismatch = "name_mismatch"
            case noCommonVersion = "no_common_version"
            case notTLS = "not_tls"
            case notTrusted = "not_trusted"
            case truncated
        }

        private let kind: Kind

        /// A file is missing or unreadable, has no PEM of the right kind, or a key does not belong to its certificate.
        package static let badFile = Code(kind: .badFile)
        /// Options contradict each other, or a server's name is none.
        package static let badOptions = Code(kind: .badOptions)
        /// After the handshake: a damaged record, or an alert of the other end.
        package static let broken = Code(kind: .broken)
        /// The other end does not accept our certificate.
        package static let certificateRefused = Code(kind: .certificateRefused)
        /// The server wants a certificate of the client, who has none.
        package static let clientCertificateRequired = Code(kind: .clientCertificateRequired)
        /// A certificate of the other end is no longer valid, or not yet.
        package static let expired = Code(kind: .expired)
        /// Any other end of a handshake, for example without a cipher that both know.
        package static let handshakeFailed = Code(kind: .handshakeFailed)
        /// OpenSSL could not do it, for want of memory for the most part.
        package static let library = Code(kind: .library)
        /// The other end's certificate is for other names.
        package static let nameMismatch = Code(kind: .nameMismatch)
        /// The other end speaks no version of TLS that we do.
        package static let noCommonVersion = Code(kind: .noCommonVersion)
        /// What came first is no TLS at all.
        package static let notTLS = Code(kind: .notTLS)
        /// No CA that we trust vouches for the other end's certificate.
        package static let notTrusted = Code(kind: .notTrusted)
        /// The connection ended without a close_notify: what came may lack its end.
        package static let truncated = Code(kind: .truncated)

        /// All reasons, for a metric that shows each from the start.
        package static var allCases: [Code] { Kind.allCases.map(Code.init(kind:)) }

        /// The metric label.
        package var description: String { kind.rawValue }
    }

    /// The reason.
    package let code: Code
    /// What happened, for the log: files, names and certificates, never keys; at most about 2 KiB.
    package let message: String

    /// The message.
    package var description: String { message }

    /// Makes an error.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
