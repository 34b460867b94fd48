// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Files that the tests of this target read.
enum WireFixtures {
    struct Unreadable: Error { let path: String }

    /// The top folder of the repository.
    static let root = folder(of: folder(of: folder(of: #filePath)))

    /// The bytes of a file, by its path in the repository.
    static func bytes(_ path: String) throws -> [UInt8] {
        guard let file = fopen("\(root)/\(path)", "rb") else { throw Unreadable(path: path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while true {
            let piece = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
                count = fread(buffer.baseAddress, 1, buffer.count, file)
            }
            if piece.isEmpty { return bytes }
            bytes += piece
        }
    }

    /// The names of a folder's files, sorted.
    static func names(in path: String) throws -> [String] {
        guard let folder = opendir("\(root)/\(path)") else { throw Unreadable(path: path) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private static func folder(of path: String) -> String {
        String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }
}
