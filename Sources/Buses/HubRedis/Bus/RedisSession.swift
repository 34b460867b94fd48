// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop

/// The connections of one attempt to one server: one publishes, one subscribes, and one reads the stream if there is one.
///
/// They live and die together, so that what is published and what is heard is on the same server. In a cluster with sharded
/// Pub/Sub there are ``RedisShards`` beside them, for publications to topics; interests in topics go both ways, as other
/// programs may publish either way.
final class RedisSession: RedisConnectionHandler {
    /// What a session tells; nothing after its end or ``RedisSession/close()``.
    protocol Owner: AnyObject {
        func sessionOpened(_ session: RedisSession)
        func session(_ session: RedisSession, settled id: UInt64, _ error: BusError?)
        func session(_ session: RedisSession, confirmed generation: UInt64)
        func session(_ session: RedisSession, refused topic: BusTopic, _ reason: String)
        /// False when there is no room for more.
        func session(
            _ session: RedisSession,
            received topic: UnsafeRawBufferPointer,
            _ bytes: UnsafeRawBufferPointer
        ) -> Bool
        func session(_ session: RedisSession, ended error: RedisError)
    }

    /// The token of the publishing connection's own command; publications have their ids, which are smaller.
    private static let roleToken = UInt64.max

    private let settings: RedisSettings
    private let channels: RedisChannels
    /// Kept until the end.
    private(set) var owner: (any Owner)?
    private var publisher: RedisConnection?
    private var subscriber: RedisConnection?
    private var streamConnection: RedisConnection?
    private var subscriptions: RedisSubscriber?
    private var shards: RedisShards?
    private let watch: SilenceWatch
    private var stream: StreamReader?
    private var isRoleKnown = false
    private var isOpen = false
    private var isClosed = false
    /// The channel of a publication, in memory that is used again.
    private var channel: [UInt8] = []
    private let streamWriter: StreamWriter
    private let formerPlace: StreamPlace

    /// Prepares a session; ``connect(_:to:shards:)`` begins it.
    ///
    /// - Parameter place: Where the session before it was.
    init(_ settings: RedisSettings, loop: EventLoop, from place: StreamPlace, owner: any Owner) {
        watch = SilenceWatch(settings, loop: loop)
        self.settings = settings
        formerPlace = place
        self.owner = owner
        channels = RedisChannels(settings)
        streamWriter = StreamWriter(settings)
    }

    /// Begins to connect.
    ///
    /// - Parameter map: The masters that carry topics; nil when the server carries all.
    /// - Throws: ``RedisError`` when a password or TLS cannot be had; then it has to be closed.
    func connect(_ dialer: RedisDialer, to address: SocketAddress, shards map: ClusterMap?) throws(RedisError) {
        publisher = try dialer.dial(address, .commands, self)
        let subscriber = try dialer.dial(address, .subscriptions, self)
        self.subscriber = subscriber
        subscriptions = RedisSubscriber(
            subscriber,
            channels,
            confirmed: { [unowned self] in subscribed($0) },
            refused: { [unowned self] in refused($0, $1) }
        )
        if let map {
            shards = try RedisShards(map, settings, dialer, owner: self)
        }
        guard settings.delivery == .streams else { return }
        let connection = try dialer.dial(address, .commands, self)
        streamConnection = connection
        stream = StreamReader(
            connection,
            streamWriter,
            from: formerPlace,
            maxMessageBytes: settings.maxMessageBytes,
            received: { [unowned self] in owner?.session(self, received: $0, $1) ?? false }
        )
    }

    /// Whether publications to topics go to their masters.
    var isSharded: Bool { shards != nil }

    /// Where a session after this one reads the stream on.
    var streamPlace: StreamPlace { stream?.place ?? formerPlace }

    /// Whether the stream may have more than was read.
    var isBehind: Bool { stream?.isBehind ?? false }

    /// Ends all connections without a word.
    func close() {
        isClosed = true
        owner = nil
        watch.stop()
        for connection in [publisher, subscriber, streamConnection] { connection?.close() }
        (publisher, subscriber, streamConnection) = (nil, nil, nil)
        shards?.close()
    }

    func end(_ error: RedisError) {
        guard !isClosed else { return }
        let owner = owner
        close()
        owner?.session(
            self,
            ended: error.code == .redirected && settings.mode != .cluster ? Self.isCluster(error) : error
        )
    }

    private static func isCluster(_ error: RedisError) -> RedisError {
        RedisError(error.code, error.message + " (it is a node of a cluster: bus.redis.mode: cluster)")
    }

    private func attempt(_ body: () throws(RedisError) -> Void) {
        do throws(RedisError) { try body() } catch { end(error) }
    }

    // MARK: What the bus asks

    func want(_ change: InterestChange) {
        attempt { () throws(RedisError) in
            try shards?.want(change)
            try subscriptions?.want(change)
            try stream?.want(change)
        }
    }

