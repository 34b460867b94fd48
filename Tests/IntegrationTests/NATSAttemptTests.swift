// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop
import HubNATS
import HubTLS
import HubTesting
import Testing

@Suite("Attempts to connect to NATS", .tags(.nats), .needsNATS, .timeLimit(.minutes(3)))
struct NATSAttemptTests {
    /// What else runs meanwhile holds some tens; what leaks here shows by its hundreds.
    private static let noise = 120

    @Test("nobody listens, or the name is unknown")
    func unreachable() async throws {
        let listener = try Socket.listen(on: SocketAddress(host: "127.0.0.1", port: 0), reusePort: false)
        let port = try Socket.localAddress(listener).port
        Socket.close(listener)
        var settings = NATSSettings([port])
        try await withNATSNode(settings) { node in
            for _ in 0..<3 {
                let fault = try await node.connect()
                #expect(fault?.reason == .unreachable, "\(fault?.message ?? "connected")")
                #expect(fault?.message.contains("127.0.0.1:\(port)") == true)
            }
        }
        let host = String(repeating: "x", count: 64) + ".invalid"
        settings.addresses = [SocketAddress(host: host, port: port)]
        try await withNATSNode(settings) { node in
            let fault = try await node.connect()
            #expect(fault?.reason == .unreachable, "\(fault?.message ?? "connected")")
        }
    }

    @Test(
        "a server that falls silent is left when the time to connect is over",
        arguments: ["", "IN", ScriptedNATS.info(), ScriptedNATS.info(#","tls_required":true"#)]
    )
    func silent(words: String) async throws {
        let server = try ScriptedNATS(words)
        var settings = NATSSettings([server.port])
        settings.connectTimeout = .milliseconds(300)
        try await withNATSNode(settings) { node in
            for attempt in 1...3 {
                let start = ContinuousClock.now
                let fault = try await node.connect()
                #expect(fault?.reason == .timeout, "\(fault?.message ?? "connected")")
                #expect(fault?.message.contains("127.0.0.1:\(server.port)") == true)
                #expect(ContinuousClock.now - start < .seconds(2))
                #expect(server.acceptedCount == attempt)
            }
            // Once it has spoken the library would wait for it without end.
            _ = try await eventually("all connections to be closed") { server.openCount == 0 ? true : nil }
        }
        withExtendedLifetime(server) {}
    }

    @Test(
        "who speaks another protocol, or closes at once, is told as that",
        arguments: [
            ("HTTP/1.1 400 Bad Request\r\n\r\n", false, LinkFault.Reason.badReply), ("+PONG\r\n", false, .badReply),
            ("", true, .closed), (ScriptedNATS.info(), true, .closed),
        ]
    )
    func strangers(words: String, closes: Bool, reason: LinkFault.Reason) async throws {
        let server = try ScriptedNATS(words, closes: closes)
        try await withNATSNode(NATSSettings([server.port])) { node in
            for _ in 0..<3 {
                let fault = try await node.connect()
                #expect(fault?.reason == reason, "\(fault?.message ?? "connected")")
            }
            _ = try await eventually("all connections to be closed") { server.openCount == 0 ? true : nil }
        }
        withExtendedLifetime(server) {}
    }

    @Test("an attempt that is given up leaves nothing behind, and is not told")
    func givenUp() async throws {
        let (descriptors, threads) = (ProcessResources.descriptors, ProcessResources.threads(named: "nats-"))
        try await giveUp(200)
        _ = try await eventually("descriptors and threads to be given back") {
            ProcessResources.descriptors < descriptors + Self.noise
                && ProcessResources.threads(named: "nats-") < threads + Self.noise ? true : nil
        }
    }

    /// So many attempts at a server that says nothing, each given up at once.
    private func giveUp(_ count: Int) async throws {
        let server = try ScriptedNATS("")
        var settings = NATSSettings([server.port])
        settings.connectTimeout = .milliseconds(300)
        try await withNATSNode(settings) { node in
            for _ in 0..<count {
                try await node.beginToConnect()
                try await node.disconnect()
            }
            _ = try await eventually("no attempt under way") {
                server.openCount == 0 ? true : nil
            }
            #expect(node.story.faults == [])
            #expect(node.story.connections == 0)
        }
        withExtendedLifetime(server) {}
    }

    @Test("connections that come and go leave no descriptor and no thread behind, at the node and at the server")
    func comeAndGo() async throws {
        try await withNATSServer { nats in
            let (descriptors, threads) = (ProcessResources.descriptors, ProcessResources.threads(named: "nats-"))
            try await withNATSNode(NATSSettings([nats.port])) { node in
                let topic = try BusTopic(named: "topic/a")
                try await node.watchTicks()
                for round in 0..<400 {
                    // Given up before, in the midst of and after it is there, with work under way.
                    if round % 4 == 0 { try await node.beginToConnect() } else { try await node.connect() }
                    if round % 4 > 1 { _ = try await node.beginToWant([.add(topic), .addPrefix("unicast/")]) }
                    if round % 4 > 2 { _ = try await node.beginToPublish((0..<20).map { (topic, [UInt8($0)]) }) }
                    try await node.disconnect()
                }
                #expect(node.story.faults == [])
                #expect(node.story.connections >= 300)
                // What is given up is destroyed elsewhere.
                #expect(node.story.longestPause < .milliseconds(400), "\(node.story.longestPause)")
                _ = try await eventually("the server to be alone") {
                    try await nats.connections().isEmpty ? true : nil
                }
                _ = try await eventually("descriptors and threads to be given back") {
                    ProcessResources.descriptors < descriptors + Self.noise
                        && ProcessResources.threads(named: "nats-") < threads + Self.noise ? true : nil
                }
            }
        }
    }

    @Test("servers of the cluster that the node did not know are tried when the one it knows is gone")
    func discovered() async throws {
        try await withNATSCluster { cluster in
            try await withNATSNode(NATSSettings([cluster.servers[0].port])) { node in
                #expect(try await node.connect() == nil)
                try await cluster.servers[0].kill9()
                _ = try await node.fault()
                _ = try await eventually("another server") { try await node.connect() == nil ? true : nil }
                try await node.want([.add(.broadcast)])
                #expect(try await node.publish([(.broadcast, [1])]) == [nil])
            }
        }
    }
}
