// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The gohub that was built together with these tests.
enum Program {
    /// Where it is: beside the program that runs the tests.
    static let path: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let tests = String(decoding: buffer.prefix(max(count, 0)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        return String(tests[..<(tests.lastIndex(of: "/") ?? tests.startIndex)]) + "/gohub"
    }()

    /// Starts a node on a free port; returns it and the port once it listens.
    static func serve(_ arguments: [String] = []) async throws -> (process: ChildProcess, port: Int) {
        let process = try ChildProcess(
            path,
            ["serve", "--server-addr", "127.0.0.1:0", "--log-format", "text"] + arguments
        )
        let port = try await process.waitForLine("the port") { line in
            guard line.contains(" listening ") else { return nil as Int? }
            return line.split(separator: " ").first { $0.hasPrefix("addr=") }?.split(separator: ":").last.flatMap {
                Int($0.filter(\.isNumber))
            }
        }
        return (process, port)
    }
}
