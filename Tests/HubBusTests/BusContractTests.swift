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

    @Test("what breaks single promises says of its connection what the bus says", arguments: [false, true])
    func forwards(isIt: Bool) throws {
        let bus = ScriptedBus(kind: .redis)
        let faulty = FaultyBus(bus, nil, on: try EventLoop())
        (bus.way, bus.isOrdered, bus.isBehind) = (isIt ? "streams" : nil, isIt, !isIt)
        #expect((faulty.way, faulty.isOrdered, faulty.isBehind) == (bus.way, isIt, !isIt))
    }

    @Test("what breaks single promises breaks none by itself", arguments: BusContract.Check.allCases)
    func faultless(check: BusContract.Check) async throws {
        #expect(try await contract(of: .some(nil)).violations(of: check) == [])
    }

    @Test("each check finds something")
    func checks() {
        let unproved = Set(BusContract.Check.allCases).subtracting(FaultyBus.Mutant.allCases.map(\.killer))
        #expect(unproved == [])
    }

    @Test("each broken promise is found by the check that is about it", arguments: FaultyBus.Mutant.allCases)
    func mutants(mutant: FaultyBus.Mutant) async throws {
        // What such a bus leaves out is waited for in vain, which need not take long, but for thousands of messages.
        let contract = try contract(
            of: mutant,
            patience: mutant == .settlesSomeThousands ? .seconds(4) : .milliseconds(500),
            keepsMessages: mutant == .forgetsWhatCameMeanwhile
        )
        #expect(try await contract.violations(of: mutant.killer) != [])
    }
}
