// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

@testable import HubServer

@Suite("Room for request bodies")
struct BodyBudgetTests {
    @Test("an address has a quarter of the room, all have the whole, and what is given back can be taken again")
    func shares() {
        let budget = BodyBudget(limit: 100, largest: 10)
        #expect(budget.take(25, for: "a"))
        #expect(!budget.take(1, for: "a"))
        for address in ["b", "c", "d"] { #expect(budget.take(25, for: address)) }
        #expect(budget.bytes == 100)
        #expect(!budget.take(1, for: "e"))
        budget.give(5, of: "a")
        #expect(budget.take(5, for: "e"))
        budget.give(5, of: "e")
        budget.give(20, of: "a")
        for address in ["b", "c", "d"] { budget.give(25, of: address) }
        #expect(budget.bytes == 0)
    }

    @Test("the largest body of a route fits, whatever the room")
    func largest() {
        let budget = BodyBudget(limit: 100, largest: 1000)
        #expect(budget.take(1000, for: "a"))
        #expect(!budget.take(1, for: "b"))
    }

    @Test("a body takes room for at most twice what has come, never for what was announced, and gives it back")
    func growth() throws {
        let budget = BodyBudget(limit: 1 << 30, largest: 0)
        let announced = 1 << 20
        var decoder = HTTPBodyDecoder(HTTPRequestHead(contentLength: announced), limit: announced)
        do {
            let body = RequestBody(most: announced, budget: budget, address: "a")
            #expect(budget.bytes == 0)
            let piece = [UInt8](repeating: 7, count: 1000)
            while body.bytes.count < announced {
                let taken = try piece.withUnsafeBytes { try body.take($0, &decoder) }
                #expect(taken == 1000)
                #expect(budget.bytes <= min(announced, 2 * body.bytes.count))
                #expect(budget.bytes >= body.bytes.count)
                if announced - body.bytes.count < 1000 { break }
            }
            _ = try piece.withUnsafeBytes { try body.take($0, &decoder) }
            #expect(decoder.isWhole)
            #expect(body.bytes.count == announced)
            #expect(budget.bytes == announced)
        }
        #expect(budget.bytes == 0)
    }
}
