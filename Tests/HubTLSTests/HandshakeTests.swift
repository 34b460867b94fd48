// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTLS
import HubTesting
import Testing

@Suite("TLS handshakes")
struct HandshakeTests {
    let root: TestAuthority

    init() throws {
        root = try TestAuthority()
    }

    var options: TLSClientOptions { TLSClientOptions(caFile: root.caFile) }

    @Test("succeed in both versions, and say what was agreed", arguments: TLSVersion.allCases)
    func succeeds(version: TLSVersion) throws {
        let pair = try TLSPair(root.issue(["DNS:bus.test"]), client: options, newest: version)
        #expect(pair.client.state == .handshaking)
        #expect(pair.client.outputCount > 0)
        #expect(pair.client.write([1]) == .wouldBlock)
        #expect(pair.client.read().result == .wouldBlock)
        pair.exchange()
        #expect(pair.client.state == .open)
        #expect(pair.server.state == .open)
        #expect(pair.client.summary.hasPrefix("\(version.rawValue), "))
        #expect(pair.client.summary == pair.server.summary)
    }

    @Test("succeed when the bytes come one by one", arguments: TLSVersion.allCases)
    func byteByByte(version: TLSVersion) throws {
        let pair = try TLSPair(root.issue(["DNS:bus.test"]), client: options, newest: version)
        pair.exchange(step: 1)
        #expect(pair.client.state == .open)
        #expect(pair.server.state == .open)
    }

    @Test(
        "accept a certificate for the name or the address",
        arguments: [
            ("bus.test", "DNS:bus.test"), ("BUS.test", "DNS:bus.TEST"), ("bus.test.", "DNS:bus.test"),
            ("node-1.bus.test", "DNS:other.test,DNS:*.bus.test"), ("192.0.2.7", "DNS:bus.test,IP:192.0.2.7"),
            ("2001:db8::7", "IP:2001:db8:0:0:0:0:0:7"), ("fe80::7%eth0", "IP:fe80::7"), ("localhost", "DNS:localhost"),
        ]
    )
    func accepts(host: String, names: String) throws {
        let pair = try TLSPair(to: host, root.issue([names]), client: options)
        pair.exchange()
        #expect(pair.client.state == .open)
        #expect(pair.server.state == .open)
    }

    @Test("send the name in the clear, but no address", arguments: [("bus.test.", "bus.test"), ("192.0.2.7", nil)])
    func sendsName(host: String, seen: String?) throws {
        let pair = try TLSPair(to: host, root.issue(["DNS:bus.test", "IP:192.0.2.7"]), client: options)
        pair.exchange()
        #expect(pair.server.state == .open)
        #expect(pair.server.requestedName == seen)
    }

    @Test("ask for the name in the options rather than the host")
    func otherName() throws {
        var options = options
        options.serverName = "bus.test"
        let pair = try TLSPair(to: "192.0.2.7", root.issue(["DNS:bus.test"]), client: options)
        pair.exchange()
        #expect(pair.client.state == .open)
        #expect(pair.server.requestedName == "bus.test")
    }

    @Test("follow a chain through two intermediate CAs")
    func chain() throws {
        let issuer = try root.intermediate(named: "first").intermediate(named: "second")
        let pair = try TLSPair(issuer.issue(["DNS:bus.test"]), client: options)
        pair.exchange()
        #expect(pair.client.state == .open)
    }

    @Test("trust a CA that is no root, and one certificate by itself")
    func partialChain() throws {
        let issuer = try root.intermediate()
        let certificate = try issuer.issue(["DNS:bus.test"])
        for file in [issuer.caFile, certificate.certificateFile] {
            let pair = try TLSPair(certificate, client: TLSClientOptions(caFile: file))
            pair.exchange()
            #expect(pair.client.state == .open)
        }
    }

    @Test("trust every CA of a file, whatever else is in it")
    func manyAuthorities() throws {
        let other = try TestAuthority(named: "another root")
        let contents = try Array("a comment\n".utf8) + TestFile.read(other.caFile) + TestFile.read(root.caFile)
        let file = try root.directory.write(contents + Array("\nthe end\n".utf8), to: "both.pem")
        let pair = try TLSPair(root.issue(["DNS:bus.test"]), client: TLSClientOptions(caFile: file))
        pair.exchange()
        #expect(pair.client.state == .open)
    }

    @Test("of many threads share one context on each side")
    func shared() async throws {
        let certificate = try root.issue(["DNS:bus.test"])
        let client = try TLSContext(options)
        let server = try TLSServerContext(
            TLSServerOptions(certificateFile: certificate.certificateFile, keyFile: certificate.keyFile)
        )
        let opened = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await Blocking.run {
                        try (0..<10).count { _ in
                            let pair = try TLSPair(client, to: "bus.test", server)
                            pair.exchange()
                            return TLSPair.send([1, 2, 3], from: pair.client, to: pair.server) == [1, 2, 3]
                        }
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(opened == 40)
    }

    @Test("go on after their contexts are gone")
    func outliveContexts() throws {
        let pair = try TLSPair.open(root)
        #expect(TLSPair.send(pattern(5), from: pair.server, to: pair.client) == pattern(5))
    }
}

extension Sequence {
    /// How many elements it is true of.
    fileprivate func count(_ isCounted: (Element) throws -> Bool) rethrows -> Int {
        try reduce(0) { try isCounted($1) ? $0 + 1 : $0 }
    }
}
