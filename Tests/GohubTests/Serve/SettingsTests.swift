// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig
import HubCore
import HubLog
import HubLoop
import HubServer
import HubWire
import Testing

@testable import gohub

@Suite("From the configuration to the parts")
struct SettingsTests {
    /// All that is made of a configuration.
    struct Made {
        let server: ServerSettings
        let hub: HubSettings
        let log: LogSection
        let linger: Duration

        init(_ flags: [String: String]) throws {
            let configuration = try ConfigurationLoader.load(flags: flags)
            server = try ServerSettings(configuration)
            hub = HubSettings(configuration)
            log = configuration.log
            linger = configuration.server.drainLinger
        }
    }

    /// A key, another value than its default, and where that arrives.
    struct Change: Sendable, CustomTestStringConvertible {
        let key: String
        let value: String
        /// More that the value needs to be taken.
        var also: [String: String] = [:]
        let hasArrived: @Sendable (Made) -> Bool
        var testDescription: String { "\(key): \(value)" }
    }

    private static let changes: [Change] = [
        Change(key: "server.addr", value: "127.0.0.1:99") {
            $0.server.address == SocketAddress(host: "127.0.0.1", port: 99)
        },
        Change(key: "server.admin_addr", value: ":98") { $0.server.adminAddress == SocketAddress(host: "", port: 98) },
        Change(key: "server.loops", value: "17") { $0.server.loops == 17 },
        Change(key: "server.read_timeout", value: "61s") { $0.server.readTimeout == .seconds(61) },
        Change(key: "server.write_timeout", value: "62s") { $0.server.writeTimeout == .seconds(62) },
        Change(key: "server.message_timeout", value: "67s") { $0.server.messageTimeout == .seconds(67) },
        Change(key: "server.header_timeout", value: "63s") { $0.server.headerTimeout == .seconds(63) },
        Change(key: "server.body_timeout", value: "68s") { $0.server.bodyTimeout == .seconds(68) },
        Change(key: "server.keep_alive_timeout", value: "64s") { $0.server.keepAliveTimeout == .seconds(64) },
        Change(key: "server.close_timeout", value: "1500ms") { $0.server.closeTimeout == .milliseconds(1500) },
        Change(key: "server.drain_delay", value: "65s") { $0.server.drainDelay == .seconds(65) },
        Change(key: "server.drain_timeout", value: "66s") { $0.server.drainTimeout == .seconds(66) },
        Change(key: "server.drain_linger", value: "67s") { $0.linger == .seconds(67) },
        Change(key: "server.max_head_bytes", value: "2KiB") { $0.server.maxHeadBytes == 2048 },
        Change(key: "server.body_buffer_bytes", value: "3MiB") { $0.server.bodyBufferBytes == 3 << 20 },
        Change(key: "server.max_connections", value: "7") { $0.server.maxConnections == 7 },
        Change(key: "server.max_connections_per_ip", value: "0") { $0.server.maxConnectionsPerIP == 0 },
        Change(key: "server.allowed_origins", value: "https://a.example.org,*.example.com") {
            $0.server.origins.allows(origin: "https://a.example.org", host: nil)
                && $0.server.origins.allows(origin: "https://b.example.com", host: nil)
        },
        Change(key: "server.max_concurrent_scrapes", value: "3") { $0.server.maxConcurrentScrapes == 3 },
        Change(key: "hub.node_id", value: "node-7") { $0.hub.nodeID == "node-7" },
        Change(key: "hub.max_message_bytes", value: "64KiB") { $0.server.maxMessageBytes == 65_536 },
        Change(key: "hub.message_buffer_cap", value: "9") { $0.hub.queue.messages == 9 },
        Change(key: "hub.message_buffer_bytes", value: "2MiB") { $0.hub.queue.bytes == 2 << 20 },
        Change(key: "hub.slow_client_policy", value: "drop_oldest") { $0.hub.slowClientPolicy == .dropOldest },
        Change(key: "hub.slow_client_policy", value: "drop_newest") { $0.hub.slowClientPolicy == .dropNewest },
        Change(key: "hub.ping_interval", value: "31s") { $0.server.pingInterval == .seconds(31) },
        Change(key: "hub.pong_timeout", value: "3s") { $0.server.pongTimeout == .seconds(3) },
        Change(key: "hub.max_subscriptions_per_client", value: "12") { $0.hub.maxSubscriptionsPerClient == 12 },
        Change(key: "hub.max_subscriptions_per_ip", value: "14") { $0.server.maxSubscriptionsPerIP == 14 },
        Change(key: "hub.max_topics", value: "13") { $0.hub.maxTopics == 13 },
        Change(key: "log.level", value: "debug") { $0.log.level == .debug },
        Change(key: "log.format", value: "json") { $0.log.format == .json },
    ]

