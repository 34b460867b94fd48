// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig
import Testing

@Suite("Configuration of NATS")
struct NATSConfigurationTests {
    @Test("the defaults are those of the documents")
    func defaults() {
        let nats = Configuration().bus.nats
        #expect(nats.urls == ["nats://127.0.0.1:4222"])
        #expect(!nats.jetstream)
        #expect(nats.subjectPrefix == "gohub")
        #expect(nats.clientName == "gohub")
        let login = [nats.user, nats.passwordFile, nats.tokenFile, nats.credsFile, nats.nkey, nats.nkeySeedFile]
        #expect(login == Array(repeating: "", count: 6))
        #expect(nats.connectTimeout == .seconds(2))
        #expect(nats.reconnectWait == .seconds(2))
        #expect(!nats.abortOnConnectFail)
        #expect(nats.tls == BusTLSSection())
        #expect(nats.stream.name == "GOHUB_BUS")
        #expect(nats.stream.retention == .limits)
        #expect(nats.stream.maxAge == .seconds(3600))
        #expect(nats.stream.maxMsgs == 1_000_000)
        #expect(nats.stream.maxBytes == .gibibytes(1))
        #expect(nats.stream.replicas == 1)
        #expect(!nats.stream.compress)
        #expect(nats.stream.duplicateWindow == .seconds(120))
        #expect(nats.consumer.ackWait == .seconds(30))
        #expect(nats.consumer.maxDeliver == 5)
        #expect(nats.consumer.maxAckPending == 1000)
    }

    @Test("reads every key from a file, but for the other ways to log in")
    func file() throws {
        let configuration = try LoaderTests.load(
            """
            bus:
              type: nats
              nats:
                urls: ["nats://a.example:1", "tls://[::1]", "b.example:65535"]
                jetstream: true
                subject_prefix: Team-1.hub_2
                client_name: hub@7
                user: über-hub
                password_file: /a b/c
                connect_timeout: 100ms
                reconnect_wait: 1m
                abort_on_connect_fail: true
                stream:
                  name: Bus-1_
                  retention: interest
                  max_age: 8760h
                  max_msgs: 1_000_000_000
                  max_bytes: 16384GiB
                  replicas: 5
                  compress: true
                  duplicate_window: 1s
                consumer: { ack_wait: 1h, max_deliver: 1000, max_ack_pending: 10 }
                tls: { enabled: true, ca_file: ca, server_name: b.example, cert_file: cert, key_file: key }
            """
        )
        var bus = BusSection()
        bus.type = .nats
        bus.nats.urls = ["nats://a.example:1", "tls://[::1]", "b.example:65535"]
        bus.nats.jetstream = true
        bus.nats.subjectPrefix = "Team-1.hub_2"
        bus.nats.clientName = "hub@7"
        bus.nats.user = "über-hub"
        bus.nats.passwordFile = "/a b/c"
        bus.nats.connectTimeout = .milliseconds(100)
        bus.nats.reconnectWait = .seconds(60)
        bus.nats.abortOnConnectFail = true
        bus.nats.stream.name = "Bus-1_"
        bus.nats.stream.retention = .interest
        bus.nats.stream.maxAge = .seconds(365 * 86_400)
        bus.nats.stream.maxMsgs = 1_000_000_000
        bus.nats.stream.maxBytes = .gibibytes(16_384)
        bus.nats.stream.replicas = 5
        bus.nats.stream.compress = true
        bus.nats.stream.duplicateWindow = .seconds(1)
        bus.nats.consumer.ackWait = .seconds(3600)
        bus.nats.consumer.maxDeliver = 1000
        bus.nats.consumer.maxAckPending = 10
        bus.nats.tls.enabled = true
        bus.nats.tls.caFile = "ca"
        bus.nats.tls.serverName = "b.example"
        bus.nats.tls.certFile = "cert"
        bus.nats.tls.keyFile = "key"
        #expect(configuration.bus == bus)
    }

    @Test("reads each way to log in")
    func logins() throws {
        func nats(_ text: String) throws -> NATSSection { try LoaderTests.load("bus: { nats: { \(text) } }").bus.nats }
        #expect(try nats("token_file: /t").tokenFile == "/t")
        #expect(try nats("creds_file: /c").credsFile == "/c")
        let nkey = "U" + String(repeating: "A2Z7X", count: 11)
        let withKey = try nats("nkey: \(nkey), nkey_seed_file: /s")
        #expect(withKey.nkey == nkey)
        #expect(withKey.nkeySeedFile == "/s")
    }

    @Test("reads keys from the environment and from flags, the list with commas")
    func arguments() throws {
        let configuration = try LoaderTests.load(
            environment: [
                "GOHUB_BUS_TYPE": "nats", "GOHUB_BUS_NATS_URLS": "nats://a, b:2", "GOHUB_BUS_NATS_JETSTREAM": "true",
                "GOHUB_BUS_NATS_STREAM_REPLICAS": "2",
            ],
            flags: ["bus-nats-stream-replicas": "3", "bus-nats-consumer-ack-wait": "5s"]
        )
        #expect(configuration.bus.type == .nats)
        #expect(configuration.bus.nats.urls == ["nats://a", "b:2"])
        #expect(configuration.bus.nats.stream.replicas == 3)
        #expect(configuration.bus.nats.consumer.ackWait == .seconds(5))
    }

    @Test(
        "an address is a URL without its scheme and with a port",
        arguments: [
            ("nats://a.example", "a.example:4222"), ("tls://a.example:1", "a.example:1"),
            ("a.example:2", "a.example:2"),
            ("nats://[::1]", "[::1]:4222"), ("tls://[::1]:3", "[::1]:3"),
        ]
    )
    func addresses(url: String, address: String) {
        var nats = NATSSection()
        nats.urls.append(url)
        #expect(nats.addresses == ["127.0.0.1:4222", address])
    }
}
