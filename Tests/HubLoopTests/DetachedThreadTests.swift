// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubTesting
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("Threads for what blocks")
struct DetachedThreadTests {
    /// What a body leaves behind.
    private final class Trace: Sendable {
        let names = Mutex<[String]>([])
    }

    /// What the system calls the calling thread.
    private static func ownName() -> String {
        let file = open("/proc/thread-self/comm", O_RDONLY)
        defer { close(file) }
        var name = [UInt8](repeating: 0, count: 64)
        let count = read(file, &name, name.count)
        return String(decoding: name.prefix(max(0, count - 1)), as: UTF8.self)
    }

    @Test("a body runs once, on a thread that bears the name, as far as the system shows it")
    func runs() async throws {
        let trace = Trace()
        try DetachedThread.run("nats-connect") { trace.names.withLock { $0.append(Self.ownName()) } }
        _ = try await eventually("the body") { trace.names.withLock { $0 } == ["nats-connect"] ? true : nil }
        trace.names.withLock { $0 = [] }
        try DetachedThread.run("sixteen bytes and more") { trace.names.withLock { $0.append(Self.ownName()) } }
        let names = try await eventually("the body") { trace.names.withLock { $0.isEmpty ? nil : $0 } }
        #expect(names.count == 1)
        #expect(names.first.map { "sixteen bytes and more".hasPrefix($0) } == true)
    }

    @Test("a body that blocks holds up neither the caller nor other bodies")
    func blocks() async throws {
        let (gate, knock) = try Socket.pair()
        let trace = Trace()
        try DetachedThread.run("blocked") {
            var entry = pollfd(fd: gate, events: Int16(POLLIN), revents: 0)
            poll(&entry, 1, 20_000)
            trace.names.withLock { $0.append("blocked") }
        }
        try DetachedThread.run("free") { trace.names.withLock { $0.append("free") } }
        _ = try await eventually("the other body") { trace.names.withLock { $0 } == ["free"] ? true : nil }
        Socket.close(knock)
        _ = try await eventually("the end") { trace.names.withLock { $0 } == ["free", "blocked"] ? true : nil }
        Socket.close(gate)
    }

    @Test("what a body holds is given back when it has ended")
    func releases() async throws {
        var trace: Trace? = Trace()
        weak let held: Trace? = trace
        try DetachedThread.run("brief") { [trace] in trace?.names.withLock { $0.append("done") } }
        trace = nil
        _ = try await eventually("nobody to hold it") { held == nil ? true : nil }
    }
}
