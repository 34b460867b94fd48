// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop

/// The connections to one master of a cluster, for the topics whose channels lie in its slots: one publishes, one subscribes.
///
/// Both are tried out when they open, so that a right that is missing is known before anything depends on it. The master is
/// tried out again when it is silent, and when it refuses a publication for want of rights.
final class RedisShard: RedisConnectionHandler {
    /// What a shard tells; nothing after its end or ``RedisShard/close()``.
    protocol Owner: AnyObject {
        /// Both connections stand and may do what they have to.
        func shardIsReady()
        func shard(settled id: UInt64, _ error: BusError?)
        func shard(confirmed generation: UInt64)
        func shard(refused topic: BusTopic, _ reason: String)
        func shard(received topic: UnsafeRawBufferPointer, _ bytes: UnsafeRawBufferPointer)
        /// The shard is of no use any more, and is closed.
        func shard(ended error: RedisError)
    }

    /// The token of what is tried out; publications have their ids, which are smaller, and subscriptions 0.
    private static let trialToken = UInt64.max

    private let channels: RedisChannels
    /// What is tried out: a channel of this master's that carries nothing.
    private let trialChannel: [UInt8]
    private weak var owner: (any Owner)?
    private var publisher: RedisConnection?
    private var subscriber: RedisConnection?
    private var subscriptions: RedisSubscriber?
    /// How many trials have not succeeded yet: publishing, subscribing, unsubscribing.
    private var trialsLeft = 3
    private var isTryingToPublish = false

    /// Begins to connect.
    ///
    /// - Throws: ``RedisError`` when a password or TLS cannot be had.
    init(
        _ address: SocketAddress,
        trialChannel: [UInt8],
        _ channels: RedisChannels,
        _ dialer: RedisDialer,
        owner: any Owner
    ) throws(RedisError) {
        self.channels = channels
        self.trialChannel = trialChannel
        self.owner = owner
        publisher = try dialer.dial(address, .commands, self)
        let subscriber: RedisConnection
        do throws(RedisError) {
            subscriber = try dialer.dial(address, .subscriptions, self)
        } catch {
            close()
            throw error
        }
        self.subscriber = subscriber
        subscriptions = RedisSubscriber(
            subscriber,
            channels,
            .shard,
            confirmed: { [unowned self] in self.owner?.shard(confirmed: $0) },
            refused: { [unowned self] in self.owner?.shard(refused: $0, $1) }
        )
    }

    /// Whether messages can be sent and subscribed to.
    var isReady: Bool { trialsLeft == 0 }

    /// What is to be watched for silence; for a shard that is ready.
    var lines: [SilenceWatch.Line] {
        var lines: [SilenceWatch.Line] = []
        if let publisher {
            lines.append(SilenceWatch.Line(publisher) { [unowned self] () throws(RedisError) in try tryToPublish() })
        }
        if let subscriber { lines.append(SilenceWatch.Line(pinging: subscriber)) }
        return lines
    }

    /// Ends both connections without a word.
    func close() {
        owner = nil
        publisher?.close()
        subscriber?.close()
        (publisher, subscriber) = (nil, nil)
    }

    private func end(_ error: RedisError) {
        let owner = owner
        close()
        owner?.shard(ended: error)
    }

    // MARK: What the session asks

    /// Publishes a message to a channel of this master's.
    func publish(to channel: [UInt8], _ envelope: EncodedEnvelope, token: UInt64) throws(RedisError) {
        guard let publisher else { throw RedisError(.closed, "the connection is not open") }
        try publisher.publish(.shardPublish, to: channel, envelope, token: token)
    }

    /// Changes the topics that are wanted of this master.
    func want(_ change: InterestChange) throws(RedisError) { try subscriptions?.want(change) }

    func pause() { subscriber?.pauseReading() }

    func resume() { subscriber?.resumeReading() }

    /// Publishes nothing.
    ///
    /// Is the sign of life as well: a master that others have given up answers a ping, and `CLUSTERDOWN` to this.
    private func tryToPublish() throws(RedisError) {
        try publish(to: trialChannel, EncodedEnvelope(head: [], payload: []), token: Self.trialToken)
        isTryingToPublish = true
    }

    // MARK: What the connections tell

    func connectionOpened(_ connection: RedisConnection) {
        do throws(RedisError) {
            if connection === publisher {
                try tryToPublish()
            } else {
                try connection.subscribe(.shard, to: [trialChannel], token: Self.trialToken)
                try connection.unsubscribe(.shard, from: [trialChannel], token: Self.trialToken)
            }
        } catch {
            end(error)
        }
    }

    func connection(_ connection: RedisConnection, answered token: UInt64, with reply: RESPReply) {
        guard let owner else { return }
        if token == Self.trialToken {
            if connection === publisher { isTryingToPublish = false }
            if let error = reply.error(to: "\(connection.address) answers to a trial of sharded Pub/Sub") {
                return end(Self.verdict(on: error))
            }
            if isReady { return }
            trialsLeft -= 1
            if isReady { owner.shardIsReady() }
        } else if token == SilenceWatch.token {
            // That it came is all that was asked.
        } else if connection === subscriber {
            if let error = subscriptions?.answered(reply) { end(Self.verdict(on: error)) }
        } else if let error = reply.error(to: "\(connection.address) answers to a publication to a topic") {
            owner.shard(settled: token, BusError(error))
            let verdict = Self.verdict(on: error)
            if verdict.code == .redirected { return end(verdict) }
            // Perhaps only that one, perhaps all.
            if error.code == .noPermission, !isTryingToPublish {
                do throws(RedisError) {
                    try tryToPublish()
                } catch {
                    // One that is full has others to answer first.
                    if error.code != .full { end(error) }
                }
            }
        } else {
            owner.shard(settled: token, nil)
        }
    }

    func connection(_ connection: RedisConnection, pushed push: RedisPush) {
        guard isReady, let owner, let subscriptions else { return }
        if push.kind.isMessage {
            if let name = subscriptions.name(of: push) { owner.shard(received: name, push.payload) }
        } else if subscriptions.isUnasked(push) {
            let channel = RedisError.printable(push.channel)
            end(RedisError(.redirected, "\(connection.address) has not the slot of the channel \(channel) any more"))
        }
    }

    func connectionHasRoom(_ connection: RedisConnection) {
        guard connection === subscriber else { return }
        do throws(RedisError) { try subscriptions?.sayWaiting() } catch { end(error) }
    }

    func connection(_ connection: RedisConnection, closed error: RedisError) { end(error) }

    // MARK: Errors

    /// What an error of a master means: that the map is not right any more, that a right is missing, or what it says.
    private static func verdict(on error: RedisError) -> RedisError {
        switch error.code {
        case .redirected, .clusterDown, .notMaster:
            RedisError(.redirected, error.message, redirection: error.redirection)
        case .noPermission: missingRight(error)
        case .refused:
            RedisError(.refused, error.message + " (all nodes of the cluster need Redis 7.0 or later, or none of them)")
        default: error
        }
    }

    /// Says which rights a cluster needs.
    static func missingRight(_ error: RedisError) -> RedisError {
        let advice =
            " (on each node of the cluster the hub's user needs +cluster|shards +spublish +ssubscribe +sunsubscribe)"
        return RedisError(error.code, error.message + advice)
    }
}
