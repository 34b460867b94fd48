// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubLog
import HubMetrics
import HubWire

/// One node's way to its bus: counts, times and supervises any adapter, so that none can forget to.
///
/// Belongs to the bus loop. ``tick(_:)`` has to be called once a tick of that loop, and at the time that it returns.
package final class BusLink {
    /// What a link goes by.
    package struct Settings: Sendable {
        /// How long a publication may take to be answered, nanoseconds.
        package var publishTimeout: UInt64 = 50_000_000
        package var supervisor = BusSupervisor.Settings()
        /// Whether programs that are no nodes may publish.
        package var acceptsBare = true
        /// The most bytes of their payloads.
        package var maxBareBytes = 1 << 20

        /// The defaults.
        package init() {}
    }

    /// From so many publications without an answer, or so many bytes of them, on, no more are taken.
    static let inFlightLimit = 4096
    static let inFlightByteLimit = 4 << 20

    let adapter: any BusAdapter
    let identity: NodeIdentity
    let settings: Settings
    let metrics: BusMetrics
    let clock: BusClock
    let writer: EnvelopeWriter
    var outageLog: OutageLog
    var supervisor: BusSupervisor
    private var inFlight = InFlight()
    private var batch: [Outgoing] = []
    /// The last message to the node itself; ids are not used again.
    private var lastProbe: UInt64?
    /// Changes that the server has not confirmed, and by how much each changes the number of interests.
    private var unconfirmed = FIFO<(generation: UInt64, difference: Int)>()
    private var confirmedInterests = 0
    /// What is wanted and the server of this connection has refused: it is not among those that are confirmed.
    private var refusedInterests: Set<BusTopic> = []
    private var lastReady = false
    /// What this node wants to receive; a change is told to the server at the end of the tick.
    package var interest = Interest()
    package weak var sink: (any BusSink)?
    private var isClosed = false
    /// The adapter takes nothing from its server, as the sink has no room.
    private var isPaused = false

    /// Makes a link that ``start()`` begins to connect.
    package init(
        _ adapter: any BusAdapter,
        identity: NodeIdentity,
        settings: Settings = Settings(),
        metrics: BusMetrics,
        logger: Logger,
        clock: BusClock = .system
    ) {
        self.adapter = adapter
        self.identity = identity
        self.settings = settings
        self.metrics = metrics
        self.clock = clock
        writer = EnvelopeWriter(identity)
        outageLog = OutageLog(logger, kind: adapter.kind, clock: clock)
        supervisor = BusSupervisor(settings.supervisor)
    }

    /// Begins; the node's own inbox is wanted first of all.
    package func start() {
        interest.want(.node(identity.id))
        adapter.start(self)
        perform(supervisor.start(clock.monotonic()))
    }

    /// Whether messages flow as far as is known.
    package var isReady: Bool { supervisor.isReady }
    /// Whether publications are sent now; if not, they fail at once.
    package var takesPublications: Bool { supervisor.takesPublications }
    /// Whether more publications are taken before others are answered.
    package var hasRoom: Bool {
        inFlight.count < Self.inFlightLimit && inFlight.byteCount < Self.inFlightByteLimit
    }
    /// Whether so much more was taken than there is room for that even what was begun has to wait.
    package var isOverfull: Bool { inFlight.byteCount >= 2 * Self.inFlightByteLimit }
    /// Whether a node's words arrive in the order in which it said them, see ``BusAdapter/isOrdered``.
    package var isOrdered: Bool { adapter.isOrdered }
    /// By which way publications travel, see ``BusAdapter/way``.
    package var way: String? { adapter.way }
    /// Whether all publications were answered.
    package var isSettled: Bool { inFlight.count == 0 }

    // MARK: Publishing

    /// Publishes an envelope, which is sent at the end of the tick.
    ///
    /// - Parameter observer: Told once, at the deadline at the latest.
    package func publish(
        _ envelope: EncodedEnvelope,
        _ kind: Envelope.Kind = .publication,
        to topic: BusTopic,
        _ observer: (any PublishObserver)? = nil
    ) {
        let now = clock.monotonic()
        guard !isClosed else { return refuse(.closed, observer) }
        guard !topic.isEmpty else { return refuse(.topicEmpty, observer) }
        guard supervisor.takesPublications else { return refuse(.disconnected, observer) }
        send(envelope, kind, to: topic, now, observer)
    }

    private func send(
        _ envelope: EncodedEnvelope,
        _ kind: Envelope.Kind,
        to topic: BusTopic,
        _ now: UInt64,
        _ observer: (any PublishObserver)?
    ) {
        let deadline = now &+ settings.publishTimeout
        batch.append(Outgoing(id: inFlight.nextID, kind: kind, topic: topic, envelope: envelope, deadline: deadline))
        inFlight.append(
            InFlight.Entry(
                sent: now,
                deadline: deadline,
                byteCount: envelope.count,
                isCounted: kind != .probe && kind != .canary,
                observer: observer
            )
        )
    }

    /// Sends a message to the node itself that counts in no family of the bus; ``BusSink/canaryReturned(_:at:)`` tells its return.
    ///
    /// - Parameter observer: Told what the bus answers, as with a publication.
    /// - Returns: Whether it was sent: false while publications are not.
    package func sendCanary(_ number: UInt64, _ observer: any PublishObserver) -> Bool {
        guard !isClosed, supervisor.takesPublications else { return false }
        sendToSelf(.canary, number, observer)
        return true
    }

    private func sendToSelf(_ kind: Envelope.Kind, _ number: UInt64, _ observer: (any PublishObserver)? = nil) {
        let topic = BusTopic.node(identity.id)
        var fields = EnvelopeWriter.Fields(kind, to: topic)
        fields.sequence = number
        fields.publishTime = clock.unixMicroseconds()
        send(writer.encode(fields), kind, to: topic, clock.monotonic(), observer)
    }

    /// Counts publications that were not even tried, as there was no connection.
    package func refused(_ count: UInt64) {
        guard count > 0 else { return }
        let error = isClosed ? BusError.closed : .disconnected
        metrics.failed(error, count)
        outageLog.publicationFailed(error)
    }

    private func refuse(_ error: BusError, _ observer: (any PublishObserver)?) {
        answer(error, after: 0, observer)
    }

    private func answer(_ error: BusError?, after nanoseconds: UInt64, _ observer: (any PublishObserver)?) {
        metrics.observeDuration(nanoseconds)
        if let error {
            metrics.failed(error)
            outageLog.publicationFailed(error)
        } else {
            metrics.published.increment()
        }
        observer?.published(error)
    }

    private func answer(_ entry: InFlight.Entry, _ error: BusError?, _ now: UInt64) {
        guard entry.isCounted else {
            entry.observer?.published(error)
            return
        }
        answer(error, after: now &- entry.sent, entry.observer)
    }

    /// Does what the tick gathered, and lets time pass.
    ///
    /// - Returns: When this has to be called again at the latest, nanoseconds of the clock.
    package func tick(_ now: UInt64) -> UInt64 {
        while let late = inFlight.popFirst(lateAt: now) {
            answer(late, .timeout, now)
            if late.isCounted { perform(supervisor.answerIsLate(sent: late.sent, now)) }
        }
        if isPaused || adapter.isBehind { supervisor.behind(now) }
        perform(supervisor.tick(now))
        // Before the batch is sent: whoever learns that messages flow has something to say.
        noteReadiness()
        tellInterest()
        if !batch.isEmpty {
            let ready = batch
            batch.removeAll(keepingCapacity: true)
            adapter.publish(ready)
        }
        metrics.set(interests: interest.count, confirmed: confirmedInterests)
        return min(supervisor.nextDeadline, inFlight.nextDeadline)
    }

    private func tellInterest() {
        switch supervisor.phase {
        case .subscribing, .probing, .ready:
            guard let change = interest.takeChanges() else { return }
            let refusedBefore = change.steps.count { step in
                if case .remove(let topic) = step { refusedInterests.remove(topic) != nil } else { false }
            }
            refusedInterests.dropSlack()
            unconfirmed.append((change.generation, change.difference + refusedBefore))
            adapter.want(change)
        case .idle, .waiting, .connecting, .authenticating, .closed: interest.forgetChanges()
        }
    }

    private func noteReadiness() {
        guard supervisor.isReady != lastReady else { return }
        lastReady = supervisor.isReady
        metrics.up.set(Int64(lastReady ? 1 : 0))
        sink?.flows(lastReady)
    }

    /// Takes messages again.
    package func resume() {
        isPaused = false
        adapter.resume()
    }

    /// Ends everything; what is not answered yet is answered now.
    package func close(_ done: @escaping () -> Void) {
        isClosed = true
        supervisor.close()
        forgetConnection()
        failAll(.closed)
        noteReadiness()
        metrics.set(interests: interest.count, confirmed: 0)
        adapter.close(done)
    }

    private func failAll(_ error: BusError) {
        let now = clock.monotonic()
        while let entry = inFlight.popFirst(lateAt: .max) { answer(entry, error, now) }
    }

    // MARK: What the supervisor decides

    func perform(_ action: BusSupervisor.Action) {
        switch action {
        case .none: break
        case .connect: adapter.connect()
        case .subscribe:
            let all = interest.takeAll()
            forgetConfirmations()
            unconfirmed.append((all.generation, interest.count))
            sink?.asksForAll()
            adapter.want(all)
        case .probe(let number):
            lastProbe = inFlight.nextID
            sendToSelf(.probe, number)
        case .ready(let outage, let attempts):
            metrics.ready(outage: outage)
            outageLog.ready(outage: outage, attempts: attempts, interests: interest.count, way: way)
        case .disconnect(let fault):
            // Before a probe was sent it was the attempt that took too long.
            if supervisor.phase == .probing || supervisor.phase == .ready { metrics.probeFailed() }
            adapter.disconnect()
            down(fault)
        }
    }

    private func down(_ fault: LinkFault) {
        let now = clock.monotonic()
        let wasReady = supervisor.phase == .ready
        supervisor.down(now, random: Double.random(in: 0...1))
        metrics.down(fault.reason)
        outageLog.down(fault, wasReady: wasReady)
        forgetConnection()
        failAll(.disconnected)
    }

    private func forgetConnection() {
        forgetConfirmations()
        batch.removeAll()
        isPaused = false
    }

    private func forgetConfirmations() {
        unconfirmed = FIFO()
        confirmedInterests = 0
        refusedInterests = []
    }

    fileprivate func noteConfirmed(_ generation: UInt64) {
        while let change = unconfirmed.popFirst(where: { $0.generation <= generation }) {
            confirmedInterests += change.difference
        }
    }
}

