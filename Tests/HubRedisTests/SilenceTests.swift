// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop
import HubTesting
import Testing

@testable import HubRedis

/// The adapter with a server of which one connection is dead, while others carry messages.
@Suite("Silent connections")
struct SilenceTests: ScriptedLink {
    private let clock = VirtualClock()
    let loop: EventLoop
    private let events = BusRecorder()
    private let server: ScriptedRedis
    private let other: ScriptedRedis

    init() throws {
        let loop = try EventLoop(clock: clock)
        self.loop = loop
        server = try ScriptedRedis(loop)
        other = try ScriptedRedis(loop)
    }

    private func connect(_ change: (inout RedisSettings) -> Void) throws -> RedisBus {
        var settings = RedisSettings()
        settings.addresses = [server.address, other.address]
        change(&settings)
        let bus = try RedisBus(settings, loop: loop)
        bus.start(events)
        bus.connect()
        #expect(loop.run { events.isConnected })
        bus.want(InterestChange(steps: [.add(.broadcast)], generation: 1))
        #expect(loop.run { events.confirmed == [1] })
        return bus
    }

    /// Lets a second pass in steps after which the loop does not find that it stood still.
    private func passSecond() {
        for _ in 0..<4 {
            clock.advance(by: .milliseconds(251))
            loop.runOnce(wait: false)
        }
    }

    /// Lets seconds pass, in each of which a message comes and a publication is answered.
    private func pass(_ seconds: Int, _ bus: RedisBus) {
        for second in 0..<seconds where events.faults.isEmpty {
            passSecond()
            server.tell("gohub:broadcast", ScriptedRedis.message("message", "gohub:broadcast", "\(second)"))
            let id = UInt64(events.settled.count)
            publish(id, bus)
            let count = events.received.count
            #expect(loop.run { !events.faults.isEmpty || (events.received.count > count && events.settled[id] != nil) })
            for _ in 0..<5 { loop.runOnce(wait: false) }
        }
    }

    @Test("the publisher is dead when nothing is answered, though messages come all the time")
    func publisher() throws {
        let bus = try connect { _ in }
        server.script = { $0.first == "PUBLISH" ? "" : nil }
        publish(0, bus)
        for second in 1...5 {
            passSecond()
            server.tell("gohub:broadcast", ScriptedRedis.message("message", "gohub:broadcast", "x"))
            #expect(loop.run { events.received.count == second })
        }
        #expect(events.faults.isEmpty)
        passSecond()
        #expect(loop.run { events.faults.map(\.reason) == [.timeout] })
        finish(bus, server, other)
    }

    @Test("the subscriber is dead when it is silent and answers no ping, though all that is published is answered")
    func subscriber() throws {
        let bus = try connect { _ in }
        server.script = { $0.first == "PING" ? "" : nil }
        for second in 0..<34 as Range<UInt64> {
            passSecond()
            publish(second, bus)
            #expect(loop.run { events.settled[second] != nil })
        }
        #expect(events.faults.isEmpty)
        for _ in 0..<2 { passSecond() }
        #expect(loop.run { events.faults.map(\.reason) == [.timeout] })
        finish(bus, server, other)
    }

    private func publish(_ id: UInt64, _ bus: RedisBus) {
        bus.publish([Outgoing(id: id, kind: .node, topic: .nodes, envelope: EncodedEnvelope([1]), deadline: .max)])
    }

    /// What a stream's end is asked by, and nothing to read.
    private func stream(_ words: [String], _ read: String?) -> String? {
        switch words.first {
        case "XADD": ScriptedRedis.bulk("1-0")
        case "XREAD": read
        default: nil
        }
    }

    @Test("the reader of a stream is dead when not even the end of its wait is answered", arguments: [false, true])
    func stream(isDead: Bool) throws {
        server.script = { stream($0, "") }
        let bus = try connect { $0.delivery = .streams }
        if isDead {
            pass(9, bus)
            #expect(events.faults.isEmpty)
            pass(3, bus)
            #expect(events.faults.map(\.reason) == [.timeout])
        } else {
            #expect(loop.run { server.commands.contains { $0.hasPrefix("XREAD") } })
            for _ in 0..<8 {
                pass(5, bus)
                server.answer("XREAD", "*-1\r\n")
            }
            #expect(events.faults.isEmpty)
        }
        finish(bus, server, other)
    }

    @Test("nobody is judged for the time in which the node itself stood still", arguments: [false, true])
    func standstill(isDead: Bool) throws {
        server.script = { stream($0, "") }
        let bus = try connect { $0.delivery = .streams }
        #expect(loop.run { server.commands.contains { $0.hasPrefix("XREAD") } })
        clock.advance(by: .seconds(60))
        for _ in 0..<10 { loop.runOnce(wait: false) }
        #expect(events.faults.isEmpty)
        if isDead {
            pass(12, bus)
        } else {
            server.answer("XREAD", "*-1\r\n")
            pass(9, bus)
        }
        #expect(events.faults.map(\.reason) == (isDead ? [.timeout] : []))
        finish(bus, server, other)
    }

    @Test("a sentinel that lets the node in and does not name the master is given up after sync_timeout")
    func question() throws {
        var settings = RedisSettings()
        settings.mode = .sentinel
        settings.addresses = [server.address]
        let bus = try RedisBus(settings, loop: loop)
        bus.start(events)
        server.script = { ["CLIENT", "PING", "SENTINEL"].contains($0.first) ? "" : nil }
        bus.connect()
        #expect(loop.run { server.commands == ["PING"] })
        // The handshake has as long for itself.
        for _ in 0..<4 { passSecond() }
        server.answer("PING", "+OK\r\n+PONG\r\n")
        #expect(loop.run { server.commands.contains { $0.hasPrefix("SENTINEL") } })
        for _ in 0..<4 { passSecond() }
        #expect(events.faults.isEmpty)
        passSecond()
        #expect(loop.run { events.faults.map(\.reason) == [.timeout] })
        #expect(events.faults.first?.message == "\(server.address) did not answer within 5.0 seconds")
        finish(bus, server, other)
    }

    @Test("a sentinel that is silent is left for the next one")
    func sentinel() throws {
        let (host, port) = (server.address.host, server.address.port)
        let master = "*2\r\n\(ScriptedRedis.bulk(host))\(ScriptedRedis.bulk("\(port)"))"
        let sentinels = try [ScriptedRedis(loop), ScriptedRedis(loop)]
        for sentinel in sentinels { sentinel.script = { $0.first == "SENTINEL" ? master : nil } }
        let bus = try connect {
            $0.mode = .sentinel
            $0.addresses = sentinels.map(\.address)
        }
        let watched = { (sentinel: ScriptedRedis) in sentinel.commands.contains("SUBSCRIBE +switch-master") }
        #expect(loop.run { sentinels.contains(where: watched) })
        let first = watched(sentinels[0]) ? 0 : 1
        sentinels[first].script = { _ in "" }
        pass(34, bus)
        #expect(!watched(sentinels[1 - first]))
        pass(8, bus)
        #expect(loop.run { watched(sentinels[1 - first]) })
        #expect(events.isConnected && events.faults.isEmpty)
        sentinels.forEach { $0.end() }
        finish(bus, server, other)
    }
}
