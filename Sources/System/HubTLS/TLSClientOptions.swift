// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What a client needs to know to connect to one service; all files are PEM (RFC 7468), at most 1 MiB each.
package struct TLSClientOptions: Hashable, Sendable {
    /// The certificates to trust, roots or not; nil for those of the system.
    package var caFile: String?
    /// The name or address that the server's certificate has to be for; nil for the host that is connected to.
    package var serverName: String?
    /// The client's own certificate and, after it, those of the CAs between it and a root; nil for none.
    package var certificateFile: String?
    /// The private key of that certificate, without a passphrase; there if and only if the certificate is.
    package var keyFile: String?

    /// Makes options; the defaults trust the system's CAs and present no certificate.
    package init(
        caFile: String? = nil,
        serverName: String? = nil,
        certificateFile: String? = nil,
        keyFile: String? = nil
    ) {
        self.caFile = caFile
        self.serverName = serverName
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}
