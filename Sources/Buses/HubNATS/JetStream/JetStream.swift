// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLog
import HubLoop
import HubMetrics
import HubWire

/// The stream of JetStream that carries publications, as one connection uses it: writes to it, reads from it.
///
/// What nodes ask and tell each other goes beside it, by core NATS.
final class JetStream {
    /// What it tells; called on the loop.
    protocol Owner: AnyObject {
        /// The stream and a consumer are there: publications may go, and come.
        func streamOpened()
        func streamSettled(_ id: UInt64, _ error: BusError?)
        /// Takes a message under its name, borrowed.
        func streamReceived(_ topic: UnsafeRawBufferPointer, _ message: OpaquePointer)
        func streamFailed(_ error: NATSError)
    }

    private let connection: NATSConnection
    private let settings: JetStreamSettings
    private let encoding: SubjectEncoding
    private let replies: ReplySubjects
    private let requests: JetStreamRequests
    private let metrics: NATSMetrics
    private let logger: Logger
    private let loop: EventLoop
    /// One line a second tells of what may happen for each message.
    private let losses = LogLimit()
    private weak var owner: (any Owner)?
    private lazy var reader = JetStreamReader(
        connection,
        settings,
        encoding,
        replies,
        metrics,
        loop: loop
    ) { [unowned self] in received($0, at: $1) }
    private lazy var finder = StreamFinder(
        requests,
        settings,
        encoding,
        from: place,
        at: connection.address,
        metrics: metrics,
        logger: logger,
        loop: loop
    ) { [weak self] body in
        self?.attempt { _ throws(NATSError) in try body() }
    } found: { [unowned self] info throws(NATSError) in
        try opened(info)
    }
    private lazy var sweep = ConsumerSweep(requests, stream: settings.stream, encoding, logger: logger) {
        [weak self] body in
        self?.attempt { _ throws(NATSError) in try body() }
    }
    private lazy var timer = LoopTimer { [unowned self] in tick() }
    /// Where a connection after this one goes on.
    private let place: JetStreamPlace
    private var unsettled = Unsettled()
    private var nextSweep = MonotonicTime(nanoseconds: 0)
    private var nextInfo = MonotonicTime(nanoseconds: 0)
    private var isOpen = false
    /// A name that was read of a subject, in memory that is used again.
    private var name: [UInt8] = []

    /// How often it is looked at what is late: often enough to tell the server of what waits for room.
    private var tickInterval: Duration { min(.seconds(1), settings.ackWait / 3) }
    /// How often the server is asked how the consumer fares.
    private static let infoInterval = Duration.seconds(5)
    /// What stands before a message that has an id: the version, the header, two ends of lines.
    private static let headerOverhead = 10 + "Nats-Msg-Id: ".utf8.count + 2 + 2

    /// Prepares; ``begin()`` begins.
    init(
        _ connection: NATSConnection,
        _ settings: JetStreamSettings,
        _ encoding: SubjectEncoding,
        from place: JetStreamPlace,
        metrics: NATSMetrics,
        logger: Logger,
        loop: EventLoop,
        owner: any Owner
    ) {
        self.connection = connection
        self.settings = settings
        self.encoding = encoding
        self.place = place
        place.interests.reconnect()
        self.metrics = metrics
        self.logger = logger
        self.loop = loop
        self.owner = owner
        replies = ReplySubjects(encoding, "reply")
        requests = JetStreamRequests(connection, replies, loop: loop)
    }

    /// Whether the stream has more for this node than it took.
    var isBehind: Bool { reader.isBehind }

    /// The most bytes of a message.
    var maxPayload: Int { connection.maxPayload - Self.headerOverhead - id(0).utf8.count }

    // MARK: The stream and the consumer

    /// Looks for the stream.
    func begin() throws(NATSError) {
        _ = try connection.subscribe(replies.wildcard, .replies) { [unowned self] in answered($0) }
        loop.schedule(timer, after: tickInterval)
        try finder.look()
    }

    private func opened(_ info: ConsumerInfo) throws(NATSError) {
        guard info.name == finder.consumer else { return }
        let sequence = place.sequence ?? max(info.deliveredSequence, finder.end)
        place.sequence = sequence
        let advisory = Subject("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.\(settings.stream).\(finder.consumer)".utf8)
        _ = try connection.subscribe(advisory, .replies) { [unowned self] _ in gaveUp() }
        // Answers nothing: that somebody listens is the answer.
        _ = try connection.subscribe(encoding.presence(of: finder.consumer), .replies) { _ in }
        try reader.begin(info, behind: sequence)
        metrics.ackPendingLimit.set(settings.maxAckPending)
        isOpen = true
        // Not all nodes of a cluster that has restarted at once.
        nextSweep = loop.now + settings.sweepInterval * (1 + Double.random(in: 0...0.5))
        owner?.streamOpened()
        connection.flush()
    }

    private func gaveUp() {
        metrics.maxDeliveries.increment()
        logger.warning(
            limit: losses,
            "JetStream has given up a message that was not acknowledged in time, however often it was delivered",
            [LogField("consumer", finder.consumer), LogField("max_deliver", settings.maxDeliver)]
        )
    }

    /// The server did not permit a publication.
    ///
    /// - Parameter words: The server's own.
    func refused(_ subject: QuotedSubject, _ words: String) {
        requests.refused(subject, words)
        for id in unsettled.removeAll(to: subject) { owner?.streamSettled(id, BusError(.rejected, words)) }
    }

    /// Ends; what is under way is told no more.
    func close() {
        owner = nil
        loop.cancel(timer)
        finder.close()
        metrics.forgetStream()
    }

