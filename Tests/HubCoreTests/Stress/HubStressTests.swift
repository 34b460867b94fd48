// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import HubWire
import Synchronization
import Testing

/// Four threads that publish, push and disconnect while the shards tick on threads of their own.
///
/// Meant for the thread sanitizer as well.
@Suite("Hub under threads")
struct HubStressTests {
    private static let rounds = 3_000

    @Test("nothing is lost, doubled or out of order, and the books balance", arguments: SlowClientPolicy.allCases)
    func threads(policy: SlowClientPolicy) async throws {
        let harness = HubHarness(shards: 3, settings: settings(messages: 64, bytes: 1 << 14, policy: policy))
        let hub = harness.hub
        let table = ClientTable()
        let runners = (0..<3).map { ShardRunner(harness, shard: $0, table: table) }
        let loops = runners.map { runner in TestThread { runner.run() } }
        let outcomes = Outcomes()
        let tally = Tally()
        let publishers = (0..<4).map { number in
            TestThread {
                var random = SplitMix64(seed: UInt64(number) + 1)
                for step in 0..<HubStressTests.rounds {
                    switch Int.random(in: 0..<10, using: &random) {
                    case 0...3:
                        hub.broadcast(Frame("\(number) all \(step)"))
                        tally.add("\(number) all", step)
                    case 4...6:
                        if (try? hub.publish(Frame("\(number) news \(step)"), to: "news")) != nil {
                            tally.add("\(number) news", step)
                        }
                    case 7, 8:
                        guard let id = table.random(using: &random) else { continue }
                        let key = number * HubStressTests.rounds + step
                        if (try? hub.push(Frame("push"), to: id, completion: outcomes.recorder(key))) != nil {
                            tally.count()
                        }
                    default:
                        if let id = table.random(using: &random), step % 5 == 0 { try? hub.disconnect(id) }
                        _ = hub.clientCount
                    }
                }
            }
        }
        for thread in publishers { thread.join() }
        for runner in runners { runner.stop() }
        for thread in loops { thread.join() }
        for runner in runners { runner.handOver(to: harness) }
        harness.tick()
        for runner in runners { tally.check(runner.steady) }
        harness.expectBalanced()
        harness.expectEmptyAfterAllLeft()
        #expect(outcomes.all.count == tally.pushes)
        #expect(outcomes.all.values.allSatisfy { $0.count == 1 })
    }

    @Test("pushAndWait from many tasks returns or throws, each once")
    func waiting() async throws {
        let harness = HubHarness(shards: 2, settings: settings(messages: 16, policy: .dropOldest))
        let hub = harness.hub
        let table = ClientTable()
        let runners = (0..<2).map { ShardRunner(harness, shard: $0, table: table) }
        let loops = runners.map { runner in TestThread { runner.run() } }
        let results = await withTaskGroup(of: Int.self) { group in
            for number in 0..<8 {
                group.addTask {
                    var random = SplitMix64(seed: UInt64(number) + 99)
                    var finished = 0
                    for _ in 0..<200 {
                        if let id = table.random(using: &random) { try? await hub.pushAndWait(Frame("x"), to: id) }
                        finished += 1
                        await Task.yield()
                    }
                    return finished
                }
            }
            return await group.reduce(0, +)
        }
        #expect(results == 1_600)
        for runner in runners { runner.stop() }
        for thread in loops { thread.join() }
        for runner in runners { runner.handOver(to: harness) }
        harness.expectEmptyAfterAllLeft()
    }
}

/// What was published and pushed by all threads.
private final class Tally: Sendable {
    private let streams = Mutex<[String: [Int]]>([:])
    private let accepted = Atomic<Int>(0)

    var pushes: Int { accepted.load(ordering: .relaxed) }

    func add(_ stream: String, _ step: Int) { streams.withLock { $0[stream, default: []].append(step) } }

    func count() { accepted.add(1, ordering: .relaxed) }

    /// Expects that a client that read all the time got each thread's publications, once and in order.
    func check(_ client: FakeClient) {
        var found: [String: [Int]] = [:]
        for case .text(let text) in client.transport.frames {
            guard let space = text.lastIndex(of: " "), let step = Int(text[text.index(after: space)...]) else {
                continue
            }
            found[String(text[..<space]), default: []].append(step)
        }
        let expected = streams.withLock { $0 }
        #expect(found == expected)
    }
}
