// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import Testing

@Suite("Identity of a node")
struct NodeIdentityTests {
    @Test(
        "a name that is too long is cut between two characters, and never longer than others take it",
        arguments: [
            (String(repeating: "x", count: 64), 64), (String(repeating: "x", count: 65), 64),
            (String(repeating: "é", count: 32), 64), ("a" + String(repeating: "é", count: 32), 63),
            ("ab" + String(repeating: "😀", count: 16), 62),
        ]
    )
    func cut(name: String, count: Int) {
        let id = NodeIdentity(id: name).id
        #expect(id.utf8.count == count)
        #expect(name.utf8.starts(with: id.utf8))
    }
}
