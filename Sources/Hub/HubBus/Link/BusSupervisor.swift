// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Decides when to connect, whether messages flow, and when a connection is given up; no I/O, no clock.
///
/// ```
/// waiting ─→ connecting ─→ authenticating ─→ subscribing ─→ probing ─→ ready
///    ↑ full jitter │              │               │            │         │ silence, late answers or refusals: a probe,
///    └─────────────┴──────────────┴───────────────┴────────────┴─────────┘ and the end if it stays away or is refused
/// ```
///
/// Ready means that a message to the node's own inbox came back: only then do publications flow, so that none goes to a
/// server on which this node does not listen yet. All times are nanoseconds of one clock.
package struct BusSupervisor {
    /// The times it goes by.
    package struct Settings: Sendable {
        /// How long silence is taken for life.
        package var probeAfter: UInt64 = 30_000_000_000
        /// How long a probe may take.
        package var probeTimeout: UInt64 = 5_000_000_000
        /// How long from the beginning of an attempt until ready.
        package var attemptTimeout: UInt64 = 10_000_000_000
        /// How long publications go on while their answers stay away.
        package var patience: UInt64 = 1_000_000_000
        /// The longest first wait; doubled after each failure up to the limit, and a random part of it is waited.
        package var backOff: UInt64 = 200_000_000
        package var backOffLimit: UInt64 = 10_000_000_000

        /// The defaults.
        package init() {}
    }

    /// What is to be done.
    package enum Action: Equatable, Sendable {
        case none
        /// Begin an attempt.
        case connect
        /// Tell the server everything that is wanted.
        case subscribe
        /// Send a probe with this number to the node's own inbox.
        case probe(UInt64)
        /// Messages flow; the outage lasted so long, nil at the first time.
        case ready(outage: UInt64?, attempts: Int)
        /// Drop the connection, which is of no use any more.
        case disconnect(LinkFault)
    }

    /// Where it stands.
    package enum Phase: Equatable, Sendable {
        case idle, waiting, connecting, authenticating, subscribing, probing, ready, closed
    }

    package private(set) var phase = Phase.idle
    private let settings: Settings
    /// When to try again, or when the attempt has failed.
    private var deadline = UInt64.max
    /// The probe under way, and when it is lost.
    private var probe: (number: UInt64, sent: UInt64, deadline: UInt64)?
    private var lastProbe: UInt64 = 0
    private var lastProbeSent: UInt64 = 0
    /// What the server said to the last probe instead of taking it.
    private var refusal: LinkFault?
    /// When an answer came from the server, and when a message did: what comes by one way says nothing of the other.
    private var lastHeard: UInt64 = 0
    private var lastReceived: UInt64 = 0
    /// When answers began to stay away.
    private var doubtedSince: UInt64?
    /// The generation that the server has to confirm first.
    private var awaited: UInt64 = 0
    private var failures = 0
    private var lostAt: UInt64?
    private var attempts = 0

    /// Waits for ``start(_:)``.
    package init(_ settings: Settings = Settings()) { self.settings = settings }

    /// Whether messages flow as far as is known: no answer is late.
    package var isReady: Bool { phase == .ready && doubtedSince == nil }

    /// Whether publications are sent: also while answers are late, for a moment.
    package private(set) var takesPublications = false

    /// When ``tick(_:)`` has to be called at the latest.
    package var nextDeadline: UInt64 {
        switch phase {
        case .idle, .closed: return .max
        case _ where refusal != nil: return 0
        case .waiting, .connecting, .authenticating, .subscribing, .probing:
            return min(deadline, probe?.deadline ?? .max)
        case .ready:
            let patience = doubtedSince.map { takesPublications ? $0 &+ settings.patience : .max } ?? .max
            return min(probe?.deadline ?? nextProbe, patience)
        }
    }

    /// When a probe is due while none is under way: after a silence, or in a doubt, and a while after one that was not sent.
    private var nextProbe: UInt64 {
        max(doubtedSince ?? lastReceived &+ settings.probeAfter, lastProbeSent &+ settings.patience)
    }

    /// Begins.
    package mutating func start(_ now: UInt64) -> Action {
        guard phase == .idle else { return .none }
        return attempt(now)
    }

    /// Ends for good.
    package mutating func close() {
        phase = .closed
        takesPublications = false
        (probe, refusal) = (nil, nil)
    }

    private mutating func attempt(_ now: UInt64) -> Action {
        phase = .connecting
        attempts += 1
        deadline = now &+ settings.attemptTimeout
        return .connect
    }

    /// The server was reached.
    package mutating func authenticating() {
        if phase == .connecting { phase = .authenticating }
    }

    /// The session stands.
    ///
    /// - Parameter generation: What the server has to confirm before anything else.
    package mutating func connected(generation: UInt64, _ now: UInt64) -> Action {
        guard phase == .connecting || phase == .authenticating else { return .none }
        phase = .subscribing
        awaited = generation
        lastReceived = now
        return .subscribe
    }

    /// The server has confirmed what was wanted up to a generation.
    package mutating func confirmed(_ generation: UInt64, _ now: UInt64) -> Action {
        guard phase == .subscribing, generation >= awaited else { return .none }
        phase = .probing
        return sendProbe(now)
    }

    private mutating func sendProbe(_ now: UInt64) -> Action {
        lastProbe += 1
        lastProbeSent = now
        probe = (lastProbe, now, now &+ settings.probeTimeout)
        return .probe(lastProbe)
    }

    /// A probe came back; one of an earlier connection counts for nothing.
    ///
    /// - Returns: What to do, and how long it was under way.
    package mutating func probeReturned(_ number: UInt64, _ now: UInt64) -> (action: Action, roundTrip: UInt64?) {
        guard let sent = probe, sent.number == number else { return (.none, nil) }
        probe = nil
        received(now)
        heard(now)
        let roundTrip = now &- sent.sent
        guard phase == .probing else { return (.none, roundTrip) }
        phase = .ready
        takesPublications = true
        failures = 0
        defer { (lostAt, attempts) = (nil, 0) }
        return (.ready(outage: lostAt.map { now &- $0 }, attempts: attempts), roundTrip)
    }

    /// A probe was refused, and so is all else: that nothing goes out is no readiness, whatever comes in.
    package mutating func probeRefused(_ fault: LinkFault) {
        if phase == .probing || phase == .ready { refusal = fault }
    }

    /// A probe was not sent, for want of room in front of the server: that says nothing of the server.
    package mutating func probeUnsent() {
        if phase == .ready { probe = nil }
    }

    /// A publication was refused: perhaps only that one, perhaps all, which a probe finds out; one a second is enough.
    package mutating func publicationRefused(_ now: UInt64) -> Action {
        guard phase == .ready, probe == nil, now >= lastProbeSent &+ settings.patience else { return .none }
        return sendProbe(now)
    }

    /// A message came from the server, by the way that probes take.
    package mutating func received(_ now: UInt64) { lastReceived = now }

    /// What the server has is not all read yet, perhaps for want of room here: a probe that lies behind it is not lost.
    package mutating func behind(_ now: UInt64) {
        lastReceived = now
        guard let sent = probe else { return }
        probe = (sent.number, sent.sent, now &+ settings.probeTimeout)
        if phase == .probing { deadline = max(deadline, now &+ settings.probeTimeout) }
    }

    /// An answer came on the way that publications go.
    package mutating func heard(_ now: UInt64) {
        lastHeard = now
        guard doubtedSince != nil else { return }
        doubtedSince = nil
        takesPublications = phase == .ready
    }

    /// A publication had no answer in time; if no other one had since it was sent either, the connection is in doubt.
    package mutating func answerIsLate(sent: UInt64, _ now: UInt64) -> Action {
        guard phase == .ready, lastHeard <= sent, doubtedSince == nil else { return .none }
        doubtedSince = now
        return probe == nil ? sendProbe(now) : .none
    }

    /// The connection went down, or did not come about.
    ///
    /// - Parameter random: 0 to 1; which part of the back-off is waited.
    package mutating func down(_ now: UInt64, random: Double) {
        guard phase != .closed, phase != .idle else { return }
        if lostAt == nil, phase == .ready { lostAt = doubtedSince ?? now }
        takesPublications = false
        doubtedSince = nil
        (probe, refusal) = (nil, nil)
        let longest = Double(min(settings.backOffLimit, settings.backOff << UInt64(min(failures, 16))))
        failures += 1
        phase = .waiting
        deadline = now &+ UInt64(longest * min(max(random, 0), 1))
    }

    /// Lets time pass.
    package mutating func tick(_ now: UInt64) -> Action {
        if let refusal { return .disconnect(refusal) }
        switch phase {
        case .idle, .closed: return .none
        case .waiting: return now >= deadline ? attempt(now) : .none
        case .connecting, .authenticating, .subscribing, .probing:
            guard now >= deadline || now >= probe?.deadline ?? .max else { return .none }
            return .disconnect(.silence)
        case .ready:
            if let doubtedSince, now >= doubtedSince &+ settings.patience { takesPublications = false }
            if let probe { return now >= probe.deadline ? .disconnect(.silence) : .none }
            return now >= nextProbe ? sendProbe(now) : .none
        }
    }
}
