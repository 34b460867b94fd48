// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What stands behind a ``BusLink``: takes messages, and learns whether they flow; called on the bus loop.
package protocol BusSink: AnyObject {
    /// Takes another node's envelope, borrowed; probes and the node's own copies do not come here.
    ///
    /// - Parameter now: When it came, nanoseconds of the link's monotonic clock.
    func received(_ envelope: Envelope, on topic: BusTopic, at now: UInt64)

    /// Takes the payload of a program that is no node, borrowed.
    func receivedBare(_ bytes: UnsafeRawBufferPointer, on topic: BusTopic)

    /// Whether there is room for more, asked after each message; if not, ``BusLink/resume()`` is called when there is.
    var hasRoom: Bool { get }

    /// The server has confirmed the interests up to a generation.
    func confirmed(_ generation: UInt64)

    /// The server of a new connection is about to be asked for all interests; what an earlier one refused, it may take.
    func asksForAll()

    /// The server has refused an interest; told before the generation with it is confirmed.
    func refused(_ topic: BusTopic)

    /// Messages flow, or do not any more.
    func flows(_ isReady: Bool)

    /// A canary of this node came back, see ``BusLink/sendCanary(_:_:)``.
    ///
    /// - Parameter now: When it came, nanoseconds of the link's monotonic clock.
    /// - Returns: Whether it is the one that is waited for; any other counts as a message of the bus.
    func canaryReturned(_ number: UInt64, at now: UInt64) -> Bool
}

extension BusSink {
    /// Does nothing: who keeps no refusals has none to forget.
    package func asksForAll() {}
}

/// Learns what became of one publication.
package protocol PublishObserver: AnyObject {
    /// Takes the answer, on the bus loop.
    ///
    /// - Parameter error: Why it failed; nil when the bus's own guarantee was reached.
    func published(_ error: BusError?)
}
