// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop
import HubTesting
import Testing

@testable import HubRedis

/// The adapter with a server that refuses some channels.
@Suite("Refused subscriptions")
struct RedisRefusalTests: ScriptedLink {
    let loop: EventLoop
    private let server: ScriptedRedis
    private var settings = RedisSettings()
    private let bus: RedisBus
    private let events = BusRecorder()
    private static let refusal =
        "-NOPERM this user has no permissions to access one of the channels used as arguments\r\n"

    init() throws {
        let loop = try EventLoop(clock: VirtualClock())
        self.loop = loop
        let server = try ScriptedRedis(loop)
        self.server = server
        server.script = { words in
            words.first == "SUBSCRIBE" && words.contains("gohub:topic/no") ? Self.refusal : nil
        }
        settings.addresses = [server.address]
        bus = try RedisBus(settings, loop: loop)
        bus.start(events)
        bus.connect()
        #expect(loop.run { events.isConnected })
    }

    private static func topic(_ name: String) -> BusTopic {
        Array("topic/\(name)".utf8).withUnsafeBytes { BusTopic($0) } ?? .broadcast
    }

    /// What is tried before anything is wanted.
    private let trial = "UNSUBSCRIBE gohub:nodes"

    private var subscriptions: [String] {
        server.commands.filter { $0.hasPrefix("SUBSCRIBE") || $0.hasPrefix("UNSUB") }
    }

    @Test(
        "of several that are refused together each is asked for by itself, and confirmed before what was wanted later"
    )
    func order() throws {
        bus.want(InterestChange(steps: [.add(Self.topic("a")), .add(Self.topic("no"))], generation: 2))
        bus.want(InterestChange(steps: [.add(Self.topic("b"))], generation: 3))
        #expect(loop.run { events.confirmed == [2, 3] })
        #expect(events.refused == [Self.topic("no")] && events.isConnected)
        let asked = ["a gohub:topic/no", "b", "a", "no"].map { "SUBSCRIBE gohub:topic/\($0)" }
        #expect(subscriptions == [trial] + asked)
        finish(bus, server)
    }

    @Test("what was given up meanwhile is not asked for again")
    func givenUp() throws {
        bus.want(InterestChange(steps: [.add(Self.topic("a")), .add(Self.topic("no"))], generation: 2))
        bus.want(InterestChange(steps: [.remove(Self.topic("a"))], generation: 3))
        #expect(loop.run { events.confirmed == [2, 3] })
        let asked = ["SUBSCRIBE gohub:topic/a gohub:topic/no", "UNSUBSCRIBE gohub:topic/a", "SUBSCRIBE gohub:topic/no"]
        #expect(subscriptions == [trial] + asked)
        finish(bus, server)
    }

    @Test(
        "who may not unsubscribe, or ask for the server's role, is told so before anything is wanted",
        arguments: ["UNSUBSCRIBE", "ROLE"]
    )
    func missingRight(command: String) throws {
        bus.close {}
        server.script = { words in
            words.first == command
                ? "-NOPERM this user has no permissions to run the '\(command.lowercased())' command\r\n" : nil
        }
        let (bus, events) = (try RedisBus(settings, loop: loop), BusRecorder())
        bus.start(events)
        bus.connect()
        #expect(loop.run { !events.faults.isEmpty })
        #expect(events.refused.isEmpty && events.confirmed.isEmpty)
        let fault = try #require(events.faults.first)
        #expect(fault.reason == .refused)
        #expect(fault.message.contains(command.lowercased()) && fault.message.contains("Keeping others out"))
        finish(bus, server)
    }
}
