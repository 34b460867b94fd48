// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import Testing

/// The hub beside its model, through thousands of random steps.
@Suite("Simulation")
struct SimulationTests {
    @Test("the hub does what its model does", arguments: 1...6 as ClosedRange<UInt64>, SlowClientPolicy.allCases)
    func likeTheModel(seed: UInt64, policy: SlowClientPolicy) throws {
        for shards in 1...3 {
            var simulation = try Simulation(seed: seed &* 31 &+ UInt64(shards), shards: shards, policy: policy)
            simulation.run(rounds: 300)
            #expect(simulation.failure == nil)
        }
    }
}
