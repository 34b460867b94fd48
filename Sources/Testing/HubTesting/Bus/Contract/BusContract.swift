// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
package import HubLoop

/// What every ``HubBus/BusAdapter`` promises, as checks against its real server; each makes its own adapters and loops.
///
/// ```
/// @Test(arguments: BusContract.Check.allCases)
/// func keeps(check: BusContract.Check) async throws {
///     let server = try await OurServer()
///     let contract = BusContract { OurBus(port: server.port, on: $0) }
///     #expect(try await contract.violations(of: check) == [])
/// }
/// ```
///
/// Names on the bus differ from check to check, so that checks may share a server; not those with faults, see ``Check/faults``.
package struct BusContract: Sendable {
    /// What a bus can do beyond what all can.
    package struct Features: Sendable {
        /// Whether one node's messages keep their order also from topic to topic.
        package var ordersAcrossTopics = true
        /// Whether a node that was away gets what came meanwhile.
        package var keepsMessages = false
        /// Whether it takes an interest in all names that begin alike.
        package var takesPrefixes = true
        /// The most bytes of a message; nil for 1 MiB and more.
        package var maxPayload: Int?
        /// What names are published to where a check is about no kind of them: some buses carry topics a way of their own.
        package var names = Names.inboxes
        /// What stands in the names of topics that are used together, in turn, so that different servers carry them; empty where
        /// names have no say in that.
        package var places: [String] = []

        /// Those of a plain broker.
        package init() {}
    }

    /// What names a run publishes to.
    package enum Names: Sendable {
        /// `node/…`.
        case inboxes
        /// `topic/…`.
        case topics
    }

    /// How the test lets the server fail; each returns once it does.
    package struct Faults: Sendable {
        /// Something that is done to the server.
        package typealias Action = @Sendable () async throws -> Void

        /// The server ends: connections break, and no new ones come about.
        package var interrupt: Action?
        /// It is there again.
        package var restore: Action?
        /// The server answers nothing, and connections stay.
        package var freeze: Action?
        /// It goes on.
        package var thaw: Action?

        /// None, which leaves out what they would show.
        package init() {}
    }

    /// One promise.
    package enum Check: String, CaseIterable, Sendable {
        // One adapter, or two, without anything that helps them.
        case settlesEachPublicationOnce
        case keepsTheOrderOfATopic
        case keepsEveryByte
        case refusesWhatIsTooLarge
        case carriesAnyName
        case takesNamesForNoPatterns
        case takesAPrefixForAllBelow
        case confirmsInterestsInOrder
        case hasWhatItConfirms
        case endsInterests
        case changesInterestsBackAndForth
        case deliversToAllNodes
        case stopsWithoutRoom
        case isSilentOnceDisconnected
        case beginsAnewWithAConnection
        case deliversWhatCameMeanwhile
        case closesOnceWithWorkUnderWay
        case closesAtAnyTime
        case tellsARefusedConnectionOnce
        case tellsALostConnectionOnce
        // A node's way to the bus, as the hub uses it.
        case linkIsReadyAfterItsProbe
        case linkPublishesAll
        case linkAnswersAllWhenItCloses
        case linkComesBack
        case linkAnswersInTimeWhileFrozen
        case linkLeavesAFrozenServer

        /// Those that let the server fail: not beside others on the same server.
        package static let faults: [Check] = [
            .tellsARefusedConnectionOnce, .tellsALostConnectionOnce, .linkComesBack, .linkAnswersInTimeWhileFrozen,
            .linkLeavesAFrozenServer,
        ]
    }

    let features: Features
    let faults: Faults
    let patience: Duration
    let spread: Faults.Action?
    let makeAdapter: @Sendable (EventLoop) -> any BusAdapter

    /// Describes a kind of bus.
    ///
    /// - Parameter patience: How long is waited for what has to happen; a bus that keeps its promises never takes so long.
    /// - Parameter spread: Waits until what the server of one node has confirmed is known at the servers of all others, which
    ///   those of some buses learn a moment later: what is published there meanwhile goes nowhere, and that is no violation.
    ///   Nil for a bus of one server, or one that confirms for all.
    /// - Parameter makeAdapter: Makes a node's adapter, which belongs to the loop.
    package init(
        features: Features = Features(),
        faults: Faults = Faults(),
        patience: Duration = .seconds(30),
        spread: Faults.Action? = nil,
        makeAdapter: @escaping @Sendable (EventLoop) -> any BusAdapter
    ) {
        self.features = features
        self.faults = faults
        self.patience = patience
        self.spread = spread
        self.makeAdapter = makeAdapter
    }

    /// One way in which a bus did not keep a promise.
    package struct Violation: Hashable, Sendable, CustomStringConvertible {
        package let description: String
        /// Whether something did not come within the patience, which a bus that is slow does not keep either.
        package let isTimeout: Bool

        init(_ description: String, isTimeout: Bool = false) {
            self.description = description
            self.isTimeout = isTimeout
        }
    }

    /// Runs one check and says what it found; empty when the promise is kept, or does not apply to the bus.
    package func violations(of check: Check) async throws -> [Violation] {
        let run = BusContractRun(self)
        do {
            try await run.perform(check)
        } catch let end as BusContractEnd {
            run.report(end.violation)
        } catch {
            try? await run.finish()
            throw error
        }
        try await run.finish()
        return run.violations
    }
}
