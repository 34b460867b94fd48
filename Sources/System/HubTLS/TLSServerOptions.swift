// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What the accepting side needs to know; all files are PEM (RFC 7468), at most 1 MiB each.
package struct TLSServerOptions: Hashable, Sendable {
    /// The server's certificate and, after it, those of the CAs between it and a root.
    package var certificateFile: String
    /// The private key of that certificate, without a passphrase.
    package var keyFile: String
    /// The CAs of clients, each of which then has to present a certificate; nil asks clients for none.
    package var clientCAFile: String?
    /// The newest version to speak.
    package var newestVersion: TLSVersion

    /// Makes options; by default clients need no certificate.
    package init(
        certificateFile: String,
        keyFile: String,
        clientCAFile: String? = nil,
        newestVersion: TLSVersion = .v13
    ) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.clientCAFile = clientCAFile
        self.newestVersion = newestVersion
    }
}

/// The versions of TLS that are spoken; older ones are refused (RFC 8996).
package enum TLSVersion: String, Sendable, CaseIterable {
    /// TLS 1.2 (RFC 5246).
    case v12 = "TLSv1.2"
    /// TLS 1.3 (RFC 8446).
    case v13 = "TLSv1.3"
}
