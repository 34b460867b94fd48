// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLog
import HubLoop
import HubMetrics
import HubWire

/// Finds the stream or makes it, checks it, and makes a consumer by which one connection reads it.
final class StreamFinder {
    private let requests: JetStreamRequests
    private let settings: JetStreamSettings
    private let encoding: SubjectEncoding
    private let definition: StreamDefinition
    private let place: JetStreamPlace
    private let address: SocketAddress
    private let metrics: NATSMetrics
    private let logger: Logger
    private let loop: EventLoop
    /// Runs what may fail, and ends the connection when it does.
    private let attempt: (() throws(NATSError) -> Void) -> Void
    private let found: (ConsumerInfo) throws(NATSError) -> Void
    private lazy var timer = LoopTimer { [unowned self] in attempt { () throws(NATSError) in try look() } }
    /// Until when a stream that is shorter than it was is looked at again.
    private var recountEnd: MonotonicTime?
    /// The consumer that was asked for last.
    private(set) var consumer = ""
    /// Where the stream ended when it was found.
    private(set) var end: UInt64 = 0

    /// How long the leader of a stream with copies may take to count what was stored before it came to lead.
    private static let recount = Duration.seconds(2)
    private static let recountInterval = Duration.milliseconds(200)

    /// - Parameter found: Called when stream and consumer are there.
    init(
        _ requests: JetStreamRequests,
        _ settings: JetStreamSettings,
        _ encoding: SubjectEncoding,
        from place: JetStreamPlace,
        at address: SocketAddress,
        metrics: NATSMetrics,
        logger: Logger,
        loop: EventLoop,
        attempt: @escaping (() throws(NATSError) -> Void) -> Void,
        found: @escaping (ConsumerInfo) throws(NATSError) -> Void
    ) {
        self.requests = requests
        self.settings = settings
        self.encoding = encoding
        self.place = place
        self.address = address
        self.metrics = metrics
        self.logger = logger
        self.loop = loop
        self.attempt = attempt
        self.found = found
        definition = StreamDefinition(settings, subjects: encoding.streamSubjects, own: encoding.ownSubjects)
    }

    /// Asks for the stream, and goes on from there.
    func look() throws(NATSError) {
        try requests.send("STREAM.INFO.\(settings.stream)") { [weak self] answer in
            self?.run { finder throws(NATSError) in
                switch answer {
                case .success(let answer): try finder.use(answer.tree)
                case .failure(let error) where error.isStreamMissing: try finder.create()
                case .failure(let error): throw finder.fault("look for the stream \(finder.settings.stream)", error)
                }
            }
        }
    }

    /// Looks whether somebody has changed the stream; one that is gone is missed elsewhere.
    func lookForChanges() throws(NATSError) {
        try requests.send("STREAM.INFO.\(settings.stream)") { [weak self] answer in
            guard case .success(let answer) = answer else { return }
            self?.run { finder throws(NATSError) in try finder.check(answer.tree) }
        }
    }

    /// Ends what is under way.
    func close() { loop.cancel(timer) }

    /// What the server's refusal to do something means for the connection.
    func fault(_ action: String, _ error: JetStreamAnswer.Failure) -> NATSError {
        let code: NATSError.Code =
            switch error.code {
            case _ where error.isConsumerMissing: .closed
            case 408: .timedOut
            case 503: .unavailable
            default: .refused
            }
        return NATSError(code, "\(address): \(action): \(error.description)\(error.advice)")
    }

    private func run(_ body: (StreamFinder) throws(NATSError) -> Void) {
        attempt { () throws(NATSError) in try body(self) }
    }

    // MARK: The stream

