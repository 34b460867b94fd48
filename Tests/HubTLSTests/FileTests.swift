// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTLS
import HubTesting
import Testing

@Suite("Files for TLS")
struct FileTests {
    let root: TestAuthority
    let certificate: TestCertificate

    init() throws {
        root = try TestAuthority()
        certificate = try root.issue(["DNS:bus.test"], usage: .client)
    }

    func expect(_ options: TLSClientOptions, _ code: TLSError.Code, _ message: String) {
        let error = #expect(throws: TLSError.self) { try TLSContext(options) }
        #expect(error == TLSError(code, message))
    }

    @Test("that are good make a context")
    func good() throws {
        _ = try TLSContext(TLSClientOptions())
        _ = try TLSContext(
            TLSClientOptions(
                caFile: root.caFile,
                certificateFile: certificate.certificateFile,
                keyFile: certificate.keyFile
            )
        )
    }

    @Test("of CAs are named with what is wrong with them")
    func authorities() throws {
        let path = root.directory.path
        let file = { (name: String, contents: String) in try root.directory.write(Array(contents.utf8), to: name) }
        let cases = try [
            ("\(path)/none.pem", "No such file or directory"),
            (path, "it is not a regular file"),
            ("/dev/zero", "it is not a regular file"),
            (file("empty.pem", ""), "it is empty"),
            (file("text.pem", "not PEM"), "there is no PEM certificate in it"),
            (certificate.keyFile, "there is no PEM certificate in it"),
            (file("big.pem", String(repeating: "a", count: 1_048_577)), "it has more than 1 MiB"),
        ]
        for (path, reason) in cases {
            expect(TLSClientOptions(caFile: path), .badFile, "CA file \"\(path)\": \(reason)")
        }
    }

    @Test("that are damaged say where")
    func damaged() throws {
        let good = try TestFile.read(root.caFile)
        let bad = Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)
        let file = try root.directory.write(good + bad, to: "damaged.pem")
        let error = #expect(throws: TLSError.self) { try TLSContext(TLSClientOptions(caFile: file)) }
        #expect(error?.code == .badFile)
        #expect(error?.message.hasPrefix("CA file \"\(file)\": certificate 2 in it is damaged: ") == true)
        let cut = try root.directory.write(good.dropLast(40), to: "cut.pem")
        let other = #expect(throws: TLSError.self) { try TLSContext(TLSClientOptions(caFile: cut)) }
        #expect(other?.message.hasPrefix("CA file \"\(cut)\": certificate 1 in it is damaged: ") == true)
    }

    @Test("of a certificate and its key come together")
    func together() {
        expect(
            TLSClientOptions(caFile: root.caFile, certificateFile: "c.pem"),
            .badOptions,
            "the client certificate \"c.pem\" has no key file: give both or none"
        )
        expect(
            TLSClientOptions(caFile: root.caFile, keyFile: "k.pem"),
            .badOptions,
            "the client's key \"k.pem\" has no certificate file: give both or none"
        )
    }

    @Test("of keys are named with what is wrong with them")
    func keys() throws {
        let file = { (name: String, contents: String) in try root.directory.write(Array(contents.utf8), to: name) }
        let encrypted = try root.issue([], usage: .client, passphrase: "a secret")
        let damaged = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
        let other = try root.issue([], usage: .client)
        let cases = try [
            ("\(root.directory.path)/none.pem", "No such file or directory"),
            (certificate.certificateFile, "there is no PEM private key in it"),
            (file("text.pem", "x"), "there is no PEM private key in it"),
            (file("damaged.pem", damaged), "the private key in it is damaged, or of an unknown kind"),
            (encrypted.keyFile, "the key has a passphrase; it has to be stored without one"),
            (
                other.keyFile,
                "the key does not belong to the certificate in certificate file \"\(certificate.certificateFile)\""
            ),
        ]
        for (path, reason) in cases {
            let options = TLSClientOptions(
                caFile: root.caFile,
                certificateFile: certificate.certificateFile,
                keyFile: path
            )
            expect(options, .badFile, "key file \"\(path)\": \(reason)")
        }
    }

    @Test("of a certificate may have its key in them too, before or after it")
    func oneFile() throws {
        let parts = try [TestFile.read(certificate.keyFile), TestFile.read(certificate.certificateFile)]
        for (number, contents) in [parts[0] + parts[1], parts[1] + parts[0]].enumerated() {
            let file = try root.directory.write(contents, to: "both-\(number).pem")
            _ = try TLSContext(TLSClientOptions(certificateFile: file, keyFile: file))
        }
    }

    @Test("of a server are named as well")
    func server() throws {
        let options = TLSServerOptions(certificateFile: "none.pem", keyFile: certificate.keyFile)
        let error = #expect(throws: TLSError.self) { try TLSServerContext(options) }
        #expect(error == TLSError(.badFile, "certificate file \"none.pem\": No such file or directory"))
        let clients = TLSServerOptions(
            certificateFile: certificate.certificateFile,
            keyFile: certificate.keyFile,
            clientCAFile: certificate.keyFile
        )
        let other = #expect(throws: TLSError.self) { try TLSServerContext(clients) }
        #expect(other?.message == "CA file \"\(certificate.keyFile)\": there is no PEM certificate in it")
    }

    @Test("and all else that goes wrong have labels of their own")
    func labels() {
        let labels = TLSError.Code.allCases.map(\.description)
        #expect(Set(labels).count == labels.count)
        #expect(labels.contains("name_mismatch") && labels.contains("not_tls"))
        #expect("\(TLSError(.notTLS, "why"))" == "why")
    }
}
