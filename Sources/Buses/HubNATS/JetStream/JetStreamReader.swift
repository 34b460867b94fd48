// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop
import HubMetrics

/// Reads the stream by a consumer of this connection's own: asks for messages, hands them over, acknowledges them.
///
/// The library's own fetching is not used: it blocks, and overflows its memory when messages wait (nats.c before 3.9). Messages are
/// acknowledged all together, by the last that was taken, which is right as they are taken in order: one that is delivered
/// again was taken before, and goes no further.
final class JetStreamReader {
    private let connection: NATSConnection
    private let settings: JetStreamSettings
    private let replies: ReplySubjects
    private let pulls: ReplySubjects
    private let metrics: NATSMetrics
    private let loop: EventLoop
    /// Takes a message that the node may want; borrowed.
    private let received: (OpaquePointer, UInt64) -> Void
    private var subscription: NATSSubscription?
    private var credit: PullCredit
    private let stream: Subject
    private var consumer = Subject([])
    private var nextSubject: Subject?
    private var lastPull = MonotonicTime(nanoseconds: 0)
    private var isReading = false
    private var body: [UInt8] = []
    /// The last message that was taken.
    private(set) var sequence: UInt64 = 0
    /// Which delivery of the consumer's came last.
    private var delivery: UInt64 = 0
    /// Where to acknowledge the last message that was taken and is not acknowledged yet.
    private var ackSubject: Subject?
    private var acks = FIFO<(number: UInt64, deadline: MonotonicTime)>()
    private var lastAck: UInt64 = 0
    /// How many messages the server has still to deliver, as the last one said.
    private var pending: UInt64 = 0
    private var lastHeard = MonotonicTime(nanoseconds: 0)
    private var lastMessage = MonotonicTime(nanoseconds: 0)
    private var nextProgress = MonotonicTime(nanoseconds: 0)

    /// How often a server that has nothing says so.
    private static let heartbeat = Duration.seconds(5)
    /// How long a request for messages stays with the server.
    private static let expiry = Duration.seconds(30)
    /// How long a server that has messages may bring none.
    private static let messageLimit = Duration.seconds(2)
    /// How long the server may take to confirm an acknowledgement.
    private static let ackLimit = Duration.seconds(5)

    init(
        _ connection: NATSConnection,
        _ settings: JetStreamSettings,
        _ encoding: SubjectEncoding,
        _ replies: ReplySubjects,
        _ metrics: NATSMetrics,
        loop: EventLoop,
        received: @escaping (OpaquePointer, UInt64) -> Void
    ) {
        self.connection = connection
        self.settings = settings
        self.replies = replies
        self.metrics = metrics
        self.loop = loop
        self.received = received
        stream = Subject(settings.stream.utf8)
        pulls = ReplySubjects(encoding, "pull")
        credit = PullCredit(batch: settings.batch)
    }

    /// Whether the server has more for this node than it took, and brings it.
    ///
    /// What was purged or is too old meanwhile never comes, and a server that stands still brings nothing.
    var isBehind: Bool { pending > 0 && loop.now < lastMessage + Self.messageLimit }

    /// Begins with a consumer that was made.
    ///
    /// - Parameter sequence: Behind which message of the stream it begins.
    func begin(_ consumer: ConsumerInfo, behind sequence: UInt64) throws(NATSError) {
        self.sequence = sequence
        delivery = consumer.deliveries
        pending = consumer.pending
        if let limit = consumer.maxBatch.flatMap(Int.init(exactly:)), limit < settings.batch {
            credit = PullCredit(batch: limit)
        }
        self.consumer = Subject(consumer.name.utf8)
        nextSubject = Subject("$JS.API.CONSUMER.MSG.NEXT.\(settings.stream).\(consumer.name)".utf8)
        // One message may have as many bytes as the server takes, and its subjects.
        let maxBytes = max(8 << 20, 2 * connection.maxPayload)
        // Two requests may be under way, and the subjects and headers of what they bring.
        connection.allowKept(4 * maxBytes)
        let (expires, heartbeat) = (Self.expiry.nanoseconds, Self.heartbeat.nanoseconds)
        let json =
            #"{"batch":\#(credit.batch),"max_bytes":\#(maxBytes),"expires":\#(expires),"idle_heartbeat":\#(heartbeat)}"#
        body = Array(json.utf8)
        lastHeard = loop.now
        lastMessage = lastHeard
        subscription = try connection.subscribe(pulls.wildcard, .kept) { [unowned self] in take($0) }
    }

    /// Begins to ask for messages, if it has not yet.
    func read() throws(NATSError) {
        isReading = true
        try pull()
    }

