// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

@testable import HubLoop

/// Whom a node asks next, of those that it was told of and of those that servers have named.
@Suite("Rotation of addresses")
struct AddressRotationTests {
    private static func addresses(_ host: String, _ count: Int) -> [SocketAddress] {
        (0..<count).map { SocketAddress(host: "\(host)\($0)", port: 7) }
    }

    @Test(
        "each configured address comes within twice their number, whatever was learned",
        arguments: [1, 2, 3],
        [0, 1, 60]
    )
    func configured(count: Int, learned: Int) {
        let configured = Self.addresses("configured", count)
        let rotation = AddressRotation(configured)
        for _ in 0..<5 {
            rotation.learn(Self.addresses("learned", learned) + configured)
            let taken = (0..<2 * count).map { _ in rotation.take() }
            #expect(Set(taken).isSuperset(of: configured))
        }
    }

    @Test("learned addresses have their turn in between, each of them, and go when others come")
    func learned() {
        let rotation = AddressRotation(Self.addresses("configured", 1))
        func take(_ count: Int) -> [String] { (0..<count).map { _ in rotation.take().host } }
        rotation.learn(Self.addresses("old", 3))
        #expect(take(6) == ["configured0", "old0", "configured0", "old1", "configured0", "old2"])
        rotation.learn(Self.addresses("new", 1))
        #expect(take(4) == ["configured0", "new0", "configured0", "new0"])
        rotation.learn([])
        #expect(take(2) == ["configured0", "configured0"])
        rotation.learn(Self.addresses("many", 300))
        #expect(Set(take(1000)).count == 1 + 256)
    }
}
