// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

@testable import HubNATS

@Suite("What the server has still to confirm")
struct NATSReceiptsTests {
    /// What a number confirms, in words.
    private func confirmed(_ number: UInt64, _ receipts: inout NATSReceipts) -> [String] {
        var all: [String] = []
        while let subject = receipts.confirm(number) {
            switch subject {
            case .publications(let id): all.append("publications \(id)")
            case .interests(let generation): all.append("interests \(generation)")
            }
        }
        return all
    }

    @Test("a number confirms all that was said before it, in order and once")
    func order() {
        var receipts = NATSReceipts()
        let first = receipts.add(.publications(7))
        _ = receipts.add(.interests(1))
        let third = receipts.add(.publications(9))
        let last = receipts.add(.interests(2))
        #expect(confirmed(first, &receipts) == ["publications 7"])
        #expect(confirmed(first, &receipts) == [])
        #expect(confirmed(third, &receipts) == ["interests 1", "publications 9"])
        #expect(confirmed(last, &receipts) == ["interests 2"])
    }

    @Test("a number that was not given out yet confirms what there is, and nothing that comes later")
    func strange() {
        var receipts = NATSReceipts()
        #expect(confirmed(.max, &receipts) == [])
        let number = receipts.add(.publications(1))
        #expect(confirmed(0, &receipts) == [])
        #expect(confirmed(number, &receipts) == ["publications 1"])
    }
}
