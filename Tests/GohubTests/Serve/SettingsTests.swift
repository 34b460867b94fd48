// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubConfig
import HubCore
import HubLog
import HubLoop
import HubRedis
import HubServer
import HubTLS
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
        let link: BusLink.Settings
        let bridge: BridgeSettings
        let redis: RedisSettings
        let bus: BusSection

        init(_ flags: [String: String]) throws {
            let configuration = try ConfigurationLoader.load(flags: flags)
            link = BusLink.Settings(configuration)
            bridge = BridgeSettings(configuration)
            redis = try RedisSettings(configuration)
            bus = configuration.bus
            server = try ServerSettings(configuration)
            hub = HubSettings(configuration)
            log = configuration.log
            linger = configuration.server.drainLinger
        }

        /// Whether a password is asked of a file, which is not there.
        func password(
            of side: KeyPath<RedisSettings, BusSecret.Source?>
        ) -> Bool {
            do throws(BusSecretError) {
                _ = try redis[keyPath: side]?()
                return false
            } catch {
                return error.message.contains("/nowhere/p")
            }
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
        Change(key: "bus.type", value: "redis") { $0.bus.type == .redis },
        Change(key: "bus.accept_bare", value: "false") { !$0.link.acceptsBare },
        Change(key: "bus.publish_timeout", value: "70ms") { $0.link.publishTimeout == 70_000_000 },
        Change(key: "bus.probe_after", value: "9s") {
            $0.link.supervisor.probeAfter == 9_000_000_000 && $0.redis.probeAfter == .seconds(9)
        },
        Change(key: "bus.unsubscribe_after", value: "3s") { $0.bridge.unsubscribeAfter == 3_000_000_000 },
        Change(key: "bus.buffer.max_bytes", value: "1MiB") { $0.bridge.bufferBytes == 1 << 20 },
        Change(key: "bus.buffer.max_age", value: "4s") { $0.bridge.bufferAge == 4_000_000_000 },
        Change(key: "bus.redis.addrs", value: "a:1,b:2") { $0.redis.addresses.map(\.description) == ["a:1", "b:2"] },
        Change(key: "bus.redis.mode", value: "cluster") { $0.redis.mode == .cluster },
        Change(key: "bus.redis.master_name", value: "hub", also: ["bus-redis-mode": "sentinel"]) {
            $0.redis.masterName == "hub" && $0.redis.mode == .sentinel
        },
        Change(key: "bus.redis.delivery", value: "streams") { $0.redis.delivery == .streams },
        Change(key: "bus.redis.user", value: "u", also: ["bus-redis-password-file": "/p"]) { $0.redis.user == "u" },
        Change(key: "bus.redis.password_file", value: "/nowhere/p") { $0.password(of: \.password) },
        Change(
            key: "bus.redis.sentinel_user",
            value: "s",
            also: [
                "bus-redis-mode": "sentinel", "bus-redis-master-name": "hub",
                "bus-redis-sentinel-password-file": "/p",
            ]
        ) { $0.redis.sentinelUser == "s" },
        Change(
            key: "bus.redis.sentinel_password_file",
            value: "/nowhere/p",
            also: ["bus-redis-mode": "sentinel", "bus-redis-master-name": "hub"]
        ) { $0.password(of: \.sentinelPassword) },
        Change(key: "bus.redis.db", value: "3") { $0.redis.database == 3 },
        Change(key: "bus.redis.key_prefix", value: "other:") { $0.redis.keyPrefix == "other:" },
        Change(key: "bus.redis.client_name", value: "me") { $0.redis.clientName == "me" },
        Change(key: "bus.redis.connect_timeout", value: "2s") { $0.redis.connectTimeout == .seconds(2) },
        Change(key: "bus.redis.sync_timeout", value: "3s") { $0.redis.syncTimeout == .seconds(3) },
        Change(key: "bus.redis.abort_on_connect_fail", value: "true") { $0.bus.redis.abortOnConnectFail },
        Change(key: "bus.redis.stream_max_length", value: "5000") { $0.redis.streamMaxLength == 5000 },
        Change(key: "bus.redis.tls.enabled", value: "true") { $0.redis.tls != nil },
        Change(key: "bus.redis.tls.ca_file", value: "/ca", also: ["bus-redis-tls-enabled": "true"]) {
            $0.redis.tls?.caFile == "/ca"
        },
        Change(key: "bus.redis.tls.server_name", value: "n", also: ["bus-redis-tls-enabled": "true"]) {
            $0.redis.tls?.serverName == "n"
        },
        Change(
            key: "bus.redis.tls.cert_file",
            value: "/c",
            also: ["bus-redis-tls-enabled": "true", "bus-redis-tls-key-file": "/k"]
        ) { $0.redis.tls?.certificateFile == "/c" },
        Change(
            key: "bus.redis.tls.key_file",
            value: "/k",
            also: ["bus-redis-tls-enabled": "true", "bus-redis-tls-cert-file": "/c"]
        ) { $0.redis.tls?.keyFile == "/k" },
        Change(key: "log.level", value: "debug") { $0.log.level == .debug },
        Change(key: "log.format", value: "json") { $0.log.format == .json },
    ]

    /// Keys of what this build has not: nothing is made of them.
    private static let without = Set(
        ConfigurationKey.all.map(\.path).filter { $0.hasPrefix("cluster.") || $0.hasPrefix("bus.nats.") }
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
