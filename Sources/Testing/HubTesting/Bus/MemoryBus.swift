// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
import Synchronization

/// A bus in memory: nodes of one process that share a ``MemoryBroker``.
package final class MemoryBus: BusAdapter {
    /// What the broker tells one connection; on the adapter's loop only.
    final class Incoming: @unchecked Sendable {
        weak var bus: MemoryBus?

        func connected() { bus?.connected(self) }
        func lost() { bus?.lost(self) }
        func received(_ topic: BusTopic, _ bytes: [UInt8]) { bus?.received(self, topic, bytes) }
        func settled(_ id: UInt64, _ error: BusError?) { bus?.settled(self, id, error) }
        func confirmed(_ generation: UInt64) { bus?.confirmed(self, generation) }
    }

    package let kind: BusKind
    private let broker: MemoryBroker
    private let post: @Sendable (@escaping @Sendable () -> Void) -> Void
    private weak var events: (any BusEvents)?
    private var session: MemoryBroker.Session?
    private var incoming: Incoming?
    private var isPaused = false
    private var waiting: [(BusTopic, [UInt8])] = []

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

    package func start(_ events: any BusEvents) { self.events = events }

    package func connect() {
        let incoming = Incoming()
        incoming.bus = self
        let post = post
        let session = MemoryBroker.Session { job in post { job(incoming) } }
        self.incoming = incoming
        self.session = session
        broker.connect(session)
    }

    package func disconnect() {
        if let session { broker.disconnect(session) }
        session = nil
        incoming = nil
        waiting = []
        isPaused = false
    }

    package func want(_ change: InterestChange) {
        guard let session else { return }
        broker.submit { _ in
            session.state.withLock { state in
                for step in change.steps {
                    switch step {
                    case .add(let topic): state.names.insert(topic)
                    case .addPrefix(let prefix): state.prefixes.insert(prefix)
                    case .remove(let topic): state.names.remove(topic)
                    }
                }
            }
            session.post { $0.confirmed(change.generation) }
        }
    }

    package func publish(_ batch: [Outgoing]) {
        guard let session else { return }
        broker.submit { [broker] fault in
            for message in batch {
                if fault == .refusing {
                    session.post { $0.settled(message.id, BusError(.rejected, "refused by the test")) }
                    continue
                }
                if fault != .losing { broker.publish(message.topic, message.bytes) }
                session.post { $0.settled(message.id, nil) }
            }
        }
    }

    package func resume() {
        guard isPaused else { return }
        isPaused = false
        while !isPaused, !waiting.isEmpty {
            let (topic, bytes) = waiting.removeFirst()
            hand(topic, bytes)
        }
    }

    package func close(_ done: @escaping () -> Void) {
        disconnect()
        done()
    }

    // MARK: What the broker tells

    private func connected(_ incoming: Incoming) {
        guard incoming === self.incoming else { return }
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

    private func confirmed(_ incoming: Incoming, _ generation: UInt64) {
        if incoming === self.incoming { events?.confirmed(generation) }
    }

    private func received(_ incoming: Incoming, _ topic: BusTopic, _ bytes: [UInt8]) {
        guard incoming === self.incoming else { return }
        if isPaused { waiting.append((topic, bytes)) } else { hand(topic, bytes) }
    }

    private func hand(_ topic: BusTopic, _ bytes: [UInt8]) {
        var name = topic.name
        let hasRoom = name.withUTF8 { name in
            bytes.withUnsafeBytes { bytes in
                events?.received([Received(topic: UnsafeRawBufferPointer(name), bytes: bytes)]) ?? true
            }
        }
        if !hasRoom { isPaused = true }
    }
}
