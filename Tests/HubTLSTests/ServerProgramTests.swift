// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTLS
import Testing

@testable import HubTesting

@Suite("TLS with the server of OpenSSL")
struct ServerProgramTests {
    let root: TestAuthority

    init() throws {
        root = try TestAuthority()
    }

    /// Starts a server that sends each line back reversed, on a port that the system chooses.
    func start(_ options: [String]) async throws -> (ChildProcess, port: Int) {
        let certificate = try root.issue(["DNS:bus.test"])
        let files = ["-cert", certificate.certificateFile, "-key", certificate.keyFile]
        let child = try ChildProcess("openssl", ["s_server", "-accept", "127.0.0.1:0", "-rev"] + files + options)
        let port = try await child.waitForLine("the port") { line in
            line.hasPrefix("ACCEPT ") ? line.split(separator: ":").last.flatMap { Int($0) } : nil
        }
        return (child, port)
    }

    /// Connects, sends a line, and reads until the answer or the end.
    func talk(port: Int, _ options: TLSClientOptions) async throws -> (TLSSession.State, String) {
        try await Blocking.run {
            let deadline = ContinuousClock.now + .seconds(30)
            let socket = try LoopbackSocket.connect(port: port)
            let session = try TLSContext(options).session(to: "bus.test")
            var answer: [UInt8] = []
            var hasAsked = false
            while !answer.contains(UInt8(ascii: "\n")) {
                if session.state == .open, !hasAsked {
                    hasAsked = session.write(Array("drawer\n".utf8)) == .bytes(7)
                }
                let output = session.output()
                if !output.isEmpty { try socket.write(output, until: deadline) }
                if session.error != nil { break }
                let input = try socket.read(until: deadline) { !$0.isEmpty }
                if input.isEmpty { session.receiveEnd() } else { session.receive(input) }
                answer += session.readAll()
            }
            return (session.state, String(decoding: answer, as: UTF8.self))
        }
    }

    @Test("works in both versions, and with a client certificate", arguments: ["-tls1_2", "-tls1_3"])
    func works(version: String) async throws {
        let (child, port) = try await start([version, "-Verify", "1", "-verify_return_error", "-CAfile", root.caFile])
        let certificate = try root.issue([], usage: .client)
        let options = TLSClientOptions(
            caFile: root.caFile,
            certificateFile: certificate.certificateFile,
            keyFile: certificate.keyFile
        )
        let (state, answer) = try await talk(port: port, options)
        #expect(state == .open)
        #expect(answer == "reward\n")
        let (refused, _) = try await talk(port: port, TLSClientOptions(caFile: root.caFile))
        guard case .failed(let error) = refused else {
            Issue.record("the server takes clients without a certificate")
            return
        }
        #expect(error.code == .clientCertificateRequired)
        await child.stop()
    }

    @Test("fails when it speaks TLS 1.1 only")
    func oldVersion() async throws {
        let (child, port) = try await start(["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"])
        let (state, _) = try await talk(port: port, TLSClientOptions(caFile: root.caFile))
        guard case .failed(let error) = state else {
            Issue.record("TLS 1.1 was spoken")
            return
        }
        #expect(error.code == .noCommonVersion)
        await child.stop()
    }
}
