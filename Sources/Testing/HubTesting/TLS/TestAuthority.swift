// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import COpenSSL
import Synchronization

/// A certificate authority of a test: it issues certificates in a moment, as PEM files that go away with it.
///
/// Keys are on the curve P-256. Any thread may ask for certificates. The certificates keep the directory alive.
package final class TestAuthority: Sendable {
    /// Its own certificate, for those who shall trust it.
    package let caFile: String
    /// Where all files of this authority and those below it are.
    package let directory: TemporaryDirectory

    private let identity: TestIdentity
    /// The certificates of the authorities between it and the root, its own first; empty for a root.
    private let chain: [UInt8]
    private static let issued = Atomic(0)

    /// Makes a root.
    package convenience init(named name: String = "gohub test root") throws {
        let identity = try TestIdentity(
            subject: name,
            issuer: nil,
            lifetime: .now,
            extensions: Self.authorityExtensions
        )
        try self.init(identity, in: TemporaryDirectory(), chain: [])
    }

    private init(_ identity: TestIdentity, in directory: TemporaryDirectory, chain: [UInt8]) throws {
        self.identity = identity
        self.directory = directory
        self.chain = chain
        caFile = try directory.write(identity.certificatePEM(), to: "\(Self.nextName())-ca.pem")
    }

    /// Makes an authority below this one; what it issues comes with its certificate.
    package func intermediate(named name: String = "gohub test intermediate") throws -> TestAuthority {
        let below = try TestIdentity(
            subject: name,
            issuer: identity,
            lifetime: .now,
            extensions: Self.authorityExtensions
        )
        return try TestAuthority(below, in: directory, chain: below.certificatePEM() + chain)
    }

    /// Issues a certificate with its key.
    ///
    /// - Parameter names: In OpenSSL's form, as `DNS:redis.test` or `IP:127.0.0.1`; none leaves the extension out.
    /// - Parameter passphrase: What the key is encrypted with; nil leaves it as it is.
    package func issue(
        _ names: [String],
        subject: String = "gohub test",
        usage: TestCertificate.Usage = .server,
        lifetime: TestCertificate.Lifetime = .now,
        passphrase: String? = nil
    ) throws -> TestCertificate {
        var extensions = [
            (NID_basic_constraints, "critical,CA:FALSE"), (NID_ext_key_usage, usage.rawValue),
            (NID_authority_key_identifier, "keyid"),
        ]
        if !names.isEmpty { extensions.append((NID_subject_alt_name, names.joined(separator: ","))) }
        let issued = try TestIdentity(subject: subject, issuer: identity, lifetime: lifetime, extensions: extensions)
        let name = Self.nextName()
        return TestCertificate(
            certificateFile: try directory.write(issued.certificatePEM() + chain, to: "\(name).pem"),
            keyFile: try directory.write(issued.keyPEM(passphrase: passphrase), to: "\(name)-key.pem"),
            directory: directory
        )
    }

    private static var authorityExtensions: [(Int32, String)] {
        [
            (NID_basic_constraints, "critical,CA:TRUE"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
            (NID_subject_key_identifier, "hash"),
        ]
    }

    private static func nextName() -> Int { issued.add(1, ordering: .relaxed).newValue }
}
