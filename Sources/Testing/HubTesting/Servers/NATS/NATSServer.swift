// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A real NATS server on ports of its own, with data in a directory that goes with it.
///
/// The fixture asks it over its monitoring port, so that no password, permission, proxy or TLS of a test stands in its way.
/// The process ends when nobody holds the fixture, or with the tests.
package final class NATSServer: Stoppable, Sendable {
    /// Where a server listens, and with whom it forms a cluster.
    struct Place: Sendable {
        struct Cluster: Sendable {
            let name: String
            /// Where the other members connect.
            let port: Int
            /// The same of all members.
            let routes: [Int]
        }

        let port: Int
        let monitoringPort: Int
        var cluster: Cluster?

        /// JetStream knows the members of a cluster by their names, so that each keeps its name over a restart.
        var name: String { "gohub-test-\(port)" }
    }

    private struct State {
        var process: ChildProcess
        var options: Options
        var isFrozen = false
    }

    let place: Place
    private let state: Mutex<State>
    private let directory: TemporaryDirectory

    /// Where it is: Debian has it in a directory that only root's `PATH` leads to.
    private static var executable: String {
        ChildProcess.find("nats-server") ?? "/usr/sbin/nats-server"
    }

    /// Whether there is one to start.
    package static var isInstalled: Bool { access(executable, X_OK) == 0 }

    /// Starts a server, and waits until it is ready.
    package convenience init(_ change: (inout Options) -> Void = { _ in }) async throws {
        var options = Options()
        change(&options)
        let (place, process, directory) = try await FreePorts.take(2) { ports in
            let place = Place(port: ports[0], monitoringPort: ports[1])
            let directory = try TemporaryDirectory()
            return (place, try await Self.start(options, at: place, in: directory), directory)
        }
        self.init(process, options, at: place, in: directory)
    }

    /// Starts a member of a cluster, and waits until it listens, which is all that one can do alone.
    convenience init(_ options: Options, at place: Place) async throws {
        let directory = try TemporaryDirectory()
        self.init(try await Self.start(options, at: place, in: directory), options, at: place, in: directory)
    }

    private init(_ process: ChildProcess, _ options: Options, at place: Place, in directory: TemporaryDirectory) {
        state = Mutex(State(process: process, options: options))
        self.place = place
        self.directory = directory
    }

    /// Where it listens, with TLS or without: whoever connects reads a line in the clear before TLS begins.
    package var port: Int { place.port }

    /// Where it answers questions about itself over HTTP.
    package var monitoringPort: Int { place.monitoringPort }

    /// What it calls itself; no two servers have the same name.
    package var name: String { place.name }

    /// What is in the configuration file.
    package var options: Options { state.withLock(\.options) }

    /// The process; another one after each restart.
    package var process: ChildProcess { state.withLock(\.process) }

    /// Whether it runs and was not frozen.
    package var isLive: Bool { state.withLock { $0.process.ending == nil && !$0.isFrozen } }

    // MARK: Its life

    /// Ends it and waits until it is gone; a frozen one is let go for that.
    package func stop() async {
        thaw()
        let process = process
        // It does not heed the usual signal while clients are leaving.
        process.signal(SIGINT)
        if (try? await process.waitUntilEnded(within: .seconds(5))) == nil { await process.stop() }
    }

    /// Ends it without a warning and waits until it is gone.
    package func kill9() async throws {
        let process = process
        process.signal(SIGKILL)
        _ = try await process.waitUntilEnded()
    }

    /// Starts it again on the same ports and with the same data, after having stopped it if it still ran.
    ///
    /// A member of a cluster listens then; ``NATSCluster/waitUntilReady()`` waits for the rest.
    package func restart() async throws {
        await stop()
        let options = options
        // Its port may have been taken by a connection of somebody else, which will pass.
        let process = try await eventually("port \(port) to be free again") { () -> ChildProcess? in
            do {
                return try await Self.start(options, at: place, in: directory)
            } catch {
                guard FreePorts.wereTaken(error) else { throw error }
                return nil
            }
        }
        state.withLock { state in
            state.process = process
            state.isFrozen = false
        }
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

    /// Opens a connection to it.
    package func client(_ login: NATSTestClient.Login = .none) async throws -> NATSTestClient {
        try await .connect(port: port, login)
    }

    // MARK: Its configuration

    /// Writes the configuration file anew, for the next ``reload()`` or ``restart()``.
    package func rewrite(_ change: (inout Options) -> Void) throws(FileFault) {
        var options = options
        change(&options)
        try Self.write(options, at: place, in: directory)
        state.withLock { $0.options = options }
    }

    /// Has it read its configuration file again, and waits until it has done what is written there.
    ///
    /// Users whose password has changed are disconnected; the ports, the name and JetStream's directory cannot be changed.
    ///
    /// - Throws: ``ProcessFault`` `.badReply` with the words of the server when it does not like the file.
    package func reload() async throws {
        let process = process
        let earlier = Self.reloads(of: process).count
        process.signal(SIGHUP)
        let line = try await process.wait(for: "the new configuration") {
            Self.reloads(of: process).dropFirst(earlier).first
        }
        if line.contains("Failed") { throw ProcessFault(.badReply, line) }
    }

    /// Has it tell its clients that it is about to end, and waits until it begins; it ends once no client is left.
    ///
    /// Clients that stay are disconnected one by one after ``Options/lameDuckGrace``.
    package func lameDuck() async throws {
        let process = process
        process.signal(SIGUSR2)
        _ = try await process.waitForLine("the lame duck mode") { $0.contains("Entering lame duck mode") ? true : nil }
    }

    /// What it said each time when it had read its file again.
    private static func reloads(of process: ChildProcess) -> [String] {
        let endings = ["Reloaded server configuration", "Failed to reload server configuration"]
        return process.errors.lines.filter { line in endings.contains { line.contains($0) } }.map(String.init)
    }

    // MARK: The start

    private static func write(_ options: Options, at place: Place, in directory: TemporaryDirectory) throws(FileFault) {
        _ = try directory.write(configuration(options, place, in: directory.path).utf8, to: "nats.conf")
    }

    private static func start(
        _ options: Options,
        at place: Place,
        in directory: TemporaryDirectory
    ) async throws -> ChildProcess {
        try write(options, at: place, in: directory)
        let process = try ChildProcess(executable, ["--config", "\(directory.path)/nats.conf"])
        // Not by a connection, which would count as one of the test's for a moment.
        _ = try await process.waitForLine("NATS to listen") { $0.contains("Server is ready") ? true : nil }
        // A member is not in order before others are there.
        if place.cluster == nil {
            _ = try await process.wait(for: "NATS to be in order") { await isHealthy(at: place) ? true : nil }
        }
        return process
    }
}

/// Runs a body with a server, and stops the server whatever happens.
package func withNATSServer<Result>(
    _ change: (inout NATSServer.Options) -> Void = { _ in },
    _ body: (NATSServer) async throws -> Result
) async throws -> Result {
    try await NATSServer(change).whileRunning(body)
}