    /// Deletes the consumer, as the node leaves for good, and calls back when that is done or a second has passed.
    func leave(_ done: @escaping () -> Void) {
        guard isOpen else { return done() }
        isOpen = false
        var done: (() -> Void)? = done
        let deadline = LoopTimer { done.take()?() }
        do throws(NATSError) {
            try requests.send("CONSUMER.DELETE.\(settings.stream).\(finder.consumer)") { [loop] _ in
                loop.cancel(deadline)
                done.take()?()
            }
            connection.flush()
            loop.schedule(deadline, after: .seconds(1))
        } catch {
            done.take()?()
        }
    }

    private func attempt(_ body: (JetStream) throws(NATSError) -> Void) {
        do throws(NATSError) {
            try body(self)
            connection.flush()
        } catch {
            owner?.streamFailed(error)
        }
    }

    // MARK: Writing

    /// Publishes a message, which the stream keeps.
    func publish(_ id: UInt64, to subject: Subject, _ bytes: [UInt8]) throws(NATSError) {
        try connection.publish(subject, bytes, replyTo: replies.subject(.publication, id), id: self.id(id))
        unsettled.insert(id, to: subject)
    }

    /// What the server knows a message by; all have as many bytes.
    private func id(_ number: UInt64) -> String { "\(place.messagePrefix)-\(number.hexadecimal)" }

    private func answered(_ message: OpaquePointer) {
        guard let subject = NATSMessage.subject(of: message), let (purpose, number) = replies.read(subject) else {
            return
        }
        switch purpose {
        case .publication: if unsettled.remove(number) { settle(number, message) }
        case .request: requests.answered(number, message)
        case .ack: reader.confirmed(number)
        case .receipt: break
        }
    }

    private func settle(_ id: UInt64, _ message: OpaquePointer) {
        let fault = JetStreamAnswer.fault(ofReceipt: NATSMessage.bytes(of: message))
        let words: String? =
            if NATSMessage.isNoResponders(message) {
                "nobody answers for the stream \(settings.stream)"
            } else {
                fault.map { "the stream \(settings.stream) takes no message: \($0.description)" }
            }
        owner?.streamSettled(id, words.map { BusError(.rejected, $0) })
    }

    // MARK: Reading

    /// Takes a change of what is wanted; the server need not know of it.
    func want(_ change: InterestChange) {
        place.interests.want(change, behind: reader.sequence < finder.end ? finder.end : nil)
        // Not before: what nobody is known to want would be passed over.
        attempt { stream throws(NATSError) in try stream.reader.read() }
    }

    private func received(_ message: OpaquePointer, at sequence: UInt64) {
        place.sequence = sequence
        guard let subject = NATSMessage.subject(of: message) else { return }
        guard encoding.readStream(subject, into: &name) else {
            // Not one of ours, but in our stream: told as it stands, so that it is counted.
            return NATSMessage.withSubject(of: message) { owner?.streamReceived($0, message) }
        }
        name.withUnsafeBytes { bytes in
            if let topic = BusTopic(bytes), !place.interests.counts(topic, at: sequence) { return }
            owner?.streamReceived(bytes, message)
        }
    }

    /// Messages were taken, as far as there was room: acknowledges them, and asks for more.
    func tookMessages() {
        guard isOpen else { return }
        attempt { stream throws(NATSError) in
            try stream.reader.acknowledge()
            if let failure = stream.reader.failure {
                throw NATSError(
                    .closed,
                    "\(stream.connection.address): the consumer \(stream.finder.consumer): \(failure)"
                )
            }
            // Whether it is there is found out soon.
            if stream.reader.isHeldUp { stream.nextInfo = stream.loop.now }
            try stream.reader.pull()
        }
    }

    // MARK: Time

    private func tick() {
        let now = loop.now
        loop.schedule(timer, after: tickInterval)
        requests.tick(now)
        unsettled.tick(now)
        guard isOpen, owner != nil else { return }
        attempt { stream throws(NATSError) in
            try stream.reader.tick(now)
            if now >= stream.nextInfo { try stream.askForInfo(now) }
            if now >= stream.nextSweep {
                stream.nextSweep = now + stream.settings.sweepInterval
                try stream.finder.lookForChanges()
                try stream.sweep.begin(own: stream.finder.consumer)
            }
        }
    }

    private func askForInfo(_ now: MonotonicTime) throws(NATSError) {
        nextInfo = now + Self.infoInterval
        let asked = reader.asked
        try requests.send("CONSUMER.INFO.\(settings.stream).\(finder.consumer)") { [weak self] answer in
            self?.attempt { stream throws(NATSError) in
                switch answer {
                case .success(let answer): try stream.show(ConsumerInfo(answer.tree), asked: asked)
                case .failure(let error) where error.isStreamMissing || error.isConsumerMissing:
                    throw stream.finder.fault("read on by the consumer \(stream.finder.consumer)", error)
                // A server that does not answer now: whether messages flow is for the probe to find out.
                case .failure: break
                }
            }
        }
    }

    private func show(_ info: ConsumerInfo, asked: Int) throws(NATSError) {
        guard info.isUsable else {
            let name = finder.consumer
            throw NATSError(.closed, "\(connection.address): somebody has changed the consumer \(name)")
        }
        metrics.ackPending.set(Int64(clamping: info.ackPending))
        metrics.pending.set(Int64(clamping: info.pending))
        // What was asked for before was lost, with a restart of the server or another leader.
        if asked > 0, reader.asked == asked, info.waiting == 0, !connection.isBehind { reader.lost(loop.now) }
    }
}
