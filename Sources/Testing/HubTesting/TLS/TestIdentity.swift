// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import COpenSSL

/// A key and a certificate for it in memory; never changed once made, so that any thread may use it.
final class TestIdentity: @unchecked Sendable {
    private let key: OpaquePointer
    private let certificate: OpaquePointer

    /// - Parameter issuer: Who signs it; nil makes it sign itself.
    /// - Parameter extensions: OpenSSL's numbers of them, and values as in its configuration files.
    init(
        subject: String,
        issuer: TestIdentity?,
        lifetime: TestCertificate.Lifetime,
        extensions: [(Int32, String)]
    ) throws(TLSFixtureFault) {
        guard let key = gohub_ec_key(), let certificate = X509_new() else { throw TLSFixtureFault("make a key") }
        self.key = key
        self.certificate = certificate
        let (start, end) = lifetime.bounds
        let name = X509_get_subject_name(certificate)
        let isFilled =
            X509_set_version(certificate, 2) == 1
            && ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), .random(in: 1 ... .max)) == 1
            && X509_gmtime_adj(X509_getm_notBefore(certificate), start) != nil
            && X509_gmtime_adj(X509_getm_notAfter(certificate), end) != nil
            && X509_set_pubkey(certificate, key) == 1
            && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, subject, -1, -1, 0) == 1
            && X509_set_issuer_name(certificate, X509_get_subject_name(issuer?.certificate ?? certificate)) == 1
        guard isFilled else { throw TLSFixtureFault("fill a certificate for \(subject)") }
        for (number, value) in extensions {
            var context = X509V3_CTX()
            X509V3_set_ctx(&context, issuer?.certificate ?? certificate, certificate, nil, nil, 0)
            guard let made = X509V3_EXT_conf_nid(nil, &context, number, value) else {
                throw TLSFixtureFault("make the extension \(value)")
            }
            defer { X509_EXTENSION_free(made) }
            guard X509_add_ext(certificate, made, -1) == 1 else { throw TLSFixtureFault("add the extension \(value)") }
        }
        guard X509_sign(certificate, issuer?.key ?? key, EVP_sha256()) > 0 else {
            throw TLSFixtureFault("sign a certificate")
        }
    }

    deinit {
        X509_free(certificate)
        EVP_PKEY_free(key)
    }

    func certificatePEM() throws(TLSFixtureFault) -> [UInt8] {
        try Self.written { PEM_write_bio_X509($0, certificate) }
    }

    func keyPEM(passphrase: String? = nil) throws(TLSFixtureFault) -> [UInt8] {
        guard let passphrase else {
            return try Self.written { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
        }
        let bytes = Array(passphrase.utf8)
        return try Self.written {
            PEM_write_bio_PrivateKey($0, key, EVP_aes_256_cbc(), bytes, Int32(bytes.count), nil, nil)
        }
    }

    private static func written(_ write: (OpaquePointer) -> Int32) throws(TLSFixtureFault) -> [UInt8] {
        guard let bio = BIO_new(BIO_s_mem()) else { throw TLSFixtureFault("write PEM") }
        defer { BIO_free(bio) }
        guard write(bio) == 1 else { throw TLSFixtureFault("write PEM") }
        var start: UnsafePointer<CChar>?
        let count = gohub_bio_peek(bio, &start)
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }
}

/// A key or a certificate that a test needs and cannot have.
package struct TLSFixtureFault: Error, Sendable, CustomStringConvertible {
    package let description: String

    /// - Parameter action: What was tried; the reason is taken from OpenSSL's errors of this thread.
    init(_ action: String) {
        let reason = ERR_reason_error_string(ERR_peek_error()).map { String(cString: $0) } ?? "no reason given"
        ERR_clear_error()
        description = "\(action): \(reason)"
    }
}