extension BusLink: BusEvents {
    package func settled(_ id: UInt64, _ error: BusError?) {
        let now = clock.monotonic()
        noteWord(error, on: id, now)
        guard let entry = inFlight.settle(id) else { return }
        answer(entry, error, now)
    }

    /// Notes what the server said, however late; what an adapter refuses by itself is no word of the server's.
    private func noteWord(_ error: BusError?, on id: UInt64, _ now: UInt64) {
        guard let error else { return supervisor.heard(now) }
        guard error.code == .rejected || error.code == .failed else {
            if id == lastProbe { supervisor.probeUnsent() }
            return
        }
        supervisor.heard(now)
        if id == lastProbe {
            let reason: LinkFault.Reason = error.code == .rejected ? .refused : .unreachable
            supervisor.probeRefused(LinkFault(reason, "the server takes no messages of this node: \(error.message)"))
        } else {
            perform(supervisor.publicationRefused(now))
        }
    }

    package func confirmed(_ generation: UInt64) {
        guard !isClosed else { return }
        noteConfirmed(generation)
        perform(supervisor.confirmed(generation, clock.monotonic()))
        sink?.confirmed(generation)
    }

    package func interestRefused(_ topic: BusTopic, _ reason: String) {
        metrics.interestRefused()
        outageLog.interestRefused(topic, reason)
        // One that is wanted no more is taken off with the change that says so.
        if interest.contains(topic), refusedInterests.insert(topic).inserted {
            _ = unconfirmed.change(0) { $0.difference -= 1 }
        }
        sink?.refused(topic)
    }

    package func link(_ state: LinkState) {
        switch state {
        case .authenticating: supervisor.authenticating()
        case .connected: perform(supervisor.connected(generation: interest.generation, clock.monotonic()))
        case .down(let fault): if !isClosed { down(fault) }
        }
    }

    package func received(_ message: Received) -> Bool {
        guard !isClosed else { return true }
        let now = clock.monotonic()
        // What nodes tell each other may go on beside a stream that brings nothing.
        if Envelope.kind(of: message.bytes)?.isKept != false { supervisor.received(now) }
        receive(message, now)
        isPaused = sink?.hasRoom == false
        return !isPaused
    }
}
