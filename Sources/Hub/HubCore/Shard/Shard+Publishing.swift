// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubWire

extension Shard {
    /// Publishes a client's message: to the subscribers here, to the other shards, then to the bus.
    ///
    /// Where there is no room for more, the publisher's socket is not read until there is.
    ///
    /// - Parameter payload: What receivers get in one frame, byte for byte; copied.
    /// - Parameter echo: Whether the publisher gets the message too, if it subscribed.
    /// - Parameter answer: Completed once the bus has answered, unless this returns false.
    /// - Returns: Whether other nodes can be reached, if there may be any.
    @discardableResult
    package func publish(
        _ opcode: UInt8,
        _ payload: UnsafeRawBufferPointer,
        to topic: TopicName,
        from publisher: Client,
        ingress: UInt64,
        echo: Bool = true,
        answer: PendingAnswer? = nil
    ) -> Bool {
        let excluded = echo ? nil : publisher.handle
        let scope: DeliveryScope = topic.isBroadcast ? .broadcast : .topic
        counts.pointee.publishes[Int(scope.rawValue)] += 1
        let isReceived = append(opcode, payload, to: self.topic(topic), ingress: ingress, excluded: excluded)
        if isBehind || pendingDeliveries >= Shard.deliveriesAtOnce { pause(publisher, .writing) }
        let inboxes = hub.inboxes
        var others = ShardSet()
        if inboxes.count > 1 {
            others = hub.receivers(of: topic, among: inboxes.count)
            others.remove(index)
        }
        if !isReceived, others.isEmpty { counts.pointee.unreceived &+= 1 }
        guard !others.isEmpty || hub.outbox != nil else { return true }
        let publication = Publication(
            topic: topic,
            opcode: opcode,
            payload: Array(payload),
            ingress: ingress,
            excluded: excluded,
            loopsToMiss: isReceived ? 0 : others.count
        )
        others.forEach { other in
            if case .full = inboxes[other].append(.publish(publication)) { pause(publisher, .inbox) }
        }
        guard let outbox = hub.outbox else { return true }
        let outcome = outbox.publish(publication, from: index, answer)
        if outcome.isFull { pause(publisher, .bus) }
        return outcome.isReachable
    }

    /// Puts a client's message into the queue of another client of the hub.
    ///
    /// - Throws: ``HubError`` `.clientNotFound` or `.sendBufferFull`.
    package func unicast(
        _ payload: UnsafeRawBufferPointer,
        to id: ClientID,
        from sender: Client,
        ingress: UInt64
    ) throws(HubError) {
        countUnicast()
        guard let handle = hub.directory[id] else { throw hub.refused(.clientNotFound) }
        if handle.shard == index {
            guard let client = client(for: handle) else { throw hub.refused(.clientNotFound) }
            try push(1, payload, to: client, ingress: ingress)
        } else {
            let hasRoom = try hub.push(.text(Array(payload)), to: handle, ingress: ingress)
            if !hasRoom { pause(sender, .inbox) }
        }
    }

    /// Counts a message for a client of another node.
    func countUnicast() { counts.pointee.publishes[Int(DeliveryScope.client.rawValue)] += 1 }

    /// Answers a client with a message that `encode` appends to the bytes it is given.
    func reply(to client: Client, ingress: UInt64, _ encode: (inout [UInt8]) -> Void) {
        withScratch { bytes in
            encode(&bytes)
            bytes.withUnsafeBytes { reply($0, to: client, ingress: ingress) }
        }
    }

    /// Lends the shard's memory for encoding, empty.
    func withScratch<Failure: Error>(_ body: (inout [UInt8]) throws(Failure) -> Void) throws(Failure) {
        var bytes = scratch
        scratch = []
        bytes.removeAll(keepingCapacity: true)
        defer { scratch = bytes }
        try body(&bytes)
    }
}
