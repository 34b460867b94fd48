// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
package import HubLog
package import HubLoop
import HubMetrics
package import HubTLS

/// NATS as a message bus: core NATS, by which what is published while a node is not connected does not reach it, or a stream of
/// JetStream, which is read on after a break.
///
/// Belongs to the bus loop, which has to be the loop that it is made with. One connection carries all, so that a node publishes
/// to no server on which it does not listen. It makes one attempt at one server when it is asked to; the library's own reconnecting
/// is off, as it keeps publications silently and gives up for good when the server refuses a login twice.
package final class NATSBus: BusAdapter {
    package let kind = BusKind.nats
    private let settings: NATSSettings
    private let loop: EventLoop
    private let servers: AddressRotation
    private let metrics: NATSMetrics
    private let logger: Logger
    /// One line a second tells of what may happen for each message.
    private let slowness = LogLimit()
    private let refusals = LogLimit()
    private let farewells = LogLimit()
    private var events: (any BusEvents)?
    private var session: NATSSession?
    /// Where the stream was left, and what was wanted of it.
    private let place = JetStreamPlace()
    /// The last limit of a server's that was told of, as each connection finds it.
    private var toldMaxPayload: Int?
    /// What a message has beside its payload: names, a trace, headers.
    private static let envelopeRoom = 1024
    /// Counts attempts, so that what an earlier one finds out counts for nothing.
    private var attempt = 0

    /// Makes an adapter that connects when it is asked to.
    ///
    /// - Throws: ``HubTLS/TLSError`` when a file for TLS cannot be used: the library would find that out at each attempt.
    package init(_ settings: NATSSettings, loop: EventLoop, metrics: NATSMetrics, logger: Logger) throws(TLSError) {
        if let tls = settings.tls { _ = try TLSContext(tls) }
        self.settings = settings
        self.loop = loop
        self.metrics = metrics
        self.logger = logger
        servers = AddressRotation(settings.addresses)
    }

    /// A stream takes what core NATS carries, under the same subjects: nodes with and without it hear each other.
    package var way: String? { nil }

    /// Records of nodes go beside the stream.
    package var isOrdered: Bool { settings.jetStream == nil }

    package var isBehind: Bool { session?.isBehind ?? false }

    package func start(_ events: any BusEvents) { self.events = events }

    package func connect() {
        attempt += 1
        do throws(NATSError) {
            session = try NATSSession(
                settings,
                to: servers.take(),
                from: place,
                metrics: metrics,
                logger: logger,
                loop: loop,
                owner: self
            )
        } catch {
            tellDown(error)
        }
    }

    /// Tells of a failure in a job, as the call that led to it has not returned.
    private func tellDown(_ error: NATSError) {
        let number = attempt
        let bound = LoopBound(self, on: loop)
        loop.post {
            let bus = bound.value
            if bus.attempt == number, bus.session == nil { bus.events?.link(.down(LinkFault(error))) }
        }
    }

    package func disconnect() {
        attempt += 1
        session.take()?.close()
    }

    package func want(_ change: InterestChange) { session?.want(change) }

    package func publish(_ batch: [Outgoing]) { session?.publish(batch) }

    package func resume() { session?.resume() }

    package func close(_ done: @escaping () -> Void) {
        attempt += 1
        events = nil
        guard let session = session.take() else { return done() }
        session.leave(done)
    }
}

extension NATSBus: NATSSession.Owner {
    func sessionOpened(_ session: NATSSession) {
        servers.learn(session.discovered)
        if session.maxPayload < settings.maxMessageBytes + Self.envelopeRoom, session.maxPayload != toldMaxPayload {
            toldMaxPayload = session.maxPayload
            // With both at their defaults it is only the very longest that do not fit.
            logger.log(
                session.maxPayload < settings.maxMessageBytes ? .warning : .info,
                "NATS takes shorter messages than clients may send",
                [
                    LogField("server", session.address.description), LogField("max_payload", session.maxPayload),
                    LogField("max_message_bytes", settings.maxMessageBytes),
                ]
            )
        }
        logger.info(
            "connected to a server of NATS",
            [LogField("server", session.address.description), LogField("publications", settings.mode)]
        )
        events?.link(.connected)
    }

    func sessionDiscovered(_ session: NATSSession) { servers.learn(session.discovered) }

    func session(_ session: NATSSession, settled id: UInt64, _ error: BusError?) { events?.settled(id, error) }

    func session(_ session: NATSSession, confirmed generation: UInt64) { events?.confirmed(generation) }

    func session(_ session: NATSSession, refused topic: BusTopic, _ reason: String) {
        events?.interestRefused(topic, reason)
    }

    func session(
        _ session: NATSSession,
        received topic: UnsafeRawBufferPointer,
        _ bytes: UnsafeRawBufferPointer
    ) -> Bool {
        events?.received(Received(topic: topic, bytes: bytes)) ?? true
    }

    func session(_ session: NATSSession, isSlow error: NATSError) {
        metrics.slowConsumer.increment()
        logger.warning(limit: slowness, "this node is too slow for NATS", [LogField("reason", error.message)])
    }

    func session(_ session: NATSSession, isRefused error: NATSError) {
        logger.warning(
            limit: refusals,
            "NATS refuses what this node publishes",
            [LogField("server", session.address.description), LogField("reason", error.message)]
        )
    }

    func sessionIsLameDuck(_ session: NATSSession) {
        metrics.lameDuck.increment()
        logger.warning(
            limit: farewells,
            "a server of NATS is about to end",
            [LogField("server", session.address.description)]
        )
    }

    func session(_ session: NATSSession, ended error: NATSError) {
        disconnect()
        events?.link(.down(LinkFault(error)))
    }
}