    /// A server has confirmed the subscriptions of a change.
    func subscribed(_ generation: UInt64) {
        if let shards { return shards.confirm(generation) { owner?.session(self, confirmed: $0) } }
        owner?.session(self, confirmed: generation)
    }

    /// A server has refused a subscription.
    func refused(_ topic: BusTopic, _ reason: String) {
        if shards?.isFirstRefusal(of: topic) ?? true { owner?.session(self, refused: topic, reason) }
    }

    func publish(_ message: Outgoing) {
        guard let publisher else { return }
        do throws(RedisError) {
            if settings.delivery == .streams, message.kind.isKept {
                try publisher.send(streamWriter.message(message), token: message.id)
                stream?.sent(message.id)
            } else {
                channels.write(message.topic, to: &channel)
                let isSharded = message.kind == .publication && message.topic.kind == .topic
                let shard = isSharded ? shards?.shard(of: channel) : nil
                if let shard {
                    try shard.publish(to: channel, message.envelope, token: message.id)
                } else {
                    try publisher.publish(to: channel, message.envelope, token: message.id)
                }
            }
        } catch {
            // The end of a connection settles all that is under way, this one as well.
            if error.code != .closed { owner?.session(self, settled: message.id, BusError(error)) }
        }
    }

    func resume() {
        subscriber?.resumeReading()
        shards?.resume()
        attempt { () throws(RedisError) in try stream?.resume() }
    }

    /// Takes a message that came by Pub/Sub.
    func received(_ topic: UnsafeRawBufferPointer, _ bytes: UnsafeRawBufferPointer) {
        guard let owner, !owner.session(self, received: topic, bytes) else { return }
        subscriber?.pauseReading()
        shards?.pause()
    }

    // MARK: What the connections tell

    func connectionOpened(_ connection: RedisConnection) {
        attempt { () throws(RedisError) in
            if connection === publisher {
                try connection.send(RedisCommand("ROLE"), token: Self.roleToken)
            } else if connection === subscriber {
                try subscriptions?.tryToUnsubscribe()
            } else if connection === streamConnection {
                try beginStream()
            }
        }
        checkOpen()
    }

    /// Begins once it is known that the server is one to write to.
    private func beginStream() throws(RedisError) {
        if isRoleKnown, streamConnection?.isOpen == true { try stream?.begin() }
    }

    func checkOpen() {
        guard !isOpen, !isClosed, isRoleKnown, subscriber?.isOpen == true, stream?.isReady ?? true,
            shards?.isReady ?? true
        else { return }
        isOpen = true
        watch.start(lines) { [unowned self] in end($0) }
        owner?.sessionOpened(self)
    }

    /// What is to be watched for silence.
    private var lines: [SilenceWatch.Line] {
        // The supervisor's probe, which is due earlier, is to find a dead publisher first. A read of the stream is answered only
        // when its BLOCK time is over.
        let lines: [(RedisConnection?, Duration)] = [
            (publisher, .seconds(1)), (subscriber, .zero), (streamConnection, StreamReader.block),
        ]
        return lines.compactMap { line in line.0.map { SilenceWatch.Line(pinging: $0, grace: line.1) } }
            + (shards?.lines ?? [])
    }

    func connection(_ connection: RedisConnection, answered token: UInt64, with reply: RESPReply) {
        guard let owner else { return }
        if token == SilenceWatch.token { return }
        if connection === subscriber {
            if let error = subscriptions?.answered(reply) { end(error) }
        } else if connection === streamConnection {
            // A reply does not leave the call it is lent to, so nor can it go into a closure.
            do throws(RedisError) { try stream?.answered(token, reply) } catch { return end(error) }
            checkOpen()
        } else if token == Self.roleToken {
            if let error = settings.wrongRole(reply, connection.address) { return end(error) }
            isRoleKnown = true
            attempt { () throws(RedisError) in try beginStream() }
            checkOpen()
        } else if let error = reply.error(to: "\(connection.address) answers to a publication") {
            owner.session(self, settled: token, BusError(error))
            if error.code == .notMaster || error.code == .redirected { end(error) }
        } else {
            // An id is the answer of the stream.
            if reply.kind == .bulk { stream?.added(token) }
            owner.session(self, settled: token, nil)
        }
    }

    func connection(_ connection: RedisConnection, pushed push: RedisPush) {
        if push.kind.isMessage, let name = subscriptions?.name(of: push) { received(name, push.payload) }
    }

    func connectionHasRoom(_ connection: RedisConnection) {
        if connection === subscriber { attempt { () throws(RedisError) in try subscriptions?.sayWaiting() } }
    }

    func connection(_ connection: RedisConnection, closed error: RedisError) {
        let isLargeEntry = connection === streamConnection && error.code == .tooLarge
        end(isLargeEntry ? stream?.replyWasTooLarge(error) ?? error : error)
    }
}
