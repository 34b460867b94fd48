// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop
import HubTesting
import Testing

@testable import HubRedis

/// The adapter in a cluster of two masters that answer what the test wants.
@Suite("Sharded Pub/Sub of a cluster")
struct ShardedPubSubTests: ScriptedLink {
    private let clock = VirtualClock()
    let loop: EventLoop
    /// The masters of the lower and of the upper half of the slots; the first is the one that is asked.
    private let servers: [ScriptedRedis]
    private let bus: RedisBus
    private let events = BusRecorder()

    init() throws {
        let loop = try EventLoop(clock: clock)
        self.loop = loop
        let servers = try [ScriptedRedis(loop), ScriptedRedis(loop)]
        self.servers = servers
        let map = ScriptedRedis.shards([(0...8191, servers[0].address), (8192...16_383, servers[1].address)])
        for server in servers { server.script = { $0 == ["CLUSTER", "SHARDS"] ? map : nil } }
        var settings = RedisSettings()
        settings.addresses = servers.map(\.address)
        settings.mode = .cluster
        bus = try RedisBus(settings, loop: loop)
        bus.start(events)
    }

    private static func topic(_ name: String) -> BusTopic {
        Array("topic/\(name)".utf8).withUnsafeBytes { BusTopic($0) } ?? .broadcast
    }

    /// A topic in a slot of one of the masters.
    private static func topic(of master: Int) throws -> BusTopic {
        let topics = (0..<100).map { topic("news\($0)") }
        return try #require(topics.first { ClusterSlot.of(Array("gohub:\($0)".utf8)) / 8192 == master })
    }

    /// Lets one of the servers answer in its own way to what begins so.
    private func script(_ master: Int, _ start: String, _ answer: String) {
        let usual = servers[master].script
        servers[master].script = { $0.joined(separator: " ").hasPrefix(start) ? answer : usual($0) }
    }

    private func connect() {
        bus.connect()
        #expect(loop.run { events.isConnected || !events.faults.isEmpty })
    }

    private func publish(_ id: UInt64, _ topic: BusTopic, _ kind: Envelope.Kind = .publication) {
        bus.publish([
            Outgoing(id: id, kind: kind, topic: topic, envelope: EncodedEnvelope(Array("m\(id)".utf8)), deadline: .max)
        ])
    }

    /// Moves the time on, and a little further, as timers may be late by so much.
    private func passFiveSeconds() { clock.advance(by: .milliseconds(5010)) }

    /// What a server was asked, of one kind.
    private func commands(_ master: Int, _ name: String) -> [String] {
        servers[master].commands.filter { $0.hasPrefix(name + " ") && !$0.contains("gohub:shard/") }
    }

    @Test("publications to topics go to the master of their slot, everything else to any node")
    func ways() throws {
        let topics = try [Self.topic(of: 0), Self.topic(of: 1)]
        connect()
        #expect(bus.way == "sharded")
        publish(1, topics[0])
        publish(2, topics[1])
        publish(3, .broadcast)
        publish(4, .nodes, .node)
        publish(5, .node("a"), .request)
        publish(6, .node("a"), .probe)
        #expect(loop.run { events.settled.count == 6 })
        #expect(events.settled.values.allSatisfy { $0 == nil })
        #expect(commands(0, "SPUBLISH") == ["SPUBLISH gohub:\(topics[0]) m1"])
        #expect(commands(1, "SPUBLISH") == ["SPUBLISH gohub:\(topics[1]) m2"])
        let others = ["broadcast m3", "nodes m4", "node/a m5", "node/a m6"]
        #expect(commands(0, "PUBLISH") == others.map { "PUBLISH gohub:\($0)" })
        #expect(commands(1, "PUBLISH").isEmpty)
        #expect(servers.map(\.openCount) == [4, 2])
        finish(bus, servers[0], servers[1])
    }

