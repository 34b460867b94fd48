// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus

/// What every ``HubBus/MessageBus`` promises, as checks that run against a fresh bus each.
///
/// ```
/// @Test(arguments: BusContract.Check.allCases)
/// func keeps(check: BusContract.Check) async throws {
///     #expect(try await BusContract(delivers: false) { NoopBus() }.violations(of: check) == [])
/// }
/// ```
package struct BusContract: Sendable {
    /// One promise.
    package enum Check: String, CaseIterable, Sendable {
        case publishSucceeds
        case everyPublicationIsAnsweredOnce
        case emptyTopicIsRefused
        case topicsMayBeCalledAnything
        case subscribingAndUnsubscribingMayBeRepeated
        case closingMayBeRepeatedAndRefusesAllElse
        case closingAnswersWhatIsUnderWay
        case cancelledPublicationReturns
        case bytesArriveAsTheyWere
        case orderIsKept
        case receiversShareATopic
        case receiverHasATopicOnce
        case nothingArrivesAfterUnsubscribing
        case nothingArrivesOnOtherTopics
        case nothingArrivesAfterClosing
    }

    /// Whether what is published comes back to the bus that subscribed to it; false for a bus that goes nowhere.
    let delivers: Bool
    /// How long an answer may take on this bus.
    let limit: Duration
    private let makeBus: @Sendable () async throws -> any MessageBus

    /// Describes a bus.
    ///
    /// - Parameter limit: How long an answer and a delivery may take; the suite waits no longer.
    /// - Parameter makeBus: Makes a bus that is connected.
    package init(
        delivers: Bool = true,
        limit: Duration = .seconds(10),
        makeBus: @escaping @Sendable () async throws -> any MessageBus
    ) {
        self.delivers = delivers
        self.limit = limit
        self.makeBus = makeBus
    }

    /// Runs one check and says what it found; empty when the promise is kept.
    package func violations(of check: Check) async throws -> [String] {
        let bus = try await makeBus()
        var report = Report()
        do throws(BusError) {
            try await run(check, bus, &report)
        } catch {
            report.add("an unexpected error: \(error)")
        }
        await bus.close()
        return report.violations
    }

    /// Collects what was found.
    struct Report {
        private(set) var violations: [String] = []

        mutating func add(_ violation: String) { violations.append(violation) }

        mutating func expect<Value: Equatable>(_ value: Value, _ expected: Value, _ what: String) {
            if value != expected { add("\(what): \(value), expected \(expected)") }
        }

        mutating func expect(
            _ code: BusError.Code,
            _ what: String,
            _ body: () async throws(BusError) -> Void
        ) async {
            do throws(BusError) {
                try await body()
                add("\(what): no error, expected \(code)")
            } catch {
                expect(error.code, code, what)
            }
        }
    }

    private func run(_ check: Check, _ bus: any MessageBus, _ report: inout Report) async throws(BusError) {
        switch check {
        case .publishSucceeds: try await publishSucceeds(bus, &report)
        case .everyPublicationIsAnsweredOnce: await everyPublicationIsAnsweredOnce(bus, &report)
        case .emptyTopicIsRefused: await emptyTopicIsRefused(bus, &report)
        case .topicsMayBeCalledAnything: try await topicsMayBeCalledAnything(bus, &report)
        case .subscribingAndUnsubscribingMayBeRepeated: try await mayBeRepeated(bus, &report)
        case .closingMayBeRepeatedAndRefusesAllElse: await closing(bus, &report)
        case .closingAnswersWhatIsUnderWay: await closingAnswers(bus, &report)
        case .cancelledPublicationReturns: await cancelledPublicationReturns(bus, &report)
        case .bytesArriveAsTheyWere: try await bytesArriveAsTheyWere(bus, &report)
        case .orderIsKept: try await orderIsKept(bus, &report)
        case .receiversShareATopic: try await receiversShareATopic(bus, &report)
        case .receiverHasATopicOnce: try await receiverHasATopicOnce(bus, &report)
        case .nothingArrivesAfterUnsubscribing: try await nothingAfterUnsubscribing(bus, &report)
        case .nothingArrivesOnOtherTopics: try await nothingOnOtherTopics(bus, &report)
        case .nothingArrivesAfterClosing: try await nothingAfterClosing(bus, &report)
        }
    }

    // MARK: Publishing

    private func publishSucceeds(_ bus: any MessageBus, _ report: inout Report) async throws(BusError) {
        report.expect(bus.isUp, true, "up when made")
        try await bus.publish([1, 2, 3], to: "news", within: limit)
        try await bus.publish([], to: "news", within: limit)
        bus.publish([4], to: "news", within: limit, .ignored)
    }

    /// Four tasks at once; each token must have one answer, and it must be success.
    private func everyPublicationIsAnsweredOnce(_ bus: any MessageBus, _ report: inout Report) async {
        let observer = RecordingObserver()
        await withTaskGroup(of: Void.self) { group in
            for part in 0..<4 as Range<UInt64> {
                group.addTask {
                    for index in 0..<250 as Range<UInt64> {
                        let completion = PublishCompletion(observer, token: part * 250 + index)
                        bus.publish([7], to: "news", within: limit, completion)
                    }
                }
            }
        }
        _ = await observer.answers(atLeast: 1000, within: limit)
        await bus.close()
        let answers = observer.answers
        report.expect(answers.count, 1000, "tokens with an answer")
        report.expect(answers.values.allSatisfy { $0.count == 1 }, true, "one answer each")
        report.expect(answers.values.allSatisfy { $0 == [nil] }, true, "success each")
    }

    private func emptyTopicIsRefused(_ bus: any MessageBus, _ report: inout Report) async {
        let receiver = RecordingReceiver()
        await report.expect(.topicEmpty, "publish") { () throws(BusError) in
            try await bus.publish([1], to: "", within: limit)
        }
        await report.expect(.topicEmpty, "subscribe") { () throws(BusError) in
            try await bus.subscribe(receiver, to: "", within: limit)
        }
        await report.expect(.topicEmpty, "unsubscribe") { () throws(BusError) in
            try await bus.unsubscribe(receiver, from: "")
        }
        report.expect(bus.isUp, true, "up after refusals")
    }

    private func cancelledPublicationReturns(_ bus: any MessageBus, _ report: inout Report) async {
        let limit = limit
        let task = Task { () -> BusError? in
            do throws(BusError) {
                try await bus.publish([1], to: "news", within: limit)
                return nil
            } catch {
                return error
            }
        }
        task.cancel()
        // Published or cancelled, both are right; what counts is that it ends.
        if let error = await task.value, error.code != .failed {
            report.add("a cancelled publication ends with \(error)")
        }
    }

    // MARK: Calls that may be repeated

    private func mayBeRepeated(_ bus: any MessageBus, _ report: inout Report) async throws(BusError) {
        let receiver = RecordingReceiver()
        try await bus.unsubscribe(receiver, from: "news")
        for _ in 0..<3 { try await bus.subscribe(receiver, to: "news", within: limit) }
        for _ in 0..<3 { try await bus.unsubscribe(receiver, from: "news") }
        try await bus.subscribe(receiver, to: "news", within: limit)
        try await bus.publish([9], to: "news", within: limit)
        let expected = delivers ? [RecordingReceiver.Message("news", [9])] : []
        report.expect(await receiver.messages(atLeast: expected.count, within: limit), expected, "after all that")
    }

    private func closing(_ bus: any MessageBus, _ report: inout Report) async {
        let receiver = RecordingReceiver()
        for _ in 0..<3 { await bus.close() }
        report.expect(bus.isUp, false, "up after closing")
        await report.expect(.closed, "publish") { () throws(BusError) in
            try await bus.publish([1], to: "news", within: limit)
        }
        await report.expect(.closed, "publish without topic") { () throws(BusError) in
            try await bus.publish([1], to: "", within: limit)
        }
        await report.expect(.closed, "subscribe") { () throws(BusError) in
            try await bus.subscribe(receiver, to: "news", within: limit)
        }
        await report.expect(.closed, "unsubscribe") { () throws(BusError) in
            try await bus.unsubscribe(receiver, from: "news")
        }
    }

    /// Whatever is published around the time of closing has its answer, once, when closing is over.
    private func closingAnswers(_ bus: any MessageBus, _ report: inout Report) async {
        let observer = RecordingObserver()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for index in 0..<500 as Range<UInt64> {
                    bus.publish([7], to: "news", within: limit, PublishCompletion(observer, token: index))
                }
            }
            group.addTask { await bus.close() }
        }
        await bus.close()
        let answers = await observer.answers(atLeast: 500, within: limit)
        report.expect(answers.count, 500, "tokens with an answer")
        report.expect(
            answers.values.allSatisfy { $0 == [nil] || $0 == [.closed] },
            true,
            "one answer each, ok or closed"
        )
    }
}
