// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubCore
import HubTesting
import HubWire
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Two nodes, three loops each, a bus loop each and a server, all on threads of their own.
///
/// Meant for the thread sanitizer as well.
@Suite("Bridge under threads")
struct BridgeStressTests {
    private static let rounds = 400

    /// The bus's server on a thread of its own, and the nodes'.
    private final class Run {
        let nodes: [ThreadedNode]
        let broker: MemoryBroker
        let clients = SharedClients()
        private let isOver = Flag()
        private var server: [TestThread] = []
        private var buses: [TestThread] = []
        private var loops: [TestThread] = []

        /// Starts two nodes, and waits until they serve and all listeners have subscribed.
        init(patience: UInt64) {
            let jobs = JobQueue()
            broker = MemoryBroker { jobs.post($0) }
            let (broker, clients, isOver) = (broker, clients, isOver)
            nodes = ["a", "b"].map { ThreadedNode($0, broker, clients: clients, patience: patience) }
            server = [
                TestThread {
                    while !isOver.isSet {
                        jobs.run()
                        sched_yield()
                    }
                }
            ]
            buses = nodes.map { node in TestThread { node.runBus() } }
            loops = nodes.flatMap(\.runners).map { runner in TestThread { runner.run() } }
            wait { nodes.allSatisfy { $0.isServing(with: 1) } && runners.allSatisfy { $0.receivedCount > 0 } }
        }

        var runners: [BridgeShardRunner] { nodes.flatMap(\.runners) }

        func wait(until isTrue: () -> Bool) { while !isTrue() { sched_yield() } }

        /// Closes the nodes and ends all threads.
        func end() {
            for node in nodes { node.close() }
            for thread in buses { thread.join() }
            for runner in runners { runner.stop() }
            for thread in loops { thread.join() }
            isOver.set()
            for thread in server { thread.join() }
        }
    }

    @Test("every message of every publisher comes to every loop in order, and every push is answered once")
    func threads() {
        let run = Run(patience: 60_000_000_000)
        let ids = run.clients.all
        #expect(ids.count == 6)
        for runner in run.runners { runner.publish(Self.rounds) }
        let pushes = Mutex<[Int: Int]>([:])
        var started = 0
        for number in 0..<200 {
            let (hub, id) = (run.nodes[number % 2].hub.hub, ids[number % ids.count])
            do throws(HubError) {
                try hub.push(Frame("push"), to: id) { _ in pushes.withLock { $0[number, default: 0] += 1 } }
                started += 1
            } catch {}
            sched_yield()
        }
        let expected = 1 + Self.rounds * run.runners.count
        run.wait { run.runners.allSatisfy { $0.answeredCount >= Self.rounds && $0.receivedCount >= expected } }
        run.end()
        for node in run.nodes {
            for runner in node.runners { expectComplete(runner) }
            #expect(node.hub.snapshot().openAnswers == 0)
            #expect(node.hub.snapshot().residual == 0)
        }
        #expect(pushes.withLock { $0.count } == started)
        #expect(pushes.withLock { $0.values.allSatisfy { $0 == 1 } })
    }

    private func expectComplete(_ runner: BridgeShardRunner) {
        var streams: [String: [Int]] = [:]
        for payload in runner.subscriber?.takePayloads() ?? [] where payload != "\"u\"" {
            let parts = payload.dropFirst().dropLast().split(separator: " ")
            guard parts.count == 2 else { continue }
            streams[String(parts[0]), default: []].append(Int(parts[1]) ?? -1)
        }
        #expect(streams.count == 6)
        #expect(streams.values.allSatisfy { $0 == Array(0..<Self.rounds) })
    }

    @Test("a bus that is cut again and again, and nodes that close under way, leave nobody waiting")
    func outages() {
        let run = Run(patience: 200_000_000)
        let (ids, broker, finished) = (run.clients.all, run.broker, Count())
        for runner in run.runners { runner.publish(.max) }
        let pushers = (0..<4).map { number in
            let hub = run.nodes[number % 2].hub.hub
            return TestThread {
                for round in 0..<100 {
                    let done = Flag()
                    do throws(HubError) {
                        try hub.push(Frame("push"), to: ids[(number + round) % ids.count]) { _ in done.set() }
                    } catch {
                        done.set()
                    }
                    if number == 0, round % 10 == 0 { broker.cut() }
                    while !done.isSet { sched_yield() }
                    finished.add()
                }
            }
        }
        // One node leaves while others write to its clients.
        run.wait { finished.value > 200 }
        run.nodes[0].close()
        for thread in pushers { thread.join() }
        #expect(finished.value == 400)
        run.end()
        for node in run.nodes {
            #expect(node.hub.snapshot().residual == 0)
            #expect(node.outbox.byteCount == 0)
        }
    }
}

/// Set once, seen by other threads.
private final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}

/// Counts what several threads do.
private final class Count: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .relaxed) }
    func add() { count.add(1, ordering: .relaxed) }
}
