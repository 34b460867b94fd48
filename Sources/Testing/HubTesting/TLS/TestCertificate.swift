// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A certificate and its key, which a ``TestAuthority`` has issued; the files are there as long as this is.
package struct TestCertificate: Sendable {
    /// What a certificate may be used for.
    package enum Usage: String, Sendable {
        case server = "serverAuth"
        case client = "clientAuth"
    }

    /// When it is valid.
    package enum Lifetime: Sendable {
        case now
        case expired
        case notYet

        /// From when and until when, in seconds from now.
        var bounds: (Int, Int) {
            switch self {
            case .now: (-3600, 86_400)
            case .expired: (-86_400, -3600)
            case .notYet: (3600, 86_400)
            }
        }
    }

    /// The certificate and, after it, those of the authorities below the root.
    package let certificateFile: String
    /// The key.
    package let keyFile: String
    /// Where they are.
    package let directory: TemporaryDirectory

    /// Names files that a test has made itself.
    package init(certificateFile: String, keyFile: String, directory: TemporaryDirectory) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.directory = directory
    }
}
