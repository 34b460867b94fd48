// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub
import HubTLS
import HubTesting
import Testing

@Suite("Memory of TLS")
struct MemoryTests {
    // In a process of its own, where nothing else takes or frees memory.
    @Test("is given back with sessions and contexts, however they ended")
    func freed() async {
        await #expect(processExitsWith: .success) {
            let root = try TestAuthority()
            let certificate = try root.issue(["DNS:bus.test"])
            let expired = try root.issue(["DNS:bus.test"], lifetime: .expired)
            let encrypted = try root.issue([], usage: .client, passphrase: "a secret")
            func round() throws {
                let open = try TLSPair.open(root)
                precondition(TLSPair.send(pattern(100_000), from: open.client, to: open.server).count == 100_000)
                let closed = try TLSPair.open(root, newest: .v12)
                closed.client.close()
                closed.exchange()
                let refused = try TLSPair(expired, client: TLSClientOptions(caFile: root.caFile))
                refused.exchange()
                precondition(refused.client.error?.code == .expired)
                let missing = try TLSPair(
                    certificate,
                    client: TLSClientOptions(caFile: root.caFile),
                    clientCAFile: root.caFile
                )
                missing.exchange()
                // Never gets further than its first message.
                _ = try TLSContext(TLSClientOptions(caFile: root.caFile)).session(to: "192.0.2.7")
                for options in [
                    TLSClientOptions(caFile: certificate.keyFile), TLSClientOptions(serverName: ""),
                    TLSClientOptions(certificateFile: encrypted.certificateFile, keyFile: encrypted.keyFile),
                    TLSClientOptions(certificateFile: encrypted.certificateFile, keyFile: certificate.keyFile),
                ] {
                    precondition((try? TLSContext(options)) == nil)
                }
            }
            func used() -> Int {
                var usage = gohub_heap_usage()
                return gohub_heap_usage(&usage) ? Int(usage.used + usage.mapped) : 0
            }
            for _ in 0..<10 { try round() }
            let before = used()
            for _ in 0..<50 { try round() }
            let grown = used() - before
            // One leaked session would be some 10 KB a round, one leaked certificate 1 KB.
            precondition(grown < 25_000, "\(grown) bytes more after 50 rounds")
        }
    }
}
