// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import COpenSSL

/// What a log says of a certificate; all of it is what the other end sent, cut short and without control characters.
struct CertificateSummary {
    /// For example `/CN=redis.example`.
    let subject: String
    /// Who signed it.
    let issuer: String
    /// The names and addresses it is for, as in `DNS:a.example, IP Address:10.0.0.1`; empty without a subjectAltName.
    let names: String
    /// From when it is valid.
    let notBefore: String
    /// Until when it is valid.
    let notAfter: String

    /// - Parameter certificate: An `X509`, which is only looked at.
    init(of certificate: OpaquePointer) {
        subject = Self.text(ofName: X509_get_subject_name(certificate))
        issuer = Self.text(ofName: X509_get_issuer_name(certificate))
        names = Self.written(limit: 600) { bio in
            let place = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1)
            if place >= 0, let names = X509_get_ext(certificate, place) { X509V3_EXT_print(bio, names, 0, 0) }
        }
        notBefore = Self.written(limit: 40) { bio in ASN1_TIME_print(bio, X509_get0_notBefore(certificate)) }
        notAfter = Self.written(limit: 40) { bio in ASN1_TIME_print(bio, X509_get0_notAfter(certificate)) }
    }

    private static func text(ofName name: OpaquePointer?) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let name, let text = X509_NAME_oneline(name, buffer.baseAddress, Int32(buffer.count)) else {
                return ""
            }
            return printable(String(cString: text).utf8, limit: buffer.count)
        }
    }

    /// The first bytes of what a function of OpenSSL writes.
    private static func written(limit: Int, _ write: (OpaquePointer) -> Void) -> String {
        guard let bio = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(bio) }
        write(bio)
        var start: UnsafePointer<CChar>?
        let count = gohub_bio_peek(bio, &start)
        return printable(UnsafeRawBufferPointer(start: start, count: count), limit: limit)
    }
}

/// ASCII text as it is, with a question mark for each other byte, and an ellipsis for all behind the limit.
func printable(_ bytes: some Sequence<UInt8>, limit: Int) -> String {
    var text = ""
    var count = 0
    for byte in bytes {
        if count == limit { return text + "…" }
        text.unicodeScalars.append((0x20..<0x7F).contains(byte) ? Unicode.Scalar(byte) : "?")
        count += 1
    }
    return text
}
