// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import COpenSSL

/// What OpenSSL tells of a handshake only while it goes on: why a certificate was refused, and what the server asked for.
///
/// OpenSSL points to it and does not keep it: it calls back only within calls of the session, which holds both. All belong to
/// one thread at a time.
final class HandshakeNotes {
    /// Why the other end's certificate is not accepted.
    struct Refusal {
        /// An `X509_V_ERR_…`.
        let code: Int32
        /// OpenSSL's words for it.
        let reason: String
        /// The certificate that it is about: the other end's, or one of a CA between it and a root.
        let certificate: CertificateSummary?
    }

    /// The first refusal.
    private(set) var refusal: Refusal?
    /// Whether the server asked for a certificate of the client.
    private(set) var certificateWasAsked = false

    /// Lets OpenSSL report to these notes.
    ///
    /// - Parameter ssl: Used only as long as the notes live; freeing it calls nobody back.
    func attach(to ssl: OpaquePointer) -> Bool {
        let context = Unmanaged.passUnretained(self).toOpaque()
        SSL_set_cert_cb(ssl, noteCertificateAsked(ssl:context:), context)
        return SSL_set_ex_data(ssl, Self.place, context) == 1
    }

    /// Finds the notes of the session whose handshake asks.
    fileprivate static func notes(of store: OpaquePointer) -> HandshakeNotes? {
        guard let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
            let context = SSL_get_ex_data(OpaquePointer(ssl), place)
        else { return nil }
        return Unmanaged<HandshakeNotes>.fromOpaque(context).takeUnretainedValue()
    }

    fileprivate func note(_ store: OpaquePointer) {
        guard refusal == nil else { return }
        let code = X509_STORE_CTX_get_error(store)
        refusal = Refusal(
            code: code,
            reason: X509_verify_cert_error_string(Int(code)).map { String(cString: $0) } ?? "error \(code)",
            certificate: X509_STORE_CTX_get_current_cert(store).map(CertificateSummary.init(of:))
        )
    }

    fileprivate func noteCertificateAsked() {
        certificateWasAsked = true
    }

    /// The slot for an application's own pointer, which OpenSSL keeps free (`SSL_set_app_data`).
    private static let place: Int32 = 0
}

/// To be given to `SSL_CTX_set_verify`: notes what OpenSSL found, and never overrules it.
func noteVerification(isGood: Int32, store: OpaquePointer?) -> Int32 {
    if isGood != 1, let store { HandshakeNotes.notes(of: store)?.note(store) }
    return isGood
}

/// Called when a certificate of ours is needed, which a client only is asked for; 1 goes on with what the context has.
private func noteCertificateAsked(ssl: OpaquePointer?, context: UnsafeMutableRawPointer?) -> Int32 {
    if let context { Unmanaged<HandshakeNotes>.fromOpaque(context).takeUnretainedValue().noteCertificateAsked() }
    return 1
}
