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
@Suite("Bridge under threads", .timeLimit(.minutes(5)))
struct BridgeStressTests {
    private static let rounds = 400

    /// Runs the threads of some nodes while `body` looks on, then ends them in order.
    private func run(_ nodes: [ThreadedNode], _ broker: JobQueue, _ body: @escaping @Sendable () async -> Void)
        async throws
    {
        let isOver = Flag()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await Blocking.run {
                    while !isOver.isSet {
                        broker.run()
                        sched_yield()
                    }
                }
            }
            for node in nodes {
                group.addTask { try await Blocking.run { node.runBus() } }
                for runner in node.runners { group.addTask { try await Blocking.run { runner.run() } } }
            }
            group.addTask {
                await body()
                for node in nodes { node.close() }
            }
            // All but the broker and the shards end by themselves.
            for _ in 0..<nodes.count + 1 { _ = try await group.next() }
            for runner in nodes.flatMap(\.runners) { runner.stop() }
            isOver.set()
            try await group.waitForAll()
        }
    }

    private static func wait(until isTrue: () -> Bool) async { while !isTrue() { await Task.yield() } }

    @Test("every confirmed message of every publisher comes to every loop in order, and every push is answered once")
    func threads() async throws {
        let serverJobs = JobQueue()
        let broker = MemoryBroker { serverJobs.post($0) }
        let clients = SharedClients()
        let nodes = ["a", "b"].map { ThreadedNode($0, broker, clients: clients, patience: 60_000_000_000) }
        let pushes = Mutex<[Int: Int]>([:])
        let started = Count()
        try await run(nodes, serverJobs) {
            await Self.wait { nodes.allSatisfy { $0.isServing(with: 1) } && clients.all.count == 6 }
            let runners = nodes.flatMap(\.runners)
            // Every listener has its answer to the subscription.
            await Self.wait { runners.allSatisfy { $0.receivedCount >= 1 } }
            for runner in runners { runner.publish(Self.rounds) }
            let ids = clients.all
            for number in 0..<200 {
                let (hub, id) = (nodes[number % 2].hub.hub, ids[number % ids.count])
                do throws(HubError) {
                    try hub.push(Frame("push"), to: id) { _ in pushes.withLock { $0[number, default: 0] += 1 } }
                    started.add()
                } catch {}
                await Task.yield()
            }
            await Self.wait {
                runners.allSatisfy {
                    $0.answeredCount >= Self.rounds && $0.receivedCount >= 1 + Self.rounds * runners.count
                }
            }
        }
        for node in nodes {
            for runner in node.runners { expectComplete(runner) }
            #expect(node.hub.snapshot().openAnswers == 0)
            #expect(node.hub.snapshot().residual == 0)
        }
        #expect(pushes.withLock { $0.count } == started.value)
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

    @Test("a bus that is cut again and again, and closed under way, leaves nobody waiting")
    func outages() async throws {
        let serverJobs = JobQueue()
        let broker = MemoryBroker { serverJobs.post($0) }
        let clients = SharedClients()
        let nodes = ["a", "b"].map { ThreadedNode($0, broker, clients: clients, patience: 200_000_000) }
        let finished = Count()
        try await run(nodes, serverJobs) {
            await Self.wait { nodes.allSatisfy { $0.isServing(with: 1) } && clients.all.count == 6 }
            for runner in nodes.flatMap(\.runners) { runner.publish(.max) }
            let ids = clients.all
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        for round in 0..<60 {
                            let id = ids[(number + round) % ids.count]
                            try? await nodes[number % 2].hub.hub.pushAndWait(Frame("push"), to: id)
                            finished.add()
                            if number == 0, round % 10 == 0 { broker.cut() }
                        }
                    }
                }
                // One node leaves while others write to its clients.
                group.addTask {
                    await Self.wait { finished.value > 240 }
                    nodes[0].close()
                }
            }
        }
        #expect(finished.value == 480)
        for node in nodes {
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
