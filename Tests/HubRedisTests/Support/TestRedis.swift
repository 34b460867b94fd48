// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubTesting

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A real Redis on 127.0.0.1 that ends with the test.
final class TestRedis: Sendable {
    let address: SocketAddress
    let process: ChildProcess
    private let directory: TemporaryDirectory

    /// Starts one on a free port, and waits until it answers; on another port if somebody was quicker.
    init(_ arguments: String...) async throws {
        let directory = try TemporaryDirectory()
        var attempts = 0
        while true {
            let listener = try Socket.listen(on: SocketAddress(host: "127.0.0.1", port: 0), reusePort: false)
            let address = try Socket.localAddress(listener)
            Socket.close(listener)
            let process = try ChildProcess(
                "redis-server",
                ["--port", "\(address.port)", "--bind", "127.0.0.1", "--dir", directory.path, "--save", ""] + arguments
            )
            attempts += 1
            do {
                _ = try await process.waitForLine("Redis to be ready") { line in
                    line.contains("Ready to accept connections") ? true : nil
                }
            } catch  where attempts < 5 {
                continue
            }
            self.address = address
            self.process = process
            self.directory = directory
            return
        }
    }

    func kill() { process.signal(SIGKILL) }
    func freeze() { process.signal(SIGSTOP) }
    func thaw() { process.signal(SIGCONT) }
}
