// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A small file that is read again and again, such as those of `/proc`, into memory taken once.
///
/// For one thread at a time.
final class SmallFile: @unchecked Sendable {
    private let path: UnsafeMutablePointer<CChar>?
    private let buffer: UnsafeMutableRawBufferPointer

    /// - Parameter capacity: How much of the file is read at most, in bytes.
    init(_ path: String, capacity: Int = 4096) {
        self.path = strdup(path)
        self.buffer = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit {
        free(path)
        buffer.deallocate()
    }

    /// Reads the file and gives its first bytes to `body`; nil if it cannot be read.
    ///
    /// Allocates nothing.
    func read<R>(_ body: (UnsafeRawBufferPointer) -> R?) -> R? {
        guard let path else { return nil }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var count = 0
        while count < buffer.count {
            let got = Self.readSome(descriptor, UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
            if got < 0 { return nil }
            if got == 0 { break }
            count += got
        }
        return body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }

    private static func readSome(_ descriptor: Int32, _ target: UnsafeMutableRawBufferPointer) -> Int {
        #if canImport(Glibc)
            return Glibc.read(descriptor, target.baseAddress, target.count)
        #else
            return Darwin.read(descriptor, target.baseAddress, target.count)
        #endif
    }
}
