// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@testable import HubBus

/// What a node wants, and what of that the server has still to be told.
@Suite("Interest")
struct InterestTests {
    @Test("changes that no server can be told are forgotten, and the next server is told everything")
    func forgets() {
        var interest = Interest()
        interest.want(.broadcast)
        for number in 0..<1_000 {
            interest.want(.node("\(number)"))
            if number > 0 { interest.drop(.node("\(number)")) }
        }
        interest.forgetChanges()
        #expect(interest.takeChanges() == nil)
        let all = interest.takeAll()
        #expect(all.steps.count == 2)
        #expect(all.generation == interest.generation)
    }

    @Test("what is wanted twice, or dropped without being wanted, is no change")
    func same() {
        var interest = Interest()
        #expect(interest.want(.nodes) == true)
        #expect(interest.want(.nodes) == false)
        #expect(interest.drop(.broadcast) == false)
        #expect(interest.generation == 1)
        #expect(interest.takeChanges()?.steps.count == 1)
        #expect(interest.drop(.nodes) == true)
        #expect(interest.takeChanges()?.difference == -1)
    }
}
