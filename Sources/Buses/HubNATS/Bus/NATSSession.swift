// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLog
import HubLoop

/// One connection at work for the bus: what it wants, and what it has published and the server has not confirmed.
final class NATSSession: NATSConnection.Owner, JetStream.Owner {
    /// What a session tells; nothing after its end or ``NATSSession/close(_:)``.
    protocol Owner: AnyObject {
        func sessionOpened(_ session: NATSSession)
        func sessionDiscovered(_ session: NATSSession)
        func session(_ session: NATSSession, settled id: UInt64, _ error: BusError?)
        func session(_ session: NATSSession, confirmed generation: UInt64)
        func session(_ session: NATSSession, refused topic: BusTopic, _ reason: String)
        /// False when there is no room for more.
        func session(
            _ session: NATSSession,
            received topic: UnsafeRawBufferPointer,
            _ bytes: UnsafeRawBufferPointer
        ) -> Bool
        func session(_ session: NATSSession, isSlow error: NATSError)
        /// Nothing else tells of it: what is refused on the way to or from a stream is only missed.
        func session(_ session: NATSSession, isRefused error: NATSError)
        func sessionIsLameDuck(_ session: NATSSession)
        func session(_ session: NATSSession, ended error: NATSError)
    }

    private enum Work {
        case step(InterestChange.Step)
        case confirm(UInt64)
    }

    let address: SocketAddress
    private let loop: EventLoop
    private let encoding: SubjectEncoding
    private weak var owner: (any Owner)?
    private var connection: NATSConnection?
    private var interests: NATSInterests?
    private let ownReplies: ReplySubjects
    private let makeStream: (NATSSession, NATSConnection) -> JetStream?
    private var stream: JetStream?
    private var receipts = NATSReceipts()
    /// There once the server has refused something.
    private var fence: NATSFence?
    /// Publications that the server has not confirmed, by their ids and subjects.
    private var unsettled = FIFO<(id: UInt64, subject: Subject)>()
    private var denials = NATSDenials()
    /// Subjects that were worked out.
    private var subjects: [BusTopic: Subject] = [:]
    private static let knownSubjects = 1024
    private var work = FIFO<Work>()
    /// The most bytes of a message, as the server says.
    private(set) var maxPayload = 0
    /// A message in one piece, in memory that is used again.
    private var bytes: [UInt8] = []

    /// Begins to connect to a server.
    ///
    /// - Parameter place: Where to go on in the stream, if there is one; kept up to date.
    /// - Throws: ``NATSError`` when a secret cannot be had.
    init(
        _ settings: NATSSettings,
        to address: SocketAddress,
        from place: JetStreamPlace,
        metrics: NATSMetrics,
        logger: Logger,
        loop: EventLoop,
        owner: any Owner
    ) throws(NATSError) {
        self.address = address
        self.loop = loop
        self.owner = owner
        encoding = SubjectEncoding(prefix: settings.subjectPrefix)
        let encoding = encoding
        ownReplies = ReplySubjects(encoding, "receipt")
        makeStream = { session, connection in
            settings.jetStream.map {
                JetStream(
                    connection,
                    $0,
                    encoding,
                    from: place,
                    metrics: metrics,
                    logger: logger,
                    loop: loop,
                    owner: session
                )
            }
        }
        connection = try NATSConnection(settings, to: address, loop: loop, owner: self)
    }

    /// Servers that the one at hand has named.
    var discovered: [SocketAddress] { connection?.discovered ?? [] }

    /// Whether messages wait to be taken.
    var isBehind: Bool { connection?.isBehind == true || stream?.isBehind == true }

    /// Ends without a word.
    func close(_ done: @escaping () -> Void = {}) {
        owner = nil
        interests = nil
        unsettled = FIFO()
        stream?.close()
        guard let connection = connection.take() else { return done() }
        connection.close(done)
    }

    /// Ends for good, and leaves nothing of this node at the server.
    func leave(_ done: @escaping () -> Void) {
        owner = nil
        guard let stream else { return close(done) }
        stream.leave { [self] in close(done) }
    }

    private func end(_ error: NATSError) {
        let owner = owner
        close()
        owner?.session(self, ended: error)
    }

    private func attempt(_ body: () throws(NATSError) -> Void) {
        do throws(NATSError) { try body() } catch { end(error) }
    }

    // MARK: What the bus asks

    func want(_ change: InterestChange) {
        stream?.want(change)
        for step in change.steps where stream == nil || !step.isKept { work.append(.step(step)) }
        work.append(.confirm(change.generation))
        workOn()
    }

    /// Subscribes as long as there is time: a node may want a hundred thousand names.
    private func workOn() {
        attempt { () throws(NATSError) in
            while let next = work.popFirst() {
                switch next {
                case .step(let step): try interests?.take(step)
                case .confirm(let generation): try sendReceipt(.interests(generation))
                }
                guard loop.hasTimeLeft(after: 4) || work.isEmpty else {
                    let bound = LoopBound(self, on: loop)
                    loop.post { bound.value.workOn() }
                    break
                }
            }
            connection?.flush()
        }
    }

    func publish(_ batch: [Outgoing]) {
        attempt { () throws(NATSError) in
            var last: UInt64?
            for message in batch where try publish(message) { last = message.id }
            if let last { try sendReceipt(.publications(last)) }
            connection?.flush()
        }
    }