    private func create() throws(NATSError) {
        guard !place.hasSeenStream else {
            throw NATSError(
                .refused,
                "\(address): the stream \(settings.stream) is gone, and what it held is lost; make it anew, or start a node anew, which makes it"
            )
        }
        try requests.send("STREAM.CREATE.\(settings.stream)", definition.json) { [weak self] answer in
            self?.run { finder throws(NATSError) in
                switch answer {
                case .success(let answer):
                    finder.logger.info("made a stream of JetStream", [LogField("stream", finder.settings.stream)])
                    try finder.use(answer.tree)
                // Another node was faster.
                case .failure(let error) where error.isNameInUse: try finder.look()
                case .failure(let error): throw finder.fault("make the stream \(finder.settings.stream)", error)
                }
            }
        }
    }

    private func use(_ info: JSONTree) throws(NATSError) {
        try check(info)
        place.hasSeenStream = true
        end = info["state"]?["last_seq"]?.count ?? 0
        let isSame = place.streamCreation == info["created"]?.string ?? ""
        if isSame, let sequence = place.sequence, sequence > end, mayGrow(info) {
            return loop.schedule(timer, after: Self.recountInterval)
        }
        place.streamCreation = info["created"]?.string ?? ""
        goBack(inSame: isSame)
        try createConsumer()
    }

    /// Whether a stream that seems to have lost its last messages may still find them: one with copies loses none that it has
    /// confirmed unless most of its servers lose them, but a server that has just become its leader does not know of all at once.
    private func mayGrow(_ info: JSONTree) -> Bool {
        guard info["config"]?["num_replicas"]?.count ?? 1 > 1 else { return false }
        let end = recountEnd ?? loop.now + Self.recount
        recountEnd = end
        return loop.now < end
    }

    /// Throws when the stream is of no use, and tells what is not as configured.
    private func check(_ info: JSONTree) throws(NATSError) {
        let config = info["config"] ?? .object([:])
        if let obstacle = definition.obstacle(in: config) {
            throw NATSError(.refused, "\(address): the stream \(settings.stream) cannot be used: \(obstacle)")
        }
        let differences = definition.differences(from: config)
        metrics.streamDifferences.set(differences.count)
        for difference in differences where !place.differences.contains(difference) {
            logger.warning(
                "the stream of JetStream is not as configured, and is left as it is",
                [
                    LogField("stream", settings.stream), LogField("option", difference.option),
                    LogField("configured", difference.wanted), LogField("found", difference.found),
                ]
            )
        }
        place.differences = differences
    }

    /// Goes back where the stream is another one, or has lost its last messages: its numbers mean others then.
    private func goBack(inSame isSame: Bool) {
        guard let sequence = place.sequence, !isSame || sequence > end else { return }
        logger.warning(
            isSame
                ? "the stream of JetStream has lost its last messages"
                : "the stream of JetStream is another one than before; what was not read of that is lost",
            [LogField("stream", settings.stream), LogField("read", sequence), LogField("last", end)]
        )
        place.sequence = isSame ? end : 0
        place.interests.beginAnew()
    }

    // MARK: The consumer

    private func createConsumer() throws(NATSError) {
        place.consumerCount += 1
        let name = "\(encoding.consumerName(settings.nodeName))-\(place.run)-\(place.consumerCount)"
        let body = ConsumerDefinition(settings, name: name, behind: place.sequence).json
        consumer = name
        // Deleted by a connection after this one, unless its answer says that there is none.
        place.abandon(name)
        try requests.send("CONSUMER.DURABLE.CREATE.\(settings.stream).\(name)", body) { [weak self] answer in
            self?.run { finder throws(NATSError) in
                switch answer {
                case .success(let answer):
                    try finder.deleteAbandoned(but: name)
                    try finder.found(ConsumerInfo(answer.tree))
                case .failure(let error): throw finder.fault("make the consumer \(name)", error)
                }
            }
        }
    }

    /// Deletes the consumers of earlier connections; not before there is another one, as what a stream keeps may depend on it.
    private func deleteAbandoned(but own: String) throws(NATSError) {
        for name in place.abandoned where name != own {
            try requests.send("CONSUMER.DELETE.\(settings.stream).\(name)") { _ in }
        }
        place.abandoned = [own]
    }
}
