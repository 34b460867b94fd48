// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A directory that is gone, with all that is in it, when nobody holds it any more.
package final class TemporaryDirectory: Sendable {
    package let path: String

    /// Makes one below `TMPDIR`, or `/tmp`.
    package init() throws(FileFault) {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/gohub-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileFault("make a directory below \(parent)") }
        path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    }

    deinit {
        Self.removeAll(path)
    }

    /// Writes a file of this name, and says where it is.
    package func write(_ contents: some Collection<UInt8>, to name: String) throws(FileFault) -> String {
        try TestFile.write(contents, to: "\(path)/\(name)")
        return "\(path)/\(name)"
    }

    private static func removeAll(_ path: String) {
        var status = stat()
        // Links are removed, never followed.
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, let directory = opendir(path) {
            var names: [String] = []
            while let entry = readdir(directory) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != ".", name != ".." { names.append(name) }
            }
            closedir(directory)
            for name in names { removeAll("\(path)/\(name)") }
        }
        remove(path)
    }
}