    /// Publishes one message; false when no receipt is to follow it.
    private func publish(_ message: Outgoing) throws(NATSError) -> Bool {
        guard let connection else { return false }
        let size = message.envelope.count
        let stream = message.kind.isKept ? self.stream : nil
        let maxPayload = stream?.maxPayload ?? maxPayload
        guard size <= maxPayload else {
            return refuse(message, NATSError(.tooLarge, "\(size) bytes, where the server takes \(maxPayload)"))
        }
        guard !connection.isFull else {
            return refuse(message, NATSError(.full, "the server does not take what was sent before"))
        }
        bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20)
        bytes += message.envelope.head
        bytes += message.envelope.payload
        if let stream {
            let isProbe = message.topic.kind == .node
            try stream.publish(
                message.id,
                to: isProbe ? encoding.streamSubject(of: message.topic) : subject(of: message.topic),
                bytes
            )
            return false
        }
        let subject = subject(of: message.topic)
        try connection.publish(subject, bytes)
        unsettled.append((message.id, subject))
        return true
    }

    /// The subject of a name, as a few names carry most publications.
    private func subject(of topic: BusTopic) -> Subject {
        if let known = subjects[topic] { return known }
        if subjects.count >= Self.knownSubjects { subjects.removeAll(keepingCapacity: true) }
        let subject = encoding.subject(of: topic)
        subjects[topic] = subject
        return subject
    }

    private func refuse(_ message: Outgoing, _ error: NATSError) -> Bool {
        owner?.session(self, settled: message.id, BusError(error))
        return false
    }

    private func sendReceipt(_ subject: NATSReceipts.Subject) throws(NATSError) {
        try connection?.publish(ownReplies.subject(.receipt, receipts.add(subject)), [])
    }

    func resume() { connection?.resume() }

    // MARK: What the connection tells

    func connectionOpened(_ connection: NATSConnection) {
        attempt { () throws(NATSError) in
            maxPayload = connection.maxPayload
            _ = try connection.subscribe(ownReplies.wildcard, .replies) { [unowned self] in receiptCame($0) }
            interests = NATSInterests(connection, encoding) { [unowned self] in received($0, $1) }
            stream = makeStream(self, connection)
            if let stream { try stream.begin() } else { owner?.sessionOpened(self) }
            connection.flush()
        }
    }

    private func received(_ name: UnsafeRawBufferPointer, _ message: OpaquePointer) {
        guard let owner, !owner.session(self, received: name, NATSMessage.bytes(of: message)) else { return }
        connection?.pause()
    }

    private func receiptCame(_ message: OpaquePointer) {
        guard let subject = NATSMessage.subject(of: message), let (purpose, number) = ownReplies.read(subject)
        else { return }
        guard purpose == .receipt, let connection else { return }
        // What is refused is told by another thread of the library's than messages, perhaps a moment behind the receipt.
        guard fence == nil, !connection.wasRefused else {
            return attempt { () throws(NATSError) in
                if fence == nil { fence = try NATSFence(connection, ownReplies.fence) }
                try fence?.add(number)
                connection.flush()
            }
        }
        confirm(number)
    }

    func connectionPassedFence(_ connection: NATSConnection) { fence?.passed().map { confirm($0) } }

    private func confirm(_ number: UInt64) {
        while let subject = receipts.confirm(number) {
            switch subject {
            case .publications(let last): settle(upTo: last)
            case .interests(let generation): owner?.session(self, confirmed: generation)
            }
        }
        denials.confirmed(number)
    }

    private func settle(upTo last: UInt64) {
        guard let owner else { return }
        while let (id, subject) = unsettled.popFirst(where: { $0.id <= last }) {
            let denial = denials.isEmpty ? nil : denials.reason(for: subject)
            owner.session(self, settled: id, denial.map { BusError(.rejected, $0) })
        }
    }

    func connectionTookMessages(_ connection: NATSConnection) { stream?.tookMessages() }

    // MARK: What the stream tells

    func streamOpened() { owner?.sessionOpened(self) }

    func streamSettled(_ id: UInt64, _ error: BusError?) { owner?.session(self, settled: id, error) }

    func streamReceived(_ topic: UnsafeRawBufferPointer, _ message: OpaquePointer) { received(topic, message) }

    func streamFailed(_ error: NATSError) { end(error) }

    // MARK: Complaints

    func connection(_ connection: NATSConnection, complained words: String, _ error: NATSError) {
        switch NATSComplaint(words) {
        // Without receipts nothing is ever confirmed.
        case .publish(let subject) where ownReplies.contain(subject.bytes): end(error)
        case .publish(let subject):
            denials.add(subject, error.message, until: receipts.lastNumber)
            guard let stream else { return }
            owner?.session(self, isRefused: error)
            stream.refused(subject, words)
        case .subscription(let subject) where encoding.isTopic(subject.bytes):
            if let topic = interests?.refused(subject) { owner?.session(self, refused: topic, error.message) }
        // Without its own subjects no node is one of the hub.
        case .subscription: end(error)
        // The server closes the connection then, and says no more.
        case .other where error.code == .authFailed: end(error)
        case .other: break
        }
    }

    func connection(_ connection: NATSConnection, dropped count: UInt64) {
        owner?.session(
            self,
            isSlow: NATSError(.full, "\(count) messages were dropped, as the hub had no room for them")
        )
    }

    func connectionDiscovered(_ connection: NATSConnection) { owner?.sessionDiscovered(self) }

    func connectionIsLameDuck(_ connection: NATSConnection) { owner?.sessionIsLameDuck(self) }

    func connection(_ connection: NATSConnection, closed error: NATSError) { end(error) }
}

extension InterestChange.Step {
    /// Whether a stream brings it, so that nothing has to be subscribed to.
    fileprivate var isKept: Bool {
        switch self {
        case .add(let topic), .remove(let topic): topic.kind != .node && topic.kind != .nodes
        case .addPrefix(let prefix): prefix == BusTopic.unicastPrefix
        }
    }
}
