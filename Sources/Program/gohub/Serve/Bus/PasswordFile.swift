// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file that holds a password, read anew whenever it is asked for, so that a new password needs no restart.
struct PasswordFile: Sendable {
    /// More is no password.
    private static let maxBytes = 4096

    let path: String

    /// The same for a bus, which reads it at each connection.
    var source: BusSecret.Source { { () throws(BusSecretError) in try read() } }

    /// Reads the password: the file's bytes without the line's end.
    func read() throws(BusSecretError) -> BusSecret {
        // A pipe in place of the file must not hold up the bus loop, so opening does not wait.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw fault(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw fault(String(cString: strerror(errno))) }
        // Each connection reads it anew, which a pipe can do once.
        guard status.st_mode & S_IFMT == S_IFREG else { throw fault("it is not a regular file") }
        var bytes = [UInt8](repeating: 0, count: Self.maxBytes + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                #if canImport(Glibc)
                    Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count)
                #else
                    Darwin.read(descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count)
                #endif
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw fault(String(cString: strerror(errno))) }
            if got == 0 { break }
            count += got
        }
        guard count <= Self.maxBytes else { throw fault("it has more than \(Self.maxBytes) bytes") }
        while count > 0, bytes[count - 1] == UInt8(ascii: "\n") || bytes[count - 1] == UInt8(ascii: "\r") { count -= 1 }
        guard count > 0 else { throw fault("it is empty") }
        return BusSecret(String(decoding: bytes[..<count], as: UTF8.self))
    }

    private func fault(_ reason: String) -> BusSecretError {
        BusSecretError("the file \(path) with a secret cannot be used: \(reason)")
    }
}
