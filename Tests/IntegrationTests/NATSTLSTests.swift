// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop
import HubNATS
import HubTLS
import HubTesting
import Testing

@Suite("TLS between a node and NATS", .tags(.nats), .needsNATS, .timeLimit(.minutes(2)))
struct NATSTLSTests {
    /// Runs a body with a server whose certificate is for some names, and settings that trust it.
    private func withServer(
        _ names: [String],
        asksForCertificates: Bool = false,
        _ body: (NATSServer, TestAuthority, NATSSettings) async throws -> Void
    ) async throws {
        let authority = try TestAuthority()
        let certificate = try authority.issue(names)
        try await withNATSServer {
            $0.tls = ServerTLS(
                certificate: certificate.certificateFile,
                key: certificate.keyFile,
                authority: authority.caFile,
                asksForCertificates: asksForCertificates
            )
        } _: { nats in
            var settings = NATSSettings([nats.port])
            settings.tls = TLSClientOptions(caFile: authority.caFile)
            try await body(nats, authority, settings)
        }
    }

    private func expectWork(_ settings: NATSSettings) async throws {
        try await withNATSNode(settings) { node in
            let fault = try await node.connect()
            #expect(fault == nil, "\(fault?.message ?? "")")
            try await node.want([.add(.broadcast)])
            // More than fits into one record.
            let payloads = [[1], [UInt8](repeating: 7, count: 700_000), []]
            #expect(try await node.publish(payloads.map { (.broadcast, $0) }) == [nil, nil, nil])
            _ = try await eventually("messages") { node.story.receivedCount == 3 ? true : nil }
            #expect(node.story.received["broadcast"] == payloads)
        }
    }

    private func expectFault(_ settings: NATSSettings, _ reason: LinkFault.Reason = .tls, _ words: String = "")
        async throws
    {
        try await withNATSNode(settings) { node in
            for _ in 0..<3 {
                let fault = try await node.connect()
                #expect(fault?.reason == reason, "\(fault?.message ?? "connected")")
                let address = settings.addresses[0].description
                #expect(fault?.message.contains(address) == true, "\(fault?.message ?? "")")
                #expect(fault?.message.contains(words) == true, "\(fault?.message ?? "")")
                if reason == .tls { #expect(fault?.message.contains("bus.nats.tls") == true) }
            }
        }
    }

    @Test("trusts a server whose certificate is for the address, the host or the name that was said")
    func good() async throws {
        try await withServer(["IP:127.0.0.1", "DNS:localhost", "DNS:nats.test"]) { nats, _, settings in
            var settings = settings
            try await expectWork(settings)
            settings.addresses = [SocketAddress(host: "localhost", port: nats.port)]
            try await expectWork(settings)
            settings.tls?.serverName = "nats.test"
            try await expectWork(settings)
            settings.addresses = [SocketAddress(host: "127.0.0.1", port: nats.port)]
            try await expectWork(settings)
        }
    }

    @Test("trusts no server of another authority, nor one whose certificate is for somebody else")
    func bad() async throws {
        try await withServer(["IP:127.0.0.2", "DNS:nats.test"]) { nats, _, settings in
            var settings = settings
            try await expectFault(settings)
            settings.tls?.serverName = "other.test"
            try await expectFault(settings)
            settings.tls?.serverName = nil
            settings.addresses = [SocketAddress(host: "localhost", port: nats.port)]
            try await expectFault(settings)
            settings.tls?.serverName = "nats.test"
            try await expectWork(settings)
            let other = try TestAuthority()
            settings.tls?.caFile = other.caFile
            try await expectFault(settings)
            settings.tls?.caFile = nil
            try await expectFault(settings)
            withExtendedLifetime(other) {}
        }
    }

    @Test("shows its certificate to a server that asks for one, which refuses those without")
    func certificates() async throws {
        try await withServer(["IP:127.0.0.1"], asksForCertificates: true) { _, authority, settings in
            var settings = settings
            try await expectFault(settings)
            let own = try authority.issue([], usage: .client)
            settings.tls?.certificateFile = own.certificateFile
            settings.tls?.keyFile = own.keyFile
            try await expectWork(settings)
            let stranger = try TestAuthority()
            let foreign = try stranger.issue([], usage: .client)
            settings.tls?.certificateFile = foreign.certificateFile
            settings.tls?.keyFile = foreign.keyFile
            try await expectFault(settings)
            withExtendedLifetime(stranger) {}
        }
    }

    @Test("speaks TLS with those who speak it, and only then")
    func mismatch() async throws {
        try await withServer(["IP:127.0.0.1"]) { _, _, settings in
            var settings = settings
            settings.tls = nil
            try await expectFault(settings)
        }
        let authority = try TestAuthority()
        try await withNATSServer { nats in
            var settings = NATSSettings([nats.port])
            settings.tls = TLSClientOptions(caFile: authority.caFile)
            try await expectFault(settings)
        }
    }

    @Test("a file that cannot be used is told when the adapter is made")
    func files() throws {
        var settings = NATSSettings([4222])
        settings.tls = TLSClientOptions(caFile: "/no/such/file.pem")
        #expect(throws: TLSError.self) { try NATSNode(settings) }
    }
}
