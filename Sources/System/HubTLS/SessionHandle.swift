// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import COpenSSL

/// Owns an `SSL` with its two memory BIOs; each method is one call into OpenSSL with its result.
struct SessionHandle: ~Copyable {
    /// What came of a call.
    enum Outcome {
        /// It is done; of a read or write, with so many bytes, at least one.
        case done(Int)
        /// It needs more input.
        case blocked
        /// The other end has sent its close_notify.
        case ended
        /// It failed, and the `SSL` is of no more use.
        case failed(LibraryFault)
    }

    let ssl: OpaquePointer
    /// Freed with the `SSL`.
    private let input: OpaquePointer
    private let output: OpaquePointer

    /// - Throws: ``TLSError`` `.library`.
    init(_ context: borrowing ContextHandle, _ role: TLSSession.Role) throws(TLSError) {
        LibraryFault.clear()
        guard let ssl = SSL_new(context.pointer) else {
            throw TLSError(.library, "OpenSSL has no memory for a connection: \(LibraryFault.take().text)")
        }
        let input = BIO_new(BIO_s_mem())
        let output = BIO_new(BIO_s_mem())
        SSL_set_bio(ssl, input, output)
        guard let input, let output, Self.set(role, of: ssl) else {
            let fault = LibraryFault.take()
            SSL_free(ssl)
            throw TLSError(.library, "OpenSSL has no memory for a connection: \(fault.text)")
        }
        self.ssl = ssl
        self.input = input
        self.output = output
    }

    deinit {
        SSL_free(ssl)
    }

    private static func set(_ role: TLSSession.Role, of ssl: OpaquePointer) -> Bool {
        switch role {
        case .client(.dns(let name)):
            SSL_set_connect_state(ssl)
            // The common name of a subject is no name of a host (RFC 9525 section 2), and a wildcard is a whole label.
            SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            return SSL_set1_host(ssl, name) == 1 && gohub_ssl_set_server_name(ssl, name) == 1
        case .client(.ip(let address)):
            SSL_set_connect_state(ssl)
            return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), address) == 1
        case .server:
            SSL_set_accept_state(ssl)
            return true
        }
    }

    // MARK: TLS

    func shakeHands() -> Outcome {
        LibraryFault.clear()
        return outcome(of: SSL_do_handshake(ssl), 0)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Outcome {
        LibraryFault.clear()
        var count = 0
        return outcome(of: SSL_read_ex(ssl, buffer.baseAddress, buffer.count, &count), count)
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        LibraryFault.clear()
        var count = 0
        return outcome(of: SSL_write_ex(ssl, bytes.baseAddress, bytes.count, &count), count)
    }

    /// Adds a close_notify to the output.
    func shutDown() {
        LibraryFault.clear()
        // Whether it could or not, the connection ends with it.
        SSL_shutdown(ssl)
        LibraryFault.clear()
    }

    private func outcome(of status: Int32, _ count: Int) -> Outcome {
        guard status != 1 else { return .done(count) }
        switch SSL_get_error(ssl, status) {
        case SSL_ERROR_WANT_READ: return .blocked
        case SSL_ERROR_ZERO_RETURN: return .ended
        default: return .failed(.take())
        }
    }

    // MARK: Ciphertext

    var inputCount: Int { BIO_ctrl_pending(input) }

    var outputCount: Int { BIO_ctrl_pending(output) }

    /// Adds to the input; false when there is no memory.
    func putInput(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard !bytes.isEmpty else { return true }
        LibraryFault.clear()
        let count = Int32(clamping: bytes.count)
        return BIO_write(input, bytes.baseAddress, count) == count
    }

    /// Shows the output, and removes as much of it as the closure says.
    func takeOutput(_ send: (UnsafeRawBufferPointer) -> Int) -> Int {
        var start: UnsafePointer<CChar>?
        let count = gohub_bio_peek(output, &start)
        guard count > 0 else { return 0 }
        let taken = min(max(send(UnsafeRawBufferPointer(start: start, count: count)), 0), count)
        // A memory BIO only forgets what it has copied somewhere.
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 16) { scratch in
            var left = taken
            while left > 0 {
                let removed = BIO_read(output, scratch.baseAddress, Int32(clamping: min(left, scratch.count)))
                guard removed > 0 else { break }
                left -= Int(removed)
            }
        }
        return taken
    }

    // MARK: What was agreed

    /// Whether we present a certificate when we are asked for one.
    var hasCertificate: Bool { SSL_get_certificate(ssl) != nil }

    var version: String { SSL_get_version(ssl).map { String(cString: $0) } ?? "" }

    var cipher: String {
        SSL_get_current_cipher(ssl).flatMap { SSL_CIPHER_get_name($0) }.map { String(cString: $0) } ?? "no cipher"
    }

    var requestedName: String? {
        SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { printable(String(cString: $0).utf8, limit: 255) }
    }
}
