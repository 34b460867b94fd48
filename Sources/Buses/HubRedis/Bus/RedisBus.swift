// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
package import HubLoop
package import HubTLS

/// Redis as a message bus: one server, sentinels or a cluster; Pub/Sub, or a stream that is read on after a break.
///
/// Belongs to the bus loop, which has to be the loop that it is made with. Publications are pipelined on one connection, and
/// what is heard comes on another to the same server; in a cluster with sharded Pub/Sub the topics have two more to each
/// master. All are given up when one of them ends.
package final class RedisBus: BusAdapter {
    package let kind = BusKind.redis
    private let settings: RedisSettings
    private let loop: EventLoop
    private let dialer: RedisDialer
    private let locator: any RedisLocator
    private var events: (any BusEvents)?
    private var session: RedisSession?
    private var watch: SentinelWatch?
    /// The master that sentinels named.
    private var master: SocketAddress?
    /// Where the stream was left, and what was wanted of it.
    private var streamPlace = StreamPlace()
    /// Counts attempts, so that what an earlier one finds out counts for nothing.
    private var attempt = 0
    private lazy var watchTimer = LoopTimer { [unowned self] in askSentinels() }

    /// Makes an adapter that connects when it is asked to.
    ///
    /// - Throws: ``HubTLS/TLSError`` when a file for TLS cannot be used.
    package init(_ settings: RedisSettings, loop: EventLoop) throws(TLSError) {
        self.settings = settings
        self.loop = loop
        dialer = try RedisDialer(settings, loop: loop)
        locator =
            switch (settings.mode, settings.delivery) {
            case (.sentinel, _): SentinelLocator(settings, dialer, loop: loop)
            case (.cluster, .pubsub): ClusterLocator(settings, dialer, loop: loop, .anyNode)
            case (.cluster, .streams):
                ClusterLocator(settings, dialer, loop: loop, .owner(ofSlot: ClusterSlot.of(settings.streamKey)))
            case (.single, _): NextAddress(settings.addresses)
            }
    }

    package var way: String? {
        guard let session else { return nil }
        return settings.delivery == .streams ? "streams" : session.isSharded ? "sharded" : "classic"
    }

    /// Records of nodes go by Pub/Sub, beside the stream.
    package var isOrdered: Bool { settings.delivery == .pubsub }

    package var isBehind: Bool { session?.isBehind ?? false }

    package func start(_ events: any BusEvents) { self.events = events }

    package func connect() {
        attempt += 1
        let number = attempt
        locator.locate { [weak self] found in
            guard let self, number == attempt else { return }
            switch found {
            case .success(let address): open(address)
            // Not within the call: the supervisor waits for it.
            case .failure(let error): tellDown(error)
            }
        }
    }

    private func open(_ address: SocketAddress) {
        let session = RedisSession(settings, loop: loop, from: streamPlace, owner: self)
        do throws(RedisError) {
            try session.connect(dialer, to: address, shards: locator.shards)
            self.session = session
            master = address
            events?.link(.authenticating)
            if settings.mode == .sentinel { watchSentinel() }
        } catch {
            session.close()
            tellDown(error)
        }
    }

    /// Tells of a failure in a job, as the call that led to it has not returned.
    private func tellDown(_ error: RedisError) {
        let number = attempt
        let bound = LoopBound(self, on: loop)
        loop.post {
            let bus = bound.value
            if bus.attempt == number, bus.session == nil { bus.events?.link(.down(LinkFault(error))) }
        }
    }

    package func disconnect() {
        attempt += 1
        locator.cancel()
        loop.cancel(watchTimer)
        watch?.cancel()
        watch = nil
        guard let session else { return }
        streamPlace = session.streamPlace
        self.session = nil
        session.close()
    }

    package func want(_ change: InterestChange) { session?.want(change) }

    package func publish(_ batch: [Outgoing]) {
        for message in batch { session?.publish(message) }
    }

    package func resume() { session?.resume() }

    package func close(_ done: @escaping () -> Void) {
        disconnect()
        events = nil
        done()
    }

    // MARK: Sentinels

    /// Listens to the sentinel that named the master, so that a fail-over is known before the old master is gone.
    private func watchSentinel() {
        guard watch == nil, session != nil, let informant = (locator as? SentinelLocator)?.informant else { return }
        do throws(RedisError) {
            watch = try SentinelWatch(
                settings,
                loop: loop,
                dial: { watch throws(RedisError) in try dialer.dialSentinel(informant, .subscriptions, watch) },
                moved: { [unowned self] in masterMoved(to: $0) },
                // Not gone on without: the node would learn of a fail-over when the old master ends its connections, or never.
                refused: { [unowned self] error in if let session { self.session(session, ended: error) } },
                lost: { [unowned self] in
                    watch = nil
                    loop.schedule(watchTimer, after: .seconds(1))
                }
            )
        } catch {
            loop.schedule(watchTimer, after: .seconds(1))
        }
    }

    /// Asks the next sentinel, as the one that was listened to may have told of a fail-over in vain.
    private func askSentinels() {
        let number = attempt
        locator.locate { [weak self] found in
            guard let self, number == attempt, session != nil else { return }
            switch found {
            case .success(let address) where address != master: masterMoved(to: address)
            case .success: watchSentinel()
            case .failure: loop.schedule(watchTimer, after: .seconds(1))
            }
        }
    }

    private func masterMoved(to address: SocketAddress) {
        guard let session, address != master else { return }
        self.session(
            session,
            ended: RedisError(.notMaster, "the sentinels have made \(address) the master \"\(settings.masterName)\"")
        )
    }
}

extension RedisBus: RedisSession.Owner {
    func sessionOpened(_ session: RedisSession) { events?.link(.connected) }

    func session(_ session: RedisSession, settled id: UInt64, _ error: BusError?) { events?.settled(id, error) }

    func session(_ session: RedisSession, confirmed generation: UInt64) { events?.confirmed(generation) }

    func session(_ session: RedisSession, refused topic: BusTopic, _ reason: String) {
        events?.interestRefused(topic, reason)
    }

    func session(
        _ session: RedisSession,
        received topic: UnsafeRawBufferPointer,
        _ bytes: UnsafeRawBufferPointer
    ) -> Bool {
        events?.received(Received(topic: topic, bytes: bytes)) ?? true
    }

    func session(_ session: RedisSession, ended error: RedisError) {
        disconnect()
        events?.link(.down(LinkFault(error)))
    }
}
