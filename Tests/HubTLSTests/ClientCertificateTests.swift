// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTLS
import HubTesting
import Testing

@Suite("TLS client certificates")
struct ClientCertificateTests {
    let root: TestAuthority
    let clientRoot: TestAuthority

    init() throws {
        root = try TestAuthority()
        clientRoot = try TestAuthority(named: "clients' root")
    }

    func pair(_ certificate: TestCertificate?, version: TLSVersion) throws -> TLSPair {
        let options = TLSClientOptions(
            caFile: root.caFile,
            certificateFile: certificate?.certificateFile,
            keyFile: certificate?.keyFile
        )
        let pair = try TLSPair(
            root.issue(["DNS:bus.test"]),
            client: options,
            clientCAFile: clientRoot.caFile,
            newest: version
        )
        pair.exchange()
        return pair
    }

    @Test("are presented to a server that requires them, chain and all", arguments: TLSVersion.allCases)
    func given(version: TLSVersion) throws {
        for issuer in [clientRoot, try clientRoot.intermediate()] {
            let pair = try pair(issuer.issue([], usage: .client), version: version)
            #expect(pair.client.state == .open)
            #expect(pair.server.state == .open)
            #expect(TLSPair.send(pattern(100), from: pair.client, to: pair.server) == pattern(100))
            #expect(TLSPair.send(pattern(100), from: pair.server, to: pair.client) == pattern(100))
        }
    }

    @Test("are missed by a server that requires them", arguments: TLSVersion.allCases)
    func missing(version: TLSVersion) throws {
        let pair = try pair(nil, version: version)
        #expect(pair.server.error?.code == .clientCertificateRequired)
        #expect(pair.server.error?.message == "the client presented no certificate, which it has to")
        // With TLS 1.3 the client is done before the server has seen its certificate.
        #expect(pair.client.readAll() == [])
        #expect(pair.client.error?.code == .clientCertificateRequired)
        #expect(pair.client.error?.message.hasPrefix("\"bus.test\" ") == true)
        #expect(pair.client.error?.message.contains("client certificate") == true)
    }

    @Test(
        "are refused when they are not those the server wants",
        arguments: [TestCertificate.Lifetime.now, .expired],
        TLSVersion.allCases
    )
    func wrong(lifetime: TestCertificate.Lifetime, version: TLSVersion) throws {
        let issuer = lifetime == .now ? root : clientRoot
        let pair = try pair(issuer.issue([], subject: "node 7", usage: .client, lifetime: lifetime), version: version)
        #expect(pair.server.error?.code == (lifetime == .now ? .notTrusted : .expired))
        #expect(pair.server.error?.message.hasPrefix("the certificate of the client ") == true)
        #expect(pair.server.error?.message.contains("/CN=node 7") == true)
        #expect(pair.client.readAll() == [])
        #expect(pair.client.error?.code == .certificateRefused)
        #expect(pair.client.error?.message.hasPrefix("\"bus.test\" does not accept our certificate (alert 4") == true)
    }

    @Test("are not presented to a server that does not ask", arguments: TLSVersion.allCases)
    func notAsked(version: TLSVersion) throws {
        let certificate = try clientRoot.issue([], usage: .client)
        let options = TLSClientOptions(
            caFile: root.caFile,
            certificateFile: certificate.certificateFile,
            keyFile: certificate.keyFile
        )
        let pair = try TLSPair(root.issue(["DNS:bus.test"]), client: options, newest: version)
        pair.exchange()
        #expect(pair.client.state == .open)
        #expect(pair.server.state == .open)
    }
}
