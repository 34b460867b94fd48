// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file or directory that a test needs and cannot have.
package struct FileFault: Error, Sendable, CustomStringConvertible {
    package let description: String

    /// - Parameter action: What was tried; the reason is taken from `errno`.
    package init(_ action: String) {
        description = "\(action): \(String(cString: strerror(errno)))"
    }
}

/// Small files, read and written whole.
package enum TestFile {
    package static func read(_ path: String) throws(FileFault) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFault("open \(path)") }
        defer { close(descriptor) }
        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = systemRead(descriptor, &chunk)
            if count == 0 { return contents }
            if count < 0, errno != EINTR { throw FileFault("read \(path)") }
            if count > 0 { contents += chunk[..<count] }
        }
    }

    package static func write(_ contents: some Collection<UInt8>, to path: String) throws(FileFault) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileFault("create \(path)") }
        defer { close(descriptor) }
        var rest = Array(contents)[...]
        while !rest.isEmpty {
            let count = systemWrite(descriptor, rest)
            if count < 0, errno != EINTR { throw FileFault("write \(path)") }
            if count > 0 { rest = rest.dropFirst(count) }
        }
    }
}

// `read` and `write` of the C library, under names that the methods above do not hide.
private func systemRead(_ descriptor: Int32, _ chunk: inout [UInt8]) -> Int {
    chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
}

private func systemWrite(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) -> Int {
    bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
}
