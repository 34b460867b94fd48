// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTLS
import HubTesting
import Testing

@Suite("Servers that a TLS client refuses")
struct RefusedServerTests {
    let root: TestAuthority

    init() throws {
        root = try TestAuthority()
    }

    var options: TLSClientOptions { TLSClientOptions(caFile: root.caFile) }

    /// Expects that the client refuses the certificate, and that the server is told.
    func refuse(
        _ certificate: TestCertificate,
        of host: String = "bus.test",
        _ code: TLSError.Code,
        saying words: [String],
        version: TLSVersion = .v13
    ) throws {
        let pair = try TLSPair(to: host, certificate, client: options, newest: version)
        pair.exchange()
        let error = try #require(pair.client.error)
        #expect(error.code == code)
        for word in words { #expect(error.message.contains(word)) }
        #expect(pair.client.read().result == .failed(error))
        #expect(pair.client.write([1]) == .failed(error))
        pair.server.readAll().forEach { _ in Issue.record("plaintext arrived") }
        #expect(pair.server.error?.code == .certificateRefused)
    }

    @Test("have a certificate of a CA that is not trusted", arguments: TLSVersion.allCases)
    func unknownAuthority(version: TLSVersion) throws {
        let other = try TestAuthority(named: "another root")
        let words = ["\"bus.test\"", "unable to get local issuer", "/CN=another root", root.caFile]
        try refuse(other.issue(["DNS:bus.test"]), .notTrusted, saying: words, version: version)
    }

    @Test("have a certificate of a CA that only bears the name of ours")
    func namesake() throws {
        let namesake = try TestAuthority()
        try refuse(namesake.issue(["DNS:bus.test"]), .notTrusted, saying: ["/CN=gohub test root", root.caFile])
    }

    @Test("leave out the CAs between them and the root")
    func missingIntermediate() throws {
        let certificate = try root.intermediate(named: "between").issue(["DNS:bus.test"])
        let whole = String(decoding: try TestFile.read(certificate.certificateFile), as: UTF8.self)
        let first = whole.prefix(
            upTo: whole.firstRange(of: "-----END CERTIFICATE-----\n")?.upperBound ?? whole.endIndex
        )
        let alone = TestCertificate(
            certificateFile: try root.directory.write(Array(first.utf8), to: "alone.pem"),
            keyFile: certificate.keyFile,
            directory: root.directory
        )
        try refuse(alone, .notTrusted, saying: ["unable to get local issuer", "issued by /CN=between"])
    }

    @Test("have a certificate that is for clients")
    func wrongUsage() throws {
        let certificate = try root.issue(["DNS:bus.test"], usage: .client)
        try refuse(certificate, .notTrusted, saying: ["certificate purpose"])
    }

    @Test(
        "have a certificate for other names",
        arguments: [
            ("bus.test", "DNS:other.test"), ("bus.test", "DNS:*.bus.test"), ("a.b.bus.test", "DNS:*.bus.test"),
            ("node1.bus.test", "DNS:node*.bus.test"), ("bus.test", "DNS:sub.bus.test"), ("bus.test", "IP:192.0.2.7"),
            ("192.0.2.7", "IP:192.0.2.8"), ("192.0.2.7", "DNS:192.0.2.7"), ("2001:db8::7", "IP:2001:db8::8"),
        ]
    )
    func wrongName(host: String, names: String) throws {
        let kind = names.hasPrefix("DNS") ? names : "IP Address:"
        try refuse(root.issue([names]), of: host, .nameMismatch, saying: ["\"\(host)\"", "its names are \(kind)"])
    }

    @Test("are named in what the log says")
    func namesInMessage() throws {
        let certificate = try root.issue(["DNS:a.test", "DNS:b.test", "IP:192.0.2.8"])
        try refuse(certificate, .nameMismatch, saying: ["DNS:a.test, DNS:b.test, IP Address:192.0.2.8"])
    }

    @Test("have so many names that the log gets the first of them")
    func manyNames() throws {
        let names = (0..<500).map { "DNS:name-\($0).test" }
        let pair = try TLSPair(root.issue(names), client: options)
        pair.exchange()
        let error = try #require(pair.client.error)
        #expect(error.message.contains("DNS:name-0.test, DNS:name-1.test"))
        #expect(error.message.hasSuffix("…"))
        #expect(error.message.utf8.count < 1000)
    }

    @Test("have the name in the subject alone")
    func commonName() throws {
        let words = ["no subjectAltName", "/CN=bus.test"]
        try refuse(root.issue([], subject: "bus.test"), .nameMismatch, saying: words)
    }

    @Test("have a certificate that is over, or has not begun", arguments: [true, false])
    func expired(isOver: Bool) throws {
        let certificate = try root.issue(["DNS:bus.test"], lifetime: isOver ? .expired : .notYet)
        let words = [isOver ? "has expired" : "not yet valid", "valid from ", " GMT to "]
        try refuse(certificate, .expired, saying: words)
    }

    @Test("are not in the store of the system")
    func systemStore() throws {
        let pair = try TLSPair(root.issue(["DNS:bus.test"]), client: TLSClientOptions())
        pair.exchange()
        #expect(pair.client.error?.code == .notTrusted)
        #expect(pair.client.error?.message.contains("those of the system") == true)
    }

    @Test(
        "are asked by what is no name",
        arguments: ["", ".", ".bus.test", "a..b", "bus test", "büs.test", "bus.test\0.x", "[::1]"]
    )
    func badName(host: String) throws {
        let error = #expect(throws: TLSError.self) { try TLSContext(options).session(to: host) }
        #expect(error?.code == .badOptions)
        let other = #expect(throws: TLSError.self) {
            try TLSContext(TLSClientOptions(caFile: root.caFile, serverName: host))
        }
        #expect(other == error)
    }

    @Test("are asked by a name of 254 bytes, or with a part of 64")
    func longName() throws {
        let part = String(repeating: "a", count: 63)
        for host in [part + "a.test", [part, part, part, part].joined(separator: ".")] {
            let error = #expect(throws: TLSError.self) { try TLSContext(options).session(to: host) }
            #expect(error?.code == .badOptions)
        }
        _ = try TLSContext(options).session(to: [part, part, part].joined(separator: "."))
    }
}
