// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubWire

/// Messages for one client: what others push to it, and what the hub answers.
extension Shard {
    // MARK: Pushes

    /// Lands a push in its client's queue; its room was reserved.
    func land(
        _ handle: ClientHandle,
        _ frame: Frame,
        _ ingress: UInt64,
        _ completion: (@Sendable (HubError?) -> Void)?
    ) {
        // Given back last: until the queue's new length is published, the reservation stands for the push.
        defer { handle.release(frame.wireByteCount) }
        counts.pointee.ledger.enqueue(1, .client)
        guard let client = client(for: handle), client.closeReason == nil else {
            counts.pointee.ledger.drop(1, .client, .closed)
            counts.pointee.sentSizes.observe(UInt64(truncatingIfNeeded: frame.payload.count))
            completion?(.connectionClosed)
            return
        }
        if completion == nil {
            frame.payload.withUnsafeBytes {
                enqueueAlone(frame.opcode, $0, scope: .client, to: client, ingress: ingress)
            }
        } else {
            // A batch of its own, as a batch has one completion.
            counts.pointee.sentSizes.observe(UInt64(truncatingIfNeeded: frame.payload.count))
            let batch = batches.take()
            frame.payload.withUnsafeBytes { batch.append(frame.opcode, $0, ingress: ingress) }
            batch.completion = completion
            accept(lastFrame(of: batch, from: 0, scope: .client, isControl: false), client)
            batches.release(batch)
        }
        publishLength(of: client)
    }

    /// Puts a frame into the queue of a client of this shard, or answers that it has no room.
    func push(
        _ opcode: UInt8,
        _ payload: UnsafeRawBufferPointer,
        to client: Client,
        ingress: UInt64
    ) throws(HubError) {
        guard client.closeReason == nil else { throw hub.refused(.clientNotFound) }
        let size = payload.count + WebSocketFrame.headerBytes(payloadCount: payload.count)
        if !hasRoom(size, client), !client.isBlocked { flush(client) }
        guard client.closeReason == nil else { throw hub.refused(.clientNotFound) }
        guard hasRoom(size, client) else { throw hub.refused(.sendBufferFull) }
        counts.pointee.ledger.enqueue(1, .client)
        enqueueAlone(opcode, payload, scope: .client, to: client, ingress: ingress)
    }

    /// Queues a frame for one client only; its room was looked at.
    private func enqueueAlone(
        _ opcode: UInt8,
        _ payload: UnsafeRawBufferPointer,
        scope: DeliveryScope,
        to client: Client,
        ingress: UInt64
    ) {
        counts.pointee.sentSizes.observe(UInt64(truncatingIfNeeded: payload.count))
        accept(frame(opcode, payload, scope, ingress: ingress), client)
        if isBehind { answeredClients.append(client) }
    }

    private func hasRoom(_ byteCount: Int, _ client: Client) -> Bool {
        client.queue.messages < settings.queue.messages
            && (client.queue.bytes + byteCount <= settings.queue.bytes || client.queue.isEmpty)
    }

    // MARK: Replies

    /// Answers a client with a text frame; a full queue is treated as fan-out treats it.
    package func reply(_ payload: UnsafeRawBufferPointer, opcode: UInt8 = 1, to client: Client, ingress: UInt64) {
        counts.pointee.sentSizes.observe(UInt64(truncatingIfNeeded: payload.count))
        enqueue(frame(opcode, payload, .reply, ingress: ingress), to: client)
        if isBehind { answeredClients.append(client) }
    }

    /// Queues a ping, pong or close frame behind what waits; it is no delivery and has no limit but its sender's care.
    package func control(_ opcode: UInt8, _ payload: UnsafeRawBufferPointer, to client: Client) {
        accept(frame(opcode, payload, .reply, isControl: true, ingress: .max), client)
        if isBehind { answeredClients.append(client) }
    }

    /// Adds a frame to the batch that frames for single clients share.
    private func frame(
        _ opcode: UInt8,
        _ payload: UnsafeRawBufferPointer,
        _ scope: DeliveryScope,
        isControl: Bool = false,
        ingress: UInt64
    ) -> Slice {
        let batch = replyBatch()
        let start = UInt32(truncatingIfNeeded: batch.byteCount)
        batch.append(opcode, payload, ingress: ingress)
        return lastFrame(of: batch, from: start, scope: scope, isControl: isControl)
    }

    private func replyBatch() -> FrameBatch {
        if let replies, replies.byteCount < Shard.batchByteTarget { return replies }
        if let replies { batches.release(replies) }
        let batch = batches.take()
        replies = batch
        return batch
    }

    private func lastFrame(of batch: FrameBatch, from start: UInt32, scope: DeliveryScope, isControl: Bool) -> Slice {
        Slice(
            batch: .passUnretained(batch),
            start: start,
            end: UInt32(truncatingIfNeeded: batch.byteCount),
            first: UInt32(truncatingIfNeeded: batch.frameCount - 1),
            frames: 1,
            next: SlicePool.none,
            scope: scope,
            isControl: isControl
        )
    }
}
