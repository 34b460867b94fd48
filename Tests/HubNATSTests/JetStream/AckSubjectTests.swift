// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

@testable import HubNATS

@Suite("Where messages of JetStream are acknowledged")
struct AckSubjectTests {
    private static let largest = "18446744073709551615"

    @Test(
        "reads the subjects of all servers",
        arguments: [
            ("$JS.ACK.S.C.1.2.3.4.5", AckSubject(deliveries: 1, sequence: 2, delivery: 3, pending: 5)),
            ("$JS.ACK.S.C.9.8.7.6.0", AckSubject(deliveries: 9, sequence: 8, delivery: 7, pending: 0)),
            // Since 2.10: a domain, or `_` for none, and the hash of the account; later a token at random behind all.
            ("$JS.ACK._.HASH.S.C.1.2.3.4.5", AckSubject(deliveries: 1, sequence: 2, delivery: 3, pending: 5)),
            ("$JS.ACK.hub.HASH.S.C.1.2.3.4.5.xyz", AckSubject(deliveries: 1, sequence: 2, delivery: 3, pending: 5)),
            (
                "$JS.ACK._.H.S.C.1.2.3.4.5.more.and.more",
                AckSubject(deliveries: 1, sequence: 2, delivery: 3, pending: 5)
            ),
            (
                "$JS.ACK.S.C.\(largest).\(largest).\(largest).\(largest).\(largest)",
                AckSubject(deliveries: .max, sequence: .max, delivery: .max, pending: .max)
            ),
            ("$JS.ACK.S.C.01.002.0003.4.00005", AckSubject(deliveries: 1, sequence: 2, delivery: 3, pending: 5)),
        ]
    )
    func reads(subject: String, expected: AckSubject) {
        #expect(Self.read(subject) == expected)
    }

    @Test(
        "takes nothing else for one",
        arguments: [
            "", ".", "$", "$JS", "$JS.ACK", "$JS.ACK.", "$JS.ACK.S.C", "$JS.ACK.S.C.1.2.3.4", "$JS.ACK.S.C.1.2.3.4.5.6",
            "$JS.ACKS.S.C.1.2.3.4.5", "JS.ACK.S.C.1.2.3.4.5", "$js.ack.S.C.1.2.3.4.5", " $JS.ACK.S.C.1.2.3.4.5",
            "$JS.ACK.S.C..2.3.4.5", "$JS.ACK.S.C.1..3.4.5", "$JS.ACK.S.C.1.2..4.5", "$JS.ACK.S.C.1.2.3.4.",
            "$JS.ACK.S.C.-1.2.3.4.5", "$JS.ACK.S.C.1.+2.3.4.5", "$JS.ACK.S.C.1.2.3.4.5x", "$JS.ACK.S.C.1.2x.3.4.5",
            "$JS.ACK.S.C.1.18446744073709551616.3.4.5", "$JS.ACK.S.C.99999999999999999999.2.3.4.5",
            "$JS.ACK.S.C.1.2.3.4.000000000000000000005", "$JS.ACK.S.C.1.2.é.4.5", "$JS.ACK.........",
            "$JS.ACK._.H.S.C.1.2.3.4", "$JS.ACK._.H.S.C.x.2.3.4.5", "............", "_INBOX.1", "gohub.topic.news",
            "$JS.ACK.T.C.1.2.3.4.5", "$JS.ACK.S.D.1.2.3.4.5", "$JS.ACK.SS.C.1.2.3.4.5", "$JS.ACK.S.CC.1.2.3.4.5",
            "$JS.ACK._.H.T.C.1.2.3.4.5", "$JS.ACK.S.C.S.D.1.2.3.4.5", "$JS.ACK.._.H.C.1.2.3.4.5",
        ]
    )
    func refuses(subject: String) {
        #expect(Self.read(subject) == nil)
    }

    private static func read(_ subject: String) -> AckSubject? {
        subject.withCString { AckSubject($0, of: Subject("S".utf8), Subject("C".utf8)) }
    }

    @Test("names are compared as they stand")
    func names() {
        let place = "$JS.ACK.a-b_c.d=2E-1.9.8.7.6.0".withCString {
            AckSubject($0, of: Subject("a-b_c".utf8), Subject("d=2E-1".utf8))
        }
        #expect(place == AckSubject(deliveries: 9, sequence: 8, delivery: 7, pending: 0))
    }
}
