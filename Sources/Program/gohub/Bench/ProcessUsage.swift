// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a process has used, read from /proc.
struct ProcessUsage: Sendable {
    /// Time on a processor, all threads, nanoseconds.
    var processor: UInt64
    /// Resident memory, bytes.
    var resident: UInt64

    /// Reads a process; nil when there is none with this id, or no /proc.
    ///
    /// The scheduler's own figures are used (`schedstat`): those of `stat` come in steps of 10 ms.
    init?(_ pid: Int) {
        guard let directory = opendir("/proc/\(pid)/task") else { return nil }
        defer { closedir(directory) }
        processor = 0
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard Int(name) != nil, let text = Self.read("/proc/\(pid)/task/\(name)/schedstat") else { continue }
            processor += text.split(separator: " ").first.flatMap { UInt64($0) } ?? 0
        }
        let pages = Self.read("/proc/\(pid)/statm")?.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }
        resident = (pages ?? 0) * UInt64(max(1, sysconf(Int32(_SC_PAGESIZE))))
    }

    /// Why a process cannot be measured; nil when it can.
    static func objection(to pid: Int) -> String? {
        guard let usage = ProcessUsage(pid) else {
            return errno == ENOENT
                ? "there is no such process" : "it cannot be read: \(String(cString: strerror(errno)))"
        }
        // The state stands behind the name, which may hold anything.
        let state = read("/proc/\(pid)/stat").flatMap { $0.split(separator: ")").last }?.first { $0 != " " }
        if state == "Z" || state == "X" { return "it has ended" }
        return usage.processor == 0 ? "the system does not tell its processor time" : nil
    }

    private static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