    @Test(
        "an interest in topics is confirmed when the node and the master have confirmed it, in the order of the changes"
    )
    func confirms() throws {
        let topics = try [Self.topic(of: 0), Self.topic(of: 1)]
        script(1, "SSUBSCRIBE gohub:topic", "")
        connect()
        bus.want(InterestChange(steps: [.add(.broadcast), .add(topics[1])], generation: 2))
        bus.want(InterestChange(steps: [.add(topics[0])], generation: 3))
        #expect(loop.run { commands(0, "SSUBSCRIBE").count == 1 && commands(1, "SSUBSCRIBE").count == 1 })
        let asked = ["SUBSCRIBE gohub:broadcast gohub:\(topics[1])", "SUBSCRIBE gohub:\(topics[0])"]
        #expect(commands(0, "SUBSCRIBE") == asked)
        for _ in 0..<10 { loop.runOnce(wait: false) }
        #expect(events.confirmed.isEmpty)
        servers[1].tell("gohub:\(topics[1])", ScriptedRedis.confirmation("ssubscribe", "gohub:\(topics[1])"))
        #expect(loop.run { events.confirmed == [2, 3] })
        for (index, topic) in topics.enumerated() {
            servers[index].tell("gohub:\(topic)", ScriptedRedis.message("smessage", "gohub:\(topic)", "x"))
        }
        #expect(loop.run { events.received.sorted() == topics.map { "\($0) x" }.sorted() })
        bus.want(InterestChange(steps: [.remove(topics[0])], generation: 4))
        #expect(loop.run { events.confirmed == [2, 3, 4] })
        #expect(commands(0, "SUNSUBSCRIBE") == ["SUNSUBSCRIBE gohub:\(topics[0])"])
        #expect(events.isConnected)
        finish(bus, servers[0], servers[1])
    }

    @Test("many topics are subscribed to one by one, as only channels of one slot may share a command")
    func many() throws {
        connect()
        let topics = (0..<2000).map { Self.topic("t\($0)") }
        bus.want(InterestChange(steps: topics.map { .add($0) }, generation: 7))
        #expect(loop.run { events.confirmed == [7] })
        let asked = commands(0, "SSUBSCRIBE") + commands(1, "SSUBSCRIBE")
        #expect(Set(asked) == Set(topics.map { "SSUBSCRIBE gohub:\($0)" }) && asked.count == topics.count)
        finish(bus, servers[0], servers[1])
    }

    @Test("goes on with classic Pub/Sub alone where the server does not know better")
    func classic() throws {
        script(
            0,
            "CLUSTER",
            "-ERR Unknown subcommand or wrong number of arguments for 'SHARDS'. Try CLUSTER HELP.\r\n"
        )
        let topic = try Self.topic(of: 1)
        connect()
        #expect(bus.way == "classic")
        bus.want(InterestChange(steps: [.add(topic)], generation: 1))
        publish(1, topic)
        #expect(loop.run { events.confirmed == [1] && events.settled.count == 1 })
        #expect(commands(0, "PUBLISH") == ["PUBLISH gohub:\(topic) m1"])
        #expect(servers.map(\.openCount) == [2, 0])
        #expect(servers[0].commands.allSatisfy { !$0.hasPrefix("S") || $0.hasPrefix("SUB") })
        finish(bus, servers[0], servers[1])
    }

    @Test(
        "says which rights it needs where one is missing, before it is connected",
        arguments: [(0, "CLUSTER"), (1, "SPUBLISH"), (0, "SSUBSCRIBE"), (1, "SUNSUBSCRIBE")]
    )
    func rights(master: Int, command: String) throws {
        script(master, command, "-NOPERM this user has no permissions to run the '\(command)' command\r\n")
        connect()
        let fault = try #require(events.faults.first)
        #expect(fault.reason == .refused && events.faults.count == 1 && !events.isConnected)
        for words in ["\(servers[master].address)", "NOPERM", "+ssubscribe", "+cluster|shards"] {
            #expect(fault.message.contains(words), "\(fault.message)")
        }
        finish(bus, servers[0], servers[1])
    }

    @Test("says that all nodes need to be of one kind where one master does not know the command")
    func mixed() throws {
        script(1, "SPUBLISH", "-ERR unknown command 'SPUBLISH', with args beginning with: 'gohub:shard/0' '' \r\n")
        connect()
        let fault = try #require(events.faults.first)
        #expect(fault.reason == .refused && fault.message.contains("all nodes of the cluster need Redis 7.0"))
        finish(bus, servers[0], servers[1])
    }

    @Test("tells once of a topic that both servers refuse, and goes on")
    func refusedTopic() throws {
        let topic = try Self.topic(of: 1)
        let answer = "-NOPERM this user has no permissions to access one of the channels used as arguments\r\n"
        script(0, "SUBSCRIBE gohub:topic", answer)
        script(1, "SSUBSCRIBE gohub:topic", answer)
        connect()
        bus.want(InterestChange(steps: [.add(topic)], generation: 1))
        #expect(loop.run { events.confirmed == [1] })
        #expect(events.refused == [topic] && events.isConnected)
        // Wanted again it is asked for again.
        bus.want(InterestChange(steps: [.remove(topic), .add(topic)], generation: 3))
        #expect(loop.run { events.confirmed == [1, 3] })
        #expect(events.refused == [topic, topic] && events.isConnected)
        finish(bus, servers[0], servers[1])
    }

