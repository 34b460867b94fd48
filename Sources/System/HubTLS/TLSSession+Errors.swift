// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import COpenSSL

extension TLSSession {
    /// The other end, for messages.
    var otherEnd: String {
        switch role {
        case .client(let name): "\"\(name)\""
        case .server: "the client"
        }
    }

    /// Finds out what an error of OpenSSL means for a connection.
    func explain(_ fault: LibraryFault, whileHandshaking isHandshaking: Bool) -> TLSError {
        if fault.isTLS(SSL_R_CERTIFICATE_VERIFY_FAILED), let refusal = notes.refusal { return explain(refusal) }
        if let alert = fault.alert { return explain(alert: alert, isHandshaking: isHandshaking) }
        if fault.isTLS(SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
            return TLSError(.clientCertificateRequired, "\(otherEnd) presented no certificate, which it has to")
        }
        if fault.isTLS(
            SSL_R_UNSUPPORTED_PROTOCOL,
            SSL_R_WRONG_SSL_VERSION,
            SSL_R_UNKNOWN_PROTOCOL,
            SSL_R_VERSION_TOO_LOW
        ) {
            return TLSError(
                .noCommonVersion,
                "\(otherEnd) has no version of TLS in common with us, from 1.2 on (\(fault.text))"
            )
        }
        return isHandshaking
            ? TLSError(.handshakeFailed, "the TLS handshake with \(otherEnd) failed: \(fault.text)")
            : TLSError(.broken, "the TLS connection with \(otherEnd) broke: \(fault.text)")
    }

    // MARK: Certificates that we refuse

    private func explain(_ refusal: HandshakeNotes.Refusal) -> TLSError {
        let about = "the certificate of \(otherEnd)"
        guard let certificate = refusal.certificate else {
            return TLSError(.notTrusted, "\(about) is not accepted: \(refusal.reason)")
        }
        switch refusal.code {
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            let names =
                certificate.names.isEmpty
                ? "it has no subjectAltName, only the subject \(certificate.subject), which does not count"
                : "its names are \(certificate.names)"
            return TLSError(.nameMismatch, "\(about) is not for that name: \(names)")
        case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID:
            return TLSError(
                .expired,
                "\(about) is not accepted: \(refusal.reason): \(certificate.subject) is valid from \(certificate.notBefore) "
                    + "to \(certificate.notAfter)"
            )
        default:
            return TLSError(
                .notTrusted,
                "\(about) is not trusted: \(refusal.reason): \(certificate.subject), issued by \(certificate.issuer); trusted "
                    + "are \(trust)"
            )
        }
    }

    // MARK: Alerts of the other end (RFC 8446 section 6, RFC 5246 section 7.2)

    private func explain(alert: Int32, isHandshaking: Bool) -> TLSError {
        let text = SSL_alert_desc_string_long(alert).map { String(cString: $0) } ?? "unknown"
        let said = "alert \(alert), \(text)"
        if alert == SSL_AD_CERTIFICATE_REQUIRED {
            return TLSError(.clientCertificateRequired, "\(otherEnd) requires a client certificate (\(said))")
        }
        // What servers say before TLS 1.3, which has an alert for it.
        let vague = [SSL_AD_HANDSHAKE_FAILURE, SSL_AD_BAD_CERTIFICATE, SSL_AD_ACCESS_DENIED]
        if notes.certificateWasAsked, !handle.hasCertificate, vague.contains(alert) {
            return TLSError(
                .clientCertificateRequired,
                "\(otherEnd) asked for a client certificate and, as there was none, ended the handshake (\(said))"
            )
        }
        switch alert {
        case SSL_AD_BAD_CERTIFICATE, SSL_AD_UNSUPPORTED_CERTIFICATE, SSL_AD_CERTIFICATE_REVOKED,
            SSL_AD_CERTIFICATE_EXPIRED, SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_UNKNOWN_CA:
            return TLSError(.certificateRefused, "\(otherEnd) does not accept our certificate (\(said))")
        case SSL_AD_PROTOCOL_VERSION:
            return TLSError(
                .noCommonVersion,
                "\(otherEnd) has no version of TLS in common with us, from 1.2 on (\(said))"
            )
        default:
            return isHandshaking
                ? TLSError(.handshakeFailed, "\(otherEnd) ended the TLS handshake (\(said))")
                : TLSError(.broken, "\(otherEnd) ended the TLS connection (\(said))")
        }
    }
}