    /// Keys of what this build has not: nothing is made of them.
    private static let without = Set(
        ConfigurationKey.all.map(\.path).filter { $0.hasPrefix("bus.") || $0.hasPrefix("cluster.") }
    )

    @Test(
        "there is a loop a core, within what a node can have, whatever the system says",
        arguments: [
            (0, 1, 1), (0, 8, 8), (0, 384, 256), (0, 0, 1), (0, -1, 1), (0, .max, 256), (3, 384, 3), (256, 2, 256),
        ]
    )
    func loops(configured: Int, cores: Int, count: Int) {
        #expect(ServerSettings.loops(configured: configured, cores: cores) == count)
    }

    @Test("each key arrives where it works, and its default is another", arguments: changes)
    func arrives(change: Change) throws {
        let key = try #require(ConfigurationKey.all.first { $0.path == change.key })
        #expect(change.hasArrived(try Made(change.also.merging([key.flag: change.value]) { $1 })))
        #expect(try !change.hasArrived(Made([:])))
    }

    @Test("no key is forgotten")
    func complete() {
        let tested = Set(Self.changes.map(\.key)).union(Self.without)
        #expect(tested == Set(ConfigurationKey.all.map(\.path)))
    }

    @Test("without a number of loops there is one a core")
    func loops() throws {
        #expect(try Made([:]).server.loops >= 1)
        #expect(try Made(["server-loops": "0"]).server.loops == Made([:]).server.loops)
    }

    @Test("without an address of their own operators share the clients'")
    func admin() throws {
        #expect(try Made([:]).server.adminAddress == nil)
    }

    @Test("a node that was given no name has one that no other has, and that tells nothing of its host")
    func names() {
        let names = Set((0..<100).map { _ in NodeName.make() })
        #expect(names.count == 100)
        #expect(
            names.allSatisfy { $0.count == 13 && $0.hasPrefix("node-") && UInt32($0.dropFirst(5), radix: 16) != nil }
        )
    }

    @Test("the server speaks the hub's protocol and tells the program's version")
    func fixed() throws {
        let made = try Made([:])
        #expect(made.server.subprotocols == ["gohub.v1.json"])
        #expect(made.server.version == Version.current)
        #expect(made.server.revision == Version.revision)
        #expect(made.server.path == "/ws")
    }

    @Test("there are no more connections than open files, and the limit of files is the highest there is")
    func descriptors() throws {
        let files = FileLimit.raise()
        #expect(FileLimit.raise() == files)
        let made = try Made(["server-max-connections": "10000000"]).server
        #expect(UInt64(made.maxConnections) < files || made.maxConnections == 10_000_000)
        #expect(made.clientDescriptors == .max)
        let shared = try Made(["server-admin-addr": "127.0.0.1:1"]).server
        #expect(UInt64(shared.clientDescriptors) + UInt64(shared.maxOperatorConnections) == files)
    }

    @Test("each style of log has its format")
    func styles() {
        #expect(LogStyle.json.format == .json)
        #expect(LogStyle.text.format == .text)
    }
}
