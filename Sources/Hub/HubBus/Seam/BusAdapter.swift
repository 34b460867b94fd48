// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// One kind of message bus: what differs between Redis, NATS and the others, and nothing that they share.
///
/// All calls come on the bus loop and return at once; all events go back on it. An adapter makes one attempt to connect when it is
/// asked to and tells how far it came; when to try again, whether to publish at all, deadlines, probes, counting and the
/// log are ``BusLink``'s.
///
/// The contract that every adapter keeps is spelt out, check by check, in `BusContract` of HubTesting.
package protocol BusAdapter: AnyObject {
    /// Which bus it is, for logs and metrics.
    var kind: BusKind { get }

    /// By which of several ways of the same bus publications travel on this connection: a word for the log, and for other nodes,
    /// which do not hear all of what goes another way. Nil where there is one way only, or no connection.
    var way: String? { get }

    /// Whether what a node says of itself arrives behind what it published before; else it may overtake that.
    var isOrdered: Bool { get }

    /// Whether the server may have more for this node than was read, and reading goes on: a probe may lie behind it.
    var isBehind: Bool { get }

    /// Takes the place where events go; called once, before all else.
    func start(_ events: any BusEvents)

    /// Begins one attempt to connect.
    ///
    /// Answered by ``BusEvents/link(_:)``: once `.down`, at any time, unless ``disconnect()`` was called before.
    func connect()

    /// Drops the connection, or the attempt; nothing more is told of it, not even that it is down.
    ///
    /// Publications that were not settled stay so: ``BusLink`` has given them up.
    func disconnect()

    /// Changes what the server sends to this node; within a connection the first call names everything.
    ///
    /// ``BusEvents/confirmed(_:)`` tells the generation once the server has confirmed this and all calls before it.
    func want(_ change: InterestChange)

    /// Hands messages to the server, in order; each is settled once, unless the connection goes down first.
    ///
    /// Called only while the link is up.
    func publish(_ batch: [Outgoing])

    /// Takes messages from the server again, after ``BusEvents/received(_:)`` said that there was no room; harmless otherwise.
    func resume()

    /// Ends everything, and calls back once when nothing of it is left; may be called in any state.
    ///
    /// Until it calls back it may still tell what it told before, afterwards nothing.
    func close(_ done: @escaping () -> Void)
}

extension BusAdapter {
    package var way: String? { nil }
    package var isOrdered: Bool { true }
    package var isBehind: Bool { false }
}

/// One message on its way to the server.
package struct Outgoing: Sendable {
    /// What ``BusEvents/settled(_:_:)`` calls it; larger for each message.
    package let id: UInt64
    /// What the envelope is, for buses that carry publications another way than what nodes tell each other.
    package let kind: Envelope.Kind
    package let topic: BusTopic
    /// What travels; owned until it is settled.
    package let envelope: EncodedEnvelope
    /// When it is given up, nanoseconds of the bus loop's clock; an adapter may use it, and need not watch it.
    package let deadline: UInt64

    /// Puts a message together.
    package init(
        id: UInt64,
        kind: Envelope.Kind = .publication,
        topic: BusTopic,
        envelope: EncodedEnvelope,
        deadline: UInt64
    ) {
        self.id = id
        self.kind = kind
        self.topic = topic
        self.envelope = envelope
        self.deadline = deadline
    }
}

/// What an adapter tells; called on the bus loop.
package protocol BusEvents: AnyObject {
    /// Takes a message that is valid within the call only.
    ///
    /// - Returns: Whether there is room for more. This one was taken all the same, but the adapter takes no more from its
    ///   server until ``BusAdapter/resume()``, so that a bound is exceeded by what it has in hand at the most.
    func received(_ message: Received) -> Bool

    /// Tells what became of a publication.
    ///
    /// - Parameter error: Why it failed; nil when the bus's own guarantee was reached.
    func settled(_ id: UInt64, _ error: BusError?)

    /// Tells that the server has confirmed the interests up to a generation.
    func confirmed(_ generation: UInt64)

    /// Tells that the server refused an interest; the connection remains.
    func interestRefused(_ topic: BusTopic, _ reason: String)

    /// Tells how the connection fares.
    func link(_ state: LinkState)
}

/// One message from the server, borrowed.
package struct Received {
    /// The name, without the bus's prefix and encoding.
    package let topic: UnsafeRawBufferPointer
    package let bytes: UnsafeRawBufferPointer

    /// Borrows a message.
    package init(topic: UnsafeRawBufferPointer, bytes: UnsafeRawBufferPointer) {
        self.topic = topic
        self.bytes = bytes
    }
}
