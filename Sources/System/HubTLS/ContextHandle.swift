// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import COpenSSL

/// Owns an `SSL_CTX`, which is set up by one thread, never changed after that, and then read by any.
struct ContextHandle: ~Copyable, @unchecked Sendable {
    /// Good for as long as the handle lives; sessions hold references of their own.
    let pointer: OpaquePointer

    /// - Parameter method: `TLS_client_method()` or `TLS_server_method()`.
    /// - Throws: ``TLSError`` `.library`.
    init(_ method: OpaquePointer?, newest: TLSVersion = .v13) throws(TLSError) {
        LibraryFault.clear()
        guard let method, let context = SSL_CTX_new(method) else {
            throw TLSError(.library, "OpenSSL could not be set up: \(LibraryFault.take().text)")
        }
        gohub_ssl_ctx_set_defaults(context)
        guard gohub_ssl_ctx_set_versions(context, TLS1_2_VERSION, newest.number) == 1 else {
            let fault = LibraryFault.take()
            SSL_CTX_free(context)
            throw TLSError(.library, "OpenSSL does not speak \(newest.rawValue): \(fault.text)")
        }
        pointer = context
    }

    deinit {
        SSL_CTX_free(pointer)
    }

    // MARK: Set up

    /// Asks for the other end's certificate, and ends the handshake when it is missing or not accepted.
    func requireCertificate() {
        // The second flag is for servers; a server always presents one to a client.
        SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, noteVerification(isGood:store:))
    }

    /// Trusts the certificates of a file, also those that are no roots.
    ///
    /// - Parameter namingThem: Whether to tell clients of them, so that one with several certificates knows which to present.
    /// - Throws: ``TLSError`` `.badFile`, `.library`.
    func trust(caFile: String, namingThem: Bool) throws(TLSError) {
        let file = try PEMFile(caFile, as: "CA file")
        for certificate in try file.certificates() {
            LibraryFault.clear()
            guard X509_STORE_add_cert(SSL_CTX_get_cert_store(pointer), certificate.handle) == 1 else {
                throw TLSError(.badFile, "\(file.name): \(LibraryFault.take().text)")
            }
            guard !namingThem || SSL_CTX_add_client_CA(pointer, certificate.handle) == 1 else {
                throw TLSError(.library, "\(file.name): \(LibraryFault.take().text)")
            }
        }
        X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(pointer), UInt(X509_V_FLAG_PARTIAL_CHAIN))
    }

    /// Trusts what the system trusts.
    ///
    /// - Throws: ``TLSError`` `.library`.
    func trustSystem() throws(TLSError) {
        LibraryFault.clear()
        guard SSL_CTX_set_default_verify_paths(pointer) == 1 else {
            throw TLSError(.library, "the system's CAs cannot be used: \(LibraryFault.take().text)")
        }
    }

    /// Presents a certificate, with all that its file has behind it.
    ///
    /// - Throws: ``TLSError`` `.badFile`.
    func present(certificateFile: String, keyFile: String) throws(TLSError) {
        let certificates = try PEMFile(certificateFile, as: "certificate file")
        let keys = try PEMFile(keyFile, as: "key file")
        let chain = try certificates.certificates()
        let key = try keys.privateKey()
        LibraryFault.clear()
        guard let own = chain.first, X509_check_private_key(own.handle, key.handle) == 1 else {
            LibraryFault.clear()
            throw TLSError(.badFile, "\(keys.name): the key does not belong to the certificate in \(certificates.name)")
        }
        guard SSL_CTX_use_certificate(pointer, own.handle) == 1 else {
            throw TLSError(.badFile, "\(certificates.name): \(LibraryFault.take().text)")
        }
        guard SSL_CTX_use_PrivateKey(pointer, key.handle) == 1 else {
            throw TLSError(.badFile, "\(keys.name): \(LibraryFault.take().text)")
        }
        for certificate in chain.dropFirst() {
            guard gohub_ssl_ctx_add_to_chain(pointer, certificate.handle) == 1 else {
                throw TLSError(.badFile, "\(certificates.name): \(LibraryFault.take().text)")
            }
        }
    }

    /// Lets a client come back with a ticket although it had to present a certificate.
    ///
    /// - Throws: ``TLSError`` `.library`.
    func nameSessions() throws(TLSError) {
        let name: StaticString = "gohub"
        LibraryFault.clear()
        guard SSL_CTX_set_session_id_context(pointer, name.utf8Start, UInt32(name.utf8CodeUnitCount)) == 1 else {
            throw TLSError(.library, "sessions cannot be named: \(LibraryFault.take().text)")
        }
    }
}

extension TLSVersion {
    /// OpenSSL's number for it.
    fileprivate var number: Int32 {
        switch self {
        case .v12: TLS1_2_VERSION
        case .v13: TLS1_3_VERSION
        }
    }
}
