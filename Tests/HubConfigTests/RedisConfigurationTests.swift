// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig
import Testing

@Suite("Configuration of the bus and of Redis")
struct RedisConfigurationTests {
    @Test("the defaults are those of the documents")
    func defaults() {
        let bus = Configuration().bus
        #expect(bus.type == .noop)
        #expect(bus.acceptBare)
        #expect(bus.publishTimeout == .zero)
        #expect(bus.probeAfter == .seconds(30))
        #expect(bus.unsubscribeAfter == .seconds(1))
        #expect(bus.buffer.maxBytes == ByteCount(0))
        #expect(bus.buffer.maxAge == .seconds(10))
        #expect(bus.redis.addrs == ["127.0.0.1:6379"])
        #expect(bus.redis.mode == .single)
        #expect(bus.redis.delivery == .pubsub)
        #expect(bus.redis.keyPrefix == "gohub:")
        #expect(bus.redis.clientName == "gohub")
        #expect(bus.redis.connectTimeout == .seconds(5))
        #expect(bus.redis.syncTimeout == .seconds(5))
        #expect(!bus.redis.abortOnConnectFail)
        #expect(bus.redis.streamMaxLength == 100_000)
        #expect(bus.redis.db == 0)
        #expect(bus.redis.tls == BusTLSSection())
        #expect(!bus.redis.tls.enabled)
    }

    @Test("reads every key from a file")
    func file() throws {
        let configuration = try LoaderTests.load(
            """
            bus:
              type: redis
              accept_bare: false
              publish_timeout: 1ms
              probe_after: 1h
              unsubscribe_after: 0s
              buffer: { max_bytes: 1GiB, max_age: 100ms }
              redis:
                addrs: ["a.example:1", "[::1]:65535"]
                mode: sentinel
                delivery: streams
                user: über-hub
                password_file: /a b/c
                sentinel_user: guard
                sentinel_password_file: d
                db: 16_383
                key_prefix: "!~:/"
                master_name: my-master.1
                client_name: hub@7
                connect_timeout: 100ms
                sync_timeout: 5m
                abort_on_connect_fail: true
                stream_max_length: 1_000
                tls: { enabled: true, ca_file: ca, server_name: b.example, cert_file: cert, key_file: key }
            """
        )
        var bus = BusSection()
        bus.type = .redis
        bus.acceptBare = false
        bus.publishTimeout = .milliseconds(1)
        bus.probeAfter = .seconds(3600)
        bus.unsubscribeAfter = .zero
        bus.buffer.maxBytes = .gibibytes(1)
        bus.buffer.maxAge = .milliseconds(100)
        bus.redis.addrs = ["a.example:1", "[::1]:65535"]
        bus.redis.mode = .sentinel
        bus.redis.delivery = .streams
        bus.redis.user = "über-hub"
        bus.redis.passwordFile = "/a b/c"
        bus.redis.sentinelUser = "guard"
        bus.redis.sentinelPasswordFile = "d"
        bus.redis.db = 16_383
        bus.redis.keyPrefix = "!~:/"
        bus.redis.masterName = "my-master.1"
        bus.redis.clientName = "hub@7"
        bus.redis.connectTimeout = .milliseconds(100)
        bus.redis.syncTimeout = .seconds(300)
        bus.redis.abortOnConnectFail = true
        bus.redis.streamMaxLength = 1000
        bus.redis.tls.enabled = true
        bus.redis.tls.caFile = "ca"
        bus.redis.tls.serverName = "b.example"
        bus.redis.tls.certFile = "cert"
        bus.redis.tls.keyFile = "key"
        #expect(configuration.bus == bus)
    }

    @Test("reads keys from the environment and from flags, the list with commas")
    func arguments() throws {
        let configuration = try LoaderTests.load(
            environment: ["GOHUB_BUS_TYPE": "redis", "GOHUB_BUS_REDIS_ADDRS": "a:1, b:2", "GOHUB_BUS_REDIS_DB": "1"],
            flags: ["bus-redis-db": "2", "bus-redis-mode": "single", "bus-buffer-max-bytes": "8MiB"]
        )
        #expect(configuration.bus.type == .redis)
        #expect(configuration.bus.redis.addrs == ["a:1", "b:2"])
        #expect(configuration.bus.redis.db == 2)
        #expect(configuration.bus.buffer.maxBytes == .mebibytes(8))
    }

    @Test(
        "a publication has the time that is configured, or else that of the kind of bus",
        arguments: [
            ("redis", "0s", Duration.milliseconds(50)), ("redis", "2s", .seconds(2)),
            ("redis", "1ms", .milliseconds(1)),
            ("noop", "0s", .zero), ("nats", "0s", .milliseconds(10)), ("nats", "70ms", .milliseconds(70)),
        ] as [(String, String, Duration)]
    )
    func publishDeadline(type: String, timeout: String, deadline: Duration) throws {
        let bus = try LoaderTests.load(flags: ["bus-type": type, "bus-publish-timeout": timeout]).bus
        #expect(bus.publishDeadline == deadline)
    }

    @Test("a stream of JetStream has more time to answer than NATS alone", arguments: ["true", "false"])
    func publishDeadlineOfJetStream(jetstream: String) throws {
        let bus = try LoaderTests.load(flags: ["bus-type": "nats", "bus-nats-jetstream": jetstream]).bus
        #expect(bus.publishDeadline == (jetstream == "true" ? .seconds(2) : .milliseconds(10)))
        #expect(bus.publishTimeout == .zero)
    }

    @Test("an empty text is nothing")
    func unlessEmpty() {
        #expect("".unlessEmpty == nil)
        #expect(" ".unlessEmpty == " ")
    }
}
