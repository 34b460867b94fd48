// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig
import Testing

/// The section `tls` is the same for every bus; `TLS` in a message is where it stands.
@Suite("Contradictions in the configuration for TLS")
struct TLSContradictionTests {
    private static let buses = ["redis", "nats"]
    private static let needsTLS =
        #""a" (c.yaml:1) does not go with TLS.enabled, false (default) (set TLS.enabled to true, or leave it empty)"#
    private static let together = "(a certificate and its key are given together, or neither is)"

    @Test(
        "says of values that contradict each other where both come from and what to do",
        arguments: buses,
        [
            ("ca_file: a", ["ca_file: \(needsTLS)"]),
            ("server_name: a", ["server_name: \(needsTLS)"]),
            ("cert_file: a, key_file: a", ["cert_file: \(needsTLS)", "key_file: \(needsTLS)"]),
            (
                "enabled: true, cert_file: a",
                [#"key_file: empty (default) does not go with TLS.cert_file, "a" (c.yaml:1) \#(together)"#]
            ),
            (
                "enabled: true, key_file: a",
                [#"cert_file: empty (default) does not go with TLS.key_file, "a" (c.yaml:1) \#(together)"#]
            ),
        ] as [(String, [String])]
    )
    func contradiction(bus: String, row: (text: String, messages: [String])) {
        let found = faults("bus: { \(bus): { tls: { \(row.text) } } }")
        let messages = row.messages.map { $0.replacing("TLS.", with: "bus.\(bus).tls.") }
        #expect(found.map(\.description) == messages.map { "c.yaml:1: bus.\(bus).tls.\($0)" })
        #expect(found.allSatisfy { $0.code == .contradiction })
    }

    @Test(
        "takes what only looks like a contradiction",
        arguments: buses,
        ["enabled: true", "enabled: true, ca_file: a, cert_file: b, key_file: c, server_name: \"::1\""]
    )
    func harmless(bus: String, text: String) {
        #expect(faults("bus: { type: \(bus), \(bus): { tls: { \(text) } } }") == [])
    }
}
