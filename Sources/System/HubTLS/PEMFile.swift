// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import COpenSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a PEM file has in it (RFC 7468); wiped from memory at the end, as it may be a private key.
struct PEMFile: ~Copyable {
    /// The largest file that is read; the system's own store has a quarter of it.
    static let limit = 1 << 20

    /// What the file is and where, for messages.
    let name: String
    private let bytes: UnsafeMutableRawBufferPointer

    /// Reads the file.
    ///
    /// - Parameter role: What the file is for, for messages, as in `CA file`.
    /// - Throws: ``TLSError`` `.badFile`.
    init(_ path: String, as role: String) throws(TLSError) {
        let name = "\(role) \"\(path)\""
        // A pipe in place of the file must not hold up the program, so opening does not wait.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.systemError(name) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.systemError(name) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw TLSError(.badFile, "\(name): it is not a regular file") }
        guard status.st_size <= Self.limit else { throw TLSError(.badFile, "\(name): it has more than 1 MiB") }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(status.st_size), alignment: 16)
        let count = Self.fill(buffer, from: descriptor)
        guard count >= 0 else {
            let error = Self.systemError(name)
            OPENSSL_cleanse(buffer.baseAddress, buffer.count)
            buffer.deallocate()
            throw error
        }
        self.name = name
        bytes = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
    }

    deinit {
        OPENSSL_cleanse(bytes.baseAddress, bytes.count)
        bytes.deallocate()
    }

    /// All certificates of the file, in their order; other things in it are passed over.
    ///
    /// - Throws: ``TLSError`` `.badFile` when there is none, or one is damaged.
    func certificates() throws(TLSError) -> [Certificate] {
        let bio = try bio()
        defer { BIO_free(bio) }
        var found: [Certificate] = []
        while true {
            LibraryFault.clear()
            if let certificate = PEM_read_bio_X509(bio, nil, noPassphrase, nil) {
                found.append(Certificate(certificate))
                continue
            }
            let fault = LibraryFault.take()
            guard fault.library == ERR_LIB_PEM, fault.reason == PEM_R_NO_START_LINE else {
                throw TLSError(.badFile, "\(name): certificate \(found.count + 1) in it is damaged: \(fault.text)")
            }
            if found.isEmpty { throw TLSError(.badFile, "\(name): there is no PEM certificate in it") }
            return found
        }
    }

    /// The first private key of the file.
    ///
    /// - Throws: ``TLSError`` `.badFile` when there is none, or it needs a passphrase.
    func privateKey() throws(TLSError) -> PrivateKey {
        let bio = try bio()
        defer { BIO_free(bio) }
        LibraryFault.clear()
        if let key = PEM_read_bio_PrivateKey(bio, nil, noPassphrase, nil) { return PrivateKey(key) }
        LibraryFault.clear()
        // What OpenSSL says of it differs with the kind of key, and is no help with any.
        throw TLSError(
            .badFile,
            contains("ENCRYPTED")
                ? "\(name): the key has a passphrase; it has to be stored without one"
                : contains("PRIVATE KEY")
                    ? "\(name): the private key in it is damaged, or of an unknown kind"
                    : "\(name): there is no PEM private key in it"
        )
    }

    private func bio() throws(TLSError) -> OpaquePointer {
        guard !bytes.isEmpty else { throw TLSError(.badFile, "\(name): it is empty") }
        guard let bio = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else {
            throw TLSError(.library, "\(name): OpenSSL has no memory to read it")
        }
        return bio
    }

    private func contains(_ text: StaticString) -> Bool {
        guard let start = bytes.baseAddress, bytes.count >= text.utf8CodeUnitCount else { return false }
        return (0...bytes.count - text.utf8CodeUnitCount).contains { offset in
            memcmp(start + offset, text.utf8Start, text.utf8CodeUnitCount) == 0
        }
    }

    /// Reads until the buffer is full or the file ends; negative when the system refuses.
    private static func fill(_ buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32) -> Int {
        var filled = 0
        while filled < buffer.count {
            let count = read(descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
            if count < 0, errno == EINTR { continue }
            if count < 0 { return -1 }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    private static func systemError(_ name: String) -> TLSError {
        TLSError(.badFile, "\(name): \(String(cString: strerror(errno)))")
    }
}

/// Answers that there is no passphrase.
///
/// Without this OpenSSL would ask whoever sits at the terminal.
private func noPassphrase(
    _ buffer: UnsafeMutablePointer<CChar>?,
    _ size: Int32,
    _ isForWriting: Int32,
    _ context: UnsafeMutableRawPointer?
) -> Int32 { -1 }

/// An X.509 certificate, freed with its last reference.
final class Certificate {
    let handle: OpaquePointer

    init(_ handle: OpaquePointer) {
        self.handle = handle
    }

    deinit {
        X509_free(handle)
    }
}

/// A private key, freed and wiped with its last reference.
final class PrivateKey {
    let handle: OpaquePointer

    init(_ handle: OpaquePointer) {
        self.handle = handle
    }

    deinit {
        EVP_PKEY_free(handle)
    }
}