    @Test(
        "ends as moved when a master has a slot no more, or none is served",
        arguments: [
            "-MOVED 12000 127.0.0.1:7001\r\n", "-ASK 12000 127.0.0.1:7001\r\n",
            "-CLUSTERDOWN Hash slot not served\r\n",
        ],
        ["SPUBLISH", "SSUBSCRIBE"]
    )
    func moved(answer: String, command: String) throws {
        let topic = try Self.topic(of: 1)
        script(1, "\(command) gohub:topic", answer)
        connect()
        bus.want(InterestChange(steps: [.add(topic)], generation: 1))
        if command == "SPUBLISH" { publish(1, topic) }
        #expect(loop.run { !events.faults.isEmpty })
        try expectMoved()
        if command == "SPUBLISH" { #expect(events.settled[1]??.code != nil) }
        #expect(events.refused.isEmpty)
        #expect(loop.run { servers.allSatisfy { $0.openCount == 0 } })
        // The next attempt asks for a map.
        events.clearFaults()
        for server in servers { server.script = Self.shardsOnly(servers) }
        connect()
        #expect(events.isConnected)
        #expect(servers.reduce(0) { $0 + $1.commands.count { $0 == "CLUSTER SHARDS" } } == 2)
        finish(bus, servers[0], servers[1])
    }

    private static func shardsOnly(_ servers: [ScriptedRedis]) -> ([String]) -> String? {
        let map = ScriptedRedis.shards([(0...8191, servers[0].address), (8192...16_383, servers[1].address)])
        return { $0 == ["CLUSTER", "SHARDS"] ? map : nil }
    }

    private func expectMoved() throws {
        let fault = try #require(events.faults.first)
        #expect(fault.reason == .moved && events.faults.count == 1)
        #expect(fault.message.contains("\(servers[1].address)"), "\(fault.message)")
    }

    @Test("ends as moved when a master unsubscribes it, and not when it was asked to")
    func unsubscribed() throws {
        let topic = try Self.topic(of: 1)
        let channel = "gohub:\(topic)"
        connect()
        bus.want(InterestChange(steps: [.add(topic)], generation: 1))
        bus.want(InterestChange(steps: [.remove(topic), .add(topic)], generation: 3))
        #expect(loop.run { events.confirmed == [1, 3] })
        #expect(events.isConnected)
        servers[1].tell(channel, ScriptedRedis.confirmation("sunsubscribe", channel))
        #expect(loop.run { !events.faults.isEmpty })
        try expectMoved()
        finish(bus, servers[0], servers[1])
    }

    @Test("ends with all connections when one of them does, and names the server")
    func closed() throws {
        connect()
        servers[1].end()
        #expect(loop.run { !events.faults.isEmpty })
        let fault = try #require(events.faults.first)
        #expect(fault.reason == .closed && fault.message.contains("\(servers[1].address)"))
        #expect(loop.run { servers.allSatisfy { $0.openCount == 0 } })
        finish(bus, servers[0], servers[1])
    }

    @Test("asks a connection on which nothing comes for a sign of life, and ends when none comes")
    func silence() throws {
        connect()
        let asked = {
            servers.map { server in
                server.commands.count { $0 == "PING" || $0.hasPrefix("SPUBLISH gohub:shard/") }
            }
        }
        let pings = asked()
        for _ in 0..<5 {
            passFiveSeconds()
            for _ in 0..<10 { loop.runOnce(wait: false) }
        }
        #expect(asked() == pings)
        passFiveSeconds()
        // Each of the six connections, also those of the node that is asked for everything else.
        #expect(loop.run { asked() == [pings[0] + 4, pings[1] + 2] })
        // And all of them answer before time goes on.
        for _ in 0..<20 { loop.runOnce(wait: false) }
        #expect(events.isConnected)
        script(1, "PING", "")
        for _ in 0..<6 {
            passFiveSeconds()
            for _ in 0..<20 { loop.runOnce(wait: false) }
        }
        #expect(loop.run { asked() == [pings[0] + 8, pings[1] + 4] })
        #expect(events.isConnected)
        passFiveSeconds()
        #expect(loop.run { !events.faults.isEmpty })
        let fault = try #require(events.faults.first)
        #expect(fault.reason == .timeout && fault.message.contains("\(servers[1].address)"))
        finish(bus, servers[0], servers[1])
    }

    @Test("ends as moved when a silent master does not serve its slots any more")
    func givenUp() throws {
        connect()
        script(1, "SPUBLISH", "-CLUSTERDOWN The cluster is down\r\n")
        for _ in 0..<7 {
            passFiveSeconds()
            for _ in 0..<10 { loop.runOnce(wait: false) }
        }
        #expect(loop.run { !events.faults.isEmpty })
        try expectMoved()
        finish(bus, servers[0], servers[1])
    }

    @Test("goes on when a master refuses a publication for a reason of its own")
    func busy() throws {
        let topic = try Self.topic(of: 1)
        script(1, "SPUBLISH gohub:topic", "-BUSY Redis is busy running a script.\r\n")
        connect()
        publish(1, topic)
        #expect(loop.run { events.settled.count == 1 })
        #expect(events.settled[1]??.code == .failed && events.isConnected)
        finish(bus, servers[0], servers[1])
    }

    @Test("ends when a master refuses not only one publication for want of rights", arguments: [false, true])
    func rightsLost(all: Bool) throws {
        let topic = try Self.topic(of: 1)
        connect()
        let trials = servers[1].commands.count
        script(1, all ? "SPUBLISH" : "SPUBLISH gohub:topic", "-NOPERM this user has no permissions\r\n")
        publish(1, topic)
        #expect(loop.run { servers[1].commands.count == trials + 2 })
        #expect(loop.run { events.settled.count == 1 && events.isConnected != all })
        #expect(events.settled[1]??.code == .rejected)
        #expect(events.faults.map(\.reason) == (all ? [.refused] : []))
        finish(bus, servers[0], servers[1])
    }

    @Test("ends soon when a publication to a master is not answered")
    func unanswered() throws {
        let topic = try Self.topic(of: 1)
        script(1, "SPUBLISH gohub:topic", "")
        connect()
        publish(1, topic)
        #expect(loop.run { commands(1, "SPUBLISH").count == 1 })
        passFiveSeconds()
        #expect(loop.run { !events.faults.isEmpty })
        #expect(events.faults.first?.reason == .timeout)
        finish(bus, servers[0], servers[1])
    }

    @Test("takes nothing from any server while there is no room, which is no silence of theirs")
    func pauses() throws {
        let topics = try [Self.topic(of: 0), Self.topic(of: 1)]
        connect()
        bus.want(InterestChange(steps: topics.map { .add($0) }, generation: 2))
        #expect(loop.run { events.confirmed == [2] })
        events.hasRoom = false
        let channels = topics.map { "gohub:\($0)" }
        servers[0].tell(channels[0], ScriptedRedis.message("smessage", channels[0], "1"))
        #expect(loop.run { events.received.count == 1 })
        servers[1].tell(channels[1], ScriptedRedis.message("smessage", channels[1], "2"))
        for _ in 0..<20 {
            passFiveSeconds()
            for _ in 0..<10 { loop.runOnce(wait: false) }
        }
        #expect(events.received.count == 1 && events.isConnected)
        events.hasRoom = true
        bus.resume()
        #expect(loop.run { events.received == ["\(topics[0]) 1", "\(topics[1]) 2"] })
        for _ in 0..<10 { loop.runOnce(wait: false) }
        #expect(events.isConnected)
        finish(bus, servers[0], servers[1])
    }

    @Test("asks a server that is configured, and is well again, after one of many masters that have gone")
    func goneMasters() throws {
        let gone = try ScriptedRedis(loop)
        gone.end()
        let usual = servers[0].script(["CLUSTER", "SHARDS"])
        let masters = (0..<60).map { number in
            (
                273 * number...(number == 59 ? 16_383 : 273 * number + 272),
                SocketAddress(host: "127.0.1.\(number + 1)", port: gone.address.port)
            )
        }
        for index in servers.indices { script(index, "CLUSTER", ScriptedRedis.shards(masters)) }
        for attempt in 1...3 {
            bus.connect()
            #expect(loop.run { events.faults.count == attempt })
            bus.disconnect()
        }
        #expect(servers.map { $0.commands.filter { $0.hasPrefix("CLUSTER") }.count } == [1, 1])
        script(0, "CLUSTER", try #require(usual))
        for _ in 0..<2 where !events.isConnected {
            let before = events.faults.count
            bus.connect()
            #expect(loop.run { events.isConnected || events.faults.count > before })
            if !events.isConnected { bus.disconnect() }
        }
        #expect(events.isConnected)
        finish(bus, servers[0], servers[1])
    }

    @Test("needs a master for each slot")
    func unserved() throws {
        let halves = [(0...8191, servers[0].address), (8193...16_383, servers[1].address)]
        script(0, "CLUSTER", ScriptedRedis.shards(halves))
        connect()
        let fault = try #require(events.faults.first)
        #expect(fault.reason == .unreachable && fault.message.contains("slot 8192"))
        finish(bus, servers[0], servers[1])
    }
}
