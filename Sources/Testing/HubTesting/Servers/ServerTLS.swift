// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Files with which a server speaks TLS.
package struct ServerTLS: Sendable {
    package let certificate: String
    package let key: String
    /// Who has to have signed the certificates of clients.
    package let authority: String
    /// Whether clients have to show one.
    package let asksForCertificates: Bool

    /// Takes the paths of PEM files.
    package init(certificate: String, key: String, authority: String, asksForCertificates: Bool = false) {
        self.certificate = certificate
        self.key = key
        self.authority = authority
        self.asksForCertificates = asksForCertificates
    }
}
