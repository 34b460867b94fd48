// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop
import HubTesting
import Testing

/// The contract of bus adapters, kept by a bus in memory, and broken in every way that is known.
@Suite("Bus contract")
struct BusContractTests {
    private func contract(
        of mutant: FaultyBus.Mutant?? = .none,
        patience: Duration = .seconds(30),
        keepsMessages: Bool = false
    ) throws -> BusContract {
        var options = MemoryBroker.Options()
        options.maxPayload = 1 << 20
        options.keepsMessages = keepsMessages
        let broker = try MemoryBroker(options: options)
        var features = BusContract.Features()
        features.maxPayload = options.maxPayload
        features.keepsMessages = keepsMessages
        var faults = BusContract.Faults()
        faults.interrupt = { await broker.apply(.down) }
        faults.restore = { await broker.apply(.none) }
        faults.freeze = { await broker.apply(.frozen) }
        faults.thaw = { await broker.apply(.none) }
        return BusContract(features: features, faults: faults, patience: patience) { loop in
            let bus = MemoryBus(broker, on: loop)
            guard case .some(let mutant) = mutant else { return bus }
            return FaultyBus(bus, mutant, on: loop)
        }
    }

    @Test("a bus in memory keeps it", arguments: BusContract.Check.allCases)
    func memory(check: BusContract.Check) async throws {
        #expect(try await contract().violations(of: check) == [])
    }

    @Test(
        "a bus in memory keeps it that keeps messages for nodes that are away",
        arguments: [
            .deliversWhatCameMeanwhile, .beginsAnewWithAConnection, .isSilentOnceDisconnected, .stopsWithoutRoom,
            .tellsALostConnectionOnce, .linkComesBack, .linkLeavesAFrozenServer,
        ] as [BusContract.Check]
    )
    func keeping(check: BusContract.Check) async throws {
        #expect(try await contract(keepsMessages: true).violations(of: check) == [])
    }

    @Test(
        "a bus that breaks single promises tells way, order and backlog as the one it wraps",
        arguments: [false, true]
    )
    func forwards(isIt: Bool) throws {
        let bus = ScriptedBus(kind: .redis)
        let faulty = FaultyBus(bus, nil, on: try EventLoop())
        (bus.way, bus.isOrdered, bus.isBehind) = (isIt ? "streams" : nil, isIt, !isIt)
        #expect((faulty.way, faulty.isOrdered, faulty.isBehind) == (bus.way, isIt, !isIt))
    }

    @Test("a bus that breaks single promises breaks none by itself", arguments: BusContract.Check.allCases)
    func faultless(check: BusContract.Check) async throws {
        #expect(try await contract(of: .some(nil)).violations(of: check) == [])
    }

    @Test("each check finds something")
    func checks() {
        let unproved = Set(BusContract.Check.allCases).subtracting(FaultyBus.Mutant.allCases.map(\.killer))
        #expect(unproved == [])
    }

    @Test(
        "each broken promise is found by the check that is about it, which a bus without fault passes here and now",
        arguments: FaultyBus.Mutant.allCases
    )
    func mutants(mutant: FaultyBus.Mutant) async throws {
        // Twice what is enough without the fault: what still does not come is not late because the machine is slow.
        let patience = try await patienceWithoutFault(like: mutant) * 2
        let found = try await violations(of: mutant, like: mutant, patience)
        #expect(!found.isEmpty)
        if !mutant.isFoundByWaiting {
            #expect(found.contains { !$0.isTimeout }, "only waited for in vain: \(found)")
        }
    }

    /// How long has to be waited at least so that a bus without fault passes the check that is to find a mutant.
    private func patienceWithoutFault(like mutant: FaultyBus.Mutant) async throws -> Duration {
        var patience = Duration.milliseconds(500)
        while true {
            let found = try await violations(of: nil, like: mutant, patience)
            if found.isEmpty { return patience }
            try #require(patience < .seconds(30), "without a fault: \(found)")
            patience *= 2
        }
    }

    /// What the check that is to find a mutant finds in another one, or in none.
    private func violations(
        of other: FaultyBus.Mutant?,
        like mutant: FaultyBus.Mutant,
        _ patience: Duration
    ) async throws -> [BusContract.Violation] {
        let keepsMessages = mutant == .forgetsWhatCameMeanwhile
        return try await contract(of: .some(other), patience: patience, keepsMessages: keepsMessages)
            .violations(of: mutant.killer)
    }
}
