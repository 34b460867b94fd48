// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop

/// One check under way: its nodes, and what it found.
final class BusContractRun {
    let contract: BusContract
    private(set) var violations: [BusContract.Violation] = []
    private var nodes: [BusLoopHarness] = []
    /// Stands in each name, so that checks on the same server do not meet.
    private let salt = String(UInt32.random(in: .min ... .max), radix: 36)

    init(_ contract: BusContract) { self.contract = contract }

    func perform(_ check: BusContract.Check) async throws {
        switch check {
        case .settlesEachPublicationOnce: try await settlesEachPublicationOnce()
        case .keepsTheOrderOfATopic: try await keepsTheOrderOfATopic()
        case .keepsEveryByte: try await keepsEveryByte()
        case .refusesWhatIsTooLarge: try await refusesWhatIsTooLarge()
        case .carriesAnyName: try await carriesAnyName()
        case .takesNamesForNoPatterns: try await takesNamesForNoPatterns()
        case .takesAPrefixForAllBelow: try await takesAPrefixForAllBelow()
        case .confirmsInterestsInOrder: try await confirmsInterestsInOrder()
        case .hasWhatItConfirms: try await hasWhatItConfirms()
        case .endsInterests: try await endsInterests()
        case .changesInterestsBackAndForth: try await changesInterestsBackAndForth()
        case .deliversToAllNodes: try await deliversToAllNodes()
        case .stopsWithoutRoom: try await stopsWithoutRoom()
        case .isSilentOnceDisconnected: try await isSilentOnceDisconnected()
        case .beginsAnewWithAConnection: try await beginsAnewWithAConnection()
        case .deliversWhatCameMeanwhile: try await deliversWhatCameMeanwhile()
        case .closesOnceWithWorkUnderWay: try await closesOnceWithWorkUnderWay()
        case .closesAtAnyTime: try await closesAtAnyTime()
        case .tellsARefusedConnectionOnce: try await tellsARefusedConnectionOnce()
        case .tellsALostConnectionOnce: try await tellsALostConnectionOnce()
        case .linkIsReadyAfterItsProbe: try await linkIsReadyAfterItsProbe()
        case .linkPublishesAll: try await linkPublishesAll()
        case .linkAnswersAllWhenItCloses: try await linkAnswersAllWhenItCloses()
        case .linkComesBack: try await linkComesBack()
        case .linkAnswersInTimeWhileFrozen: try await linkAnswersInTimeWhileFrozen()
        case .linkLeavesAFrozenServer: try await linkLeavesAFrozenServer()
        }
    }

    func finish() async throws {
        for node in nodes {
            for violation in try await node.finish() {
                report(BusContract.Violation("\(node.id): \(violation)", isTimeout: violation.isTimeout))
            }
        }
    }

    func report(_ violation: BusContract.Violation) { violations.append(violation) }

    func report(_ violation: String) { report(BusContract.Violation(violation)) }

    func expect(_ holds: Bool, _ violation: @autoclosure () -> String) {
        if !holds { report(violation()) }
    }

    func expect<Value: Equatable>(_ value: Value, _ expected: Value, _ what: String) {
        if value != expected { report("\(what): \(Self.brief(value)), expected \(Self.brief(expected))") }
    }

    /// Expects the same elements in the same order, and says where they part.
    func expect<Element: Equatable>(_ values: [Element], _ expected: [Element], _ what: String) {
        guard values != expected else { return }
        let index = zip(values, expected).prefix { $0 == $1 }.count
        let (got, wanted) = (Self.element(index, of: values), Self.element(index, of: expected))
        report("\(what): \(values.count) of \(expected.count), and number \(index) is \(got), expected \(wanted)")
    }

    private static func element(_ index: Int, of values: [some Any]) -> String {
        index < values.count ? brief(values[index]) : "nothing"
    }

    private static func brief(_ value: some Any) -> String { String("\(value)".prefix(120)) }

    // MARK: Names

    /// A name for ordinary messages; anything may stand in it.
    func topic(_ name: String) -> BusTopic { named(salt + name) }

    /// A name of which this check's own part stands at the end.
    func topic(before name: String) -> BusTopic { named(name + salt) }

    /// Names that are used together, and lie on different servers where there are several.
    func topics(_ names: String...) -> [BusTopic] {
        names.enumerated().map { index, name in topic(name + place(index)) }
    }

    /// What has to stand in a name so that a server of its own carries it, in turn.
    func place(_ index: Int) -> String {
        let places = contract.features.places
        return places.isEmpty ? "" : places[index % places.count]
    }

    private func named(_ text: String) -> BusTopic {
        guard contract.features.names == .topics else { return .node(text) }
        var name = "topic/" + text
        guard let topic = name.withUTF8({ BusTopic(UnsafeRawBufferPointer($0)) }) else {
            // The name is a literal of a check, a salt and one of the words that the test of an adapter gives.
            preconditionFailure("\(name) is longer than a name may be")
        }
        return topic
    }

    /// One client's name.
    func unicast(_ name: String) throws -> BusTopic {
        var text = BusTopic.unicastPrefix + salt + name
        guard let topic = text.withUTF8({ BusTopic(UnsafeRawBufferPointer($0)) }) else {
            throw BusContractEnd("\(text) is no name on the bus")
        }
        return topic
    }

    // MARK: Nodes

    /// Makes a node whose adapter the check drives.
    func node(_ name: String) throws -> BusLoopHarness { try node(name, link: nil) }

    /// Makes a node whose adapter is connected, wants some names, and has them confirmed.
    func node(_ name: String, wanting topics: [BusTopic]) async throws -> BusLoopHarness {
        let node = try node(name)
        try await node.connect(wanting: topics.map { .add($0) })
        return node
    }

    /// Makes a node whose link drives the adapter, and waits until messages flow.
    func linked(
        _ name: String,
        wanting topics: [BusTopic],
        _ change: (inout BusLink.Settings) -> Void = { _ in }
    ) async throws -> BusLoopHarness {
        var settings = BusLink.Settings()
        let patience = contract.patience.wholeNanoseconds
        settings.publishTimeout = patience / 2
        settings.supervisor.probeTimeout = patience
        settings.supervisor.attemptTimeout = patience
        settings.supervisor.probeAfter = 2 * patience
        // The server is on this machine, and a test need not spare it.
        settings.supervisor.backOff = 10_000_000
        settings.supervisor.backOffLimit = 50_000_000
        change(&settings)
        let node = try node(name, link: settings)
        try await node.run { node in
            for topic in topics { node.link?.interest.want(topic) }
            node.link?.start()
        }
        try await node.waitUntilReady()
        return node
    }

    private func node(_ name: String, link: BusLink.Settings?) throws -> BusLoopHarness {
        let node = try BusLoopHarness(
            "\(salt)-\(name)",
            patience: contract.patience,
            link: link,
            spread: contract.spread,
            adapter: contract.makeAdapter
        )
        nodes.append(node)
        return node
    }
}

extension BusLoopHarness {
    /// Waits until messages flow, and the server has confirmed all that is wanted.
    func waitUntilReady() async throws {
        try await wait(for: "messages to flow") { node in
            guard let link = node.link else { return false }
            return link.isReady && node.sink.flows.last == true && node.tap.confirmed >= link.interest.generation
        }
        try await spread?()
    }
}
