// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
package import HubLoop

/// A bus in memory: nodes that share a ``MemoryBroker``.
package final class MemoryBus: BusAdapter {
    /// What the broker tells one connection; on the adapter's loop only.
    final class Incoming: @unchecked Sendable {
        weak var bus: MemoryBus?

        func connected(_ position: UInt64) { bus?.connected(self, position) }
        func lost() { bus?.lost(self) }
        func received(_ message: MemoryBroker.Message) { bus?.came(self, .message(message)) }
        func settled(_ id: UInt64, _ error: BusError?) { bus?.settled(self, id, error) }
        func confirmed(_ generation: UInt64) { bus?.came(self, .confirmation(generation)) }
    }

    /// What comes in one stream, so that a confirmation does not overtake what was sent before it.
    private enum Arrival {
        case message(MemoryBroker.Message)
        case confirmation(UInt64)
    }

    package let kind: BusKind
    private let broker: MemoryBroker
    private let post: @Sendable (@escaping @Sendable () -> Void) -> Void
    private weak var events: (any BusEvents)?
    private var session: MemorySession?
    private var incoming: Incoming?
    private var isPaused = false
    private var waiting = FIFO<Arrival>()
    /// The last message that was handed on, where the broker keeps them.
    private var position: UInt64?

    /// Makes an adapter.
    ///
    /// - Parameter post: Runs a job on the bus loop, in order.
    package init(
        _ broker: MemoryBroker,
        kind: BusKind = .redis,
        post: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void
    ) {
        self.broker = broker
        self.kind = kind
        self.post = post
    }

    /// Makes an adapter that belongs to a loop.
    package convenience init(_ broker: MemoryBroker, on loop: EventLoop) {
        self.init(broker) { job in loop.post(job) }
    }

    package var isOrdered: Bool { broker.options.isOrdered }

    package func start(_ events: any BusEvents) { self.events = events }

    package func connect() {
        let incoming = Incoming()
        incoming.bus = self
        let post = post
        let session = MemorySession(resumesAfter: position) { job in post { job(incoming) } }
        self.incoming = incoming
        self.session = session
        broker.connect(session)
    }

    package func disconnect() {
        if let session { broker.disconnect(session) }
        session = nil
        incoming = nil
        waiting = FIFO()
        isPaused = false
    }

    package func want(_ change: InterestChange) {
        if let session { broker.change(change, of: session) }
    }

    package func publish(_ batch: [Outgoing]) {
        if let session { broker.publish(batch, of: session) }
    }

    package func resume() {
        guard isPaused else { return }
        isPaused = false
        while !isPaused, let arrival = waiting.popFirst() { hand(arrival) }
    }

    package func close(_ done: @escaping () -> Void) {
        disconnect()
        events = nil
        done()
    }

    // MARK: What the broker tells

    private func connected(_ incoming: Incoming, _ position: UInt64) {
        guard incoming === self.incoming else { return }
        if broker.options.keepsMessages, self.position == nil { self.position = position }
        events?.link(.authenticating)
        events?.link(.connected)
    }

    private func lost(_ incoming: Incoming) {
        guard incoming === self.incoming else { return }
        disconnect()
        events?.link(.down(LinkFault(.closed, "the broker in memory went away")))
    }

    private func settled(_ incoming: Incoming, _ id: UInt64, _ error: BusError?) {
        if incoming === self.incoming { events?.settled(id, error) }
    }

    private func came(_ incoming: Incoming, _ arrival: Arrival) {
        guard incoming === self.incoming else { return }
        if isPaused { waiting.append(arrival) } else { hand(arrival) }
    }

    private func hand(_ arrival: Arrival) {
        switch arrival {
        case .confirmation(let generation): events?.confirmed(generation)
        case .message(let message):
            if broker.options.keepsMessages { position = message.position }
            var name = message.topic.name
            let hasRoom = name.withUTF8 { name in
                message.bytes.withUnsafeBytes { bytes in
                    events?.received(Received(topic: UnsafeRawBufferPointer(name), bytes: bytes)) ?? true
                }
            }
            if !hasRoom { isPaused = true }
        }
    }
}
