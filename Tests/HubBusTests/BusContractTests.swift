// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLog
import HubMetrics
import HubTesting
import Synchronization
import Testing

@Suite("The contract of message buses")
struct BusContractTests {
    @Test("the bus of a node that stands alone keeps it", arguments: BusContract.Check.allCases)
    func noop(check: BusContract.Check) async throws {
        #expect(try await BusContract(delivers: false) { NoopBus() }.violations(of: check) == [])
    }

    @Test("a bus in memory keeps it", arguments: BusContract.Check.allCases)
    func memory(check: BusContract.Check) async throws {
        #expect(try await BusContract { MemoryBus() }.violations(of: check) == [])
    }

    @Test("a bus that is measured keeps it as well", arguments: BusContract.Check.allCases)
    func instrumented(check: BusContract.Check) async throws {
        let contract = BusContract {
            InstrumentedBus(
                MemoryBus(),
                metrics: BusMetrics(registry: Registry(), bus: .noop),
                logger: Logger(sink: MemorySink())
            )
        }
        #expect(try await contract.violations(of: check) == [])
    }

    /// A bus in memory that breaks one promise.
    final class FaultyBus: MessageBus {
        enum Fault: CaseIterable {
            case answersTwice, neverAnswers, fails, takesEmptyTopics, forgetsClosing, losesMessages, repeatsMessages
            case changesBytes, swapsMessages, staysSubscribed, namesTheWrongTopic
        }

        let fault: Fault
        let bus = MemoryBus()
        let previous = Mutex<[UInt8]?>(nil)

        init(_ fault: Fault) { self.fault = fault }

        var kind: BusKind { bus.kind }
        var isUp: Bool { fault == .forgetsClosing || bus.isUp }

        func publish(_ bytes: [UInt8], to topic: String, within limit: Duration, _ completion: PublishCompletion) {
            switch fault {
            case .answersTwice: completion(nil)
            case .neverAnswers: return
            case .fails: return completion(BusError(.failed, "always"))
            case .takesEmptyTopics where topic.isEmpty: return completion(nil)
            case .losesMessages: return completion(nil)
            case .repeatsMessages: bus.publish(bytes, to: topic, within: limit, .ignored)
            case .changesBytes: return bus.publish(bytes + [0], to: topic, within: limit, completion)
            case .namesTheWrongTopic: bus.publish(bytes, to: "news", within: limit, .ignored)
            case .swapsMessages:
                let late = previous.withLock { previous in
                    defer { previous = previous == nil ? bytes : nil }
                    return previous
                }
                guard let late else { return completion(nil) }
                bus.publish(bytes, to: topic, within: limit, .ignored)
                return bus.publish(late, to: topic, within: limit, completion)
            default: break
            }
            bus.publish(bytes, to: topic, within: limit, completion)
        }

        func subscribe(_ receiver: any BusReceiver, to topic: String, within limit: Duration) async throws(BusError) {
            if fault == .takesEmptyTopics, topic.isEmpty { return }
            try await bus.subscribe(receiver, to: topic, within: limit)
        }

        func unsubscribe(_ receiver: any BusReceiver, from topic: String) async throws(BusError) {
            if fault == .staysSubscribed { return }
            try await bus.unsubscribe(receiver, from: topic)
        }

        func close() async {
            if fault != .forgetsClosing { await bus.close() }
        }
    }

    @Test("a bus that breaks a promise is found out", arguments: FaultyBus.Fault.allCases)
    func faulty(fault: FaultyBus.Fault) async throws {
        let contract = BusContract(limit: .milliseconds(20)) { FaultyBus(fault) }
        var violations: [String] = []
        // A publication that is never answered would be awaited for ever; one check sees it without awaiting.
        let checks = fault == .neverAnswers ? [.everyPublicationIsAnsweredOnce] : BusContract.Check.allCases
        for check in checks { violations += try await contract.violations(of: check) }
        #expect(!violations.isEmpty)
    }
}