    /// Asks for messages as long as there is room for them.
    func pull() throws(NATSError) {
        guard isReading, let nextSubject, !connection.isPaused, !isHeldUp, let number = credit.nextRequest() else {
            return
        }
        lastPull = loop.now
        try connection.publish(nextSubject, body, replyTo: pulls.subject(.request, number))
    }

    // MARK: What comes

    private func take(_ message: OpaquePointer) {
        lastHeard = loop.now
        guard let reply = NATSMessage.reply(of: message) else {
            if let status = NATSMessage.status(of: message) { ended(message, status) }
            return
        }
        // What somebody sends here is of no stream, whatever it says of itself: that has the subject to which it was published.
        guard failure == nil, let subject = NATSMessage.subject(of: message), !pulls.covers(subject),
            let place = AckSubject(reply, of: stream, consumer)
        else { return }
        // What a leader of a cluster has sent just before its end is delivered again only after a while, behind later ones.
        guard place.delivery <= delivery &+ 1 else {
            failure = "what lies between its deliveries \(delivery) and \(place.delivery) did not come"
            return
        }
        delivery = place.delivery
        credit.messageCame()
        pending = place.pending
        if place.deliveries > 1 { metrics.redelivered.increment() }
        // Delivered once more, as its acknowledgement came late: it was taken, and so was what waits to be acknowledged.
        guard place.sequence > sequence else {
            if ackSubject == nil { ackSubject = Subject(cString: reply) }
            return
        }
        // Not with one that was taken: who is brought the same again and again is brought nothing.
        lastMessage = lastHeard
        ackSubject = Subject(cString: reply)
        sequence = place.sequence
        received(message, place.sequence)
    }

    /// A request has ended, or the server says that it is there.
    private func ended(_ message: OpaquePointer, _ status: (code: String, words: String)) {
        guard status.code != "100" else { return }
        if let subject = NATSMessage.subject(of: message), let (_, number) = pulls.read(subject) {
            credit.ended(number)
        }
        if status.code == "400" || status.words.contains("Deleted") {
            failure = "it brings nothing any more: \(status.code) \(status.words)"
        }
        // Who asks again at once what was refused, or is not led by any server now, would be told so without end.
        let isUsual = status.code == "408" || status.words.contains("MaxBytes")
        if !isUsual || loop.now < lastPull + .milliseconds(100) { isHeldUp = true }
    }

    /// Why the consumer is of no use any more; nil as long as it is.
    private(set) var failure: String?

    /// Whether a request was refused, so that the next one waits for a while.
    private(set) var isHeldUp = false

    // MARK: What is said

    /// Acknowledges what was taken.
    func acknowledge() throws(NATSError) {
        guard let subject = ackSubject.take() else { return }
        lastAck += 1
        acks.append((lastAck, loop.now + Self.ackLimit))
        try connection.publish(subject, Array("+ACK".utf8), replyTo: replies.subject(.ack, lastAck))
    }

    /// The server has confirmed an acknowledgement.
    func confirmed(_ number: UInt64) {
        // Those before it were confirmed as well, or it confirms them: all of what came before is acknowledged with it.
        while acks.popFirst(where: { $0.number <= number }) != nil {}
    }

    /// Lets time pass: once a second or more often.
    func tick(_ now: MonotonicTime) throws(NATSError) {
        while acks.popFirst(where: { $0.deadline <= now }) != nil { metrics.ackErrors.increment() }
        isHeldUp = false
        try tellProgress(now)
        // Two heartbeats and a little: the server has lost the requests, with a restart or another leader.
        if credit.count > 0, !connection.isPaused, now - lastHeard > Self.heartbeat * 2 + .seconds(1) {
            lost(now)
        }
        try pull()
    }

    /// The server knows of no request of this node.
    func lost(_ now: MonotonicTime) {
        credit.lost()
        lastHeard = now
    }

    /// How many messages are asked for and have not come.
    var asked: Int { credit.count }

    /// Tells the server that what waits for room here is not forgotten, so that it does not deliver it again.
    private func tellProgress(_ now: MonotonicTime) throws(NATSError) {
        guard connection.isPaused, let subscription, now >= nextProgress else { return }
        nextProgress = now + settings.ackWait / 3
        var subjects: [Subject] = []
        connection.forEachWaiting(of: subscription) { message in
            NATSMessage.reply(of: message).map { subjects.append(Subject(cString: $0)) }
        }
        for subject in subjects { try connection.publish(subject, Array("+WPI".utf8)) }
    }
}
