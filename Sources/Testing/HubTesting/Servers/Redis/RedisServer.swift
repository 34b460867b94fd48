// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A real Redis on ports of its own, with data in a directory that goes with it.
///
/// The fixture speaks to it over a socket in that directory and as a user of its own, so that no password, right, proxy or
/// TLS of a test stands in its way. The process ends when nobody holds the fixture, or with the tests.
package final class RedisServer: Stoppable, Sendable {
    /// Where a server listens.
    struct Ports: Sendable {
        let plain: Int
        let tls: Int?
        let bus: Int?
    }

    private struct State {
        var process: ChildProcess
        var isFrozen = false
    }

    /// What it was started with.
    package let options: Options
    let kind: Kind
    let ports: Ports
    private let state: Mutex<State>
    private let directory: TemporaryDirectory

    /// Whether there is one to start.
    package static var isInstalled: Bool { ChildProcess.find("redis-server") != nil }

    /// Starts a server, and waits until it answers.
    package convenience init(_ change: (inout Options) -> Void = { _ in }) async throws {
        var options = Options()
        change(&options)
        try await self.init(options, as: .alone)
    }

    /// Starts a server of any kind.
    init(_ options: Options, as kind: Kind) async throws {
        self.options = options
        self.kind = kind
        let directory = try TemporaryDirectory()
        let (ports, process) = try await FreePorts.take(3) { free in
            let ports = Ports(
                plain: free[0],
                tls: options.tls == nil ? nil : free[1],
                bus: kind == .clusterNode ? free[2] : nil
            )
            let text = Self.configuration(options, kind, ports, in: directory.path)
            _ = try directory.write(text.utf8, to: "redis.conf")
            return (ports, try await Self.start(in: directory, as: kind))
        }
        self.ports = ports
        state = Mutex(State(process: process))
        self.directory = directory
    }

    /// Where it listens without TLS.
    package var port: Int { ports.plain }

    /// Where it listens with TLS; nil when it was not asked for.
    package var tlsPort: Int? { ports.tls }

    /// The process; another one after each restart.
    package var process: ChildProcess { state.withLock(\.process) }

    /// Whether it runs and was not frozen.
    package var isLive: Bool { state.withLock { $0.process.ending == nil && !$0.isFrozen } }

    // MARK: Its life

    /// Ends it and waits until it is gone; a frozen one is let go for that.
    package func stop() async {
        thaw()
        await process.stop()
    }

    /// Ends it without a warning and waits until it is gone.
    package func kill9() async throws {
        let process = process
        process.signal(SIGKILL)
        _ = try await process.waitUntilEnded()
    }

    /// Starts it again on the same ports and with the same data, after having stopped it if it still ran.
    package func restart() async throws {
        await stop()
        // Its port may have been taken by a connection of somebody else, which will pass.
        let process = try await eventually("port \(port) to be free again") { () -> ChildProcess? in
            do {
                return try await Self.start(in: directory, as: kind)
            } catch {
                guard FreePorts.wereTaken(error) else { throw error }
                return nil
            }
        }
        state.withLock { $0 = State(process: process) }
    }

    /// Stops it where it is, with all of its connections open, and waits until it stands still.
    package func freeze() async throws {
        try await process.freeze()
        state.withLock { $0.isFrozen = true }
    }

    /// Lets it go on.
    package func thaw() {
        state.withLock { state in
            state.process.thaw()
            state.isFrozen = false
        }
    }

    private static func start(in directory: TemporaryDirectory, as kind: Kind) async throws -> ChildProcess {
        let arguments = ["\(directory.path)/redis.conf"] + (kind == .sentinel ? ["--sentinel"] : [])
        let process = try ChildProcess("redis-server", arguments)
        _ = try await process.wait(for: "Redis to answer") {
            let client = try? await control(in: directory)
            return try? await client?.call(["PING"]) == .text("PONG") ? true : nil
        }
        return process
    }

    // MARK: Commands

    /// Runs a command with all rights.
    ///
    /// - Throws: ``ProcessFault`` `.badReply` with the words of Redis for an error; ``FileFault`` when there is no answer.
    @discardableResult
    package func command(_ words: [String], within limit: Duration = .seconds(10)) async throws -> RedisReplyText {
        try await Self.control(in: directory).call(words, within: limit)
    }

    /// Opens a connection to the plain port.
    package func client(user: String = "default", password: String? = nil) async throws -> RedisTestClient {
        try await .connect(port: port, user: user, password: password)
    }

    private static func control(in directory: TemporaryDirectory) async throws -> RedisTestClient {
        try await .connect(path: "\(directory.path)/control", user: fixtureUser, password: "any")
    }
}

/// Runs a body with a server, and stops the server whatever happens.
package func withRedisServer<Result>(
    _ change: (inout RedisServer.Options) -> Void = { _ in },
    _ body: (RedisServer) async throws -> Result
) async throws -> Result {
    try await RedisServer(change).whileRunning(body)
}
