// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if os(Linux)
    import Glibc

    /// What the process holds, as the system counts it.
    package enum ProcessResources {
        /// How many descriptors are open.
        package static var descriptors: Int { count("/proc/self/fd") { _ in true } }

        /// How many threads there are, of those whose names begin so.
        package static func threads(named beginning: String = "") -> Int {
            count("/proc/self/task") { name in
                let file = Glibc.open("/proc/self/task/\(name)/comm", O_RDONLY)
                guard file >= 0 else { return false }
                defer { close(file) }
                var bytes = [UInt8](repeating: 0, count: 64)
                let count = read(file, &bytes, bytes.count)
                return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).hasPrefix(beginning)
            }
        }

        private static func count(_ path: String, _ isCounted: (String) -> Bool) -> Int {
            guard let directory = opendir(path) else { return 0 }
            defer { closedir(directory) }
            var count = 0
            while let entry = readdir(directory) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                if !name.hasPrefix("."), isCounted(name) { count += 1 }
            }
            return count
        }
    }
#endif
