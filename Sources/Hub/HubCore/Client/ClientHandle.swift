// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// What other threads may know and reserve of a client: where it lives, and room in its queue.
///
/// The client itself belongs to its loop. A push from another thread must answer at once whether it fits, so it reserves
/// room here; the loop publishes the queue's length here whenever a tick ends with the queue not empty.
package final class ClientHandle: Sendable {
    /// The client's name.
    package let id: ClientID
    /// The shard whose loop owns the client.
    var shard: Int { Int(shardNumber) }
    /// The place in that shard's table; checked there by identity.
    var slot: Int { Int(slotNumber) }

    private let shardNumber: UInt32
    private let slotNumber: UInt32
    private let reserved = Atomic<Int>(0)
    private let reservedBytes = Atomic<Int>(0)
    private let queued = Atomic<Int>(0)
    private let queuedBytes = Atomic<Int>(0)

    init(id: ClientID, shard: Int, slot: Int) {
        self.id = id
        shardNumber = UInt32(truncatingIfNeeded: shard)
        slotNumber = UInt32(truncatingIfNeeded: slot)
    }

    /// Takes room for one message, or answers that there is none.
    ///
    /// One message is always let into an empty queue, however large it is.
    func reserve(_ byteCount: Int, within limits: QueueLimits) -> Bool {
        let messages = reserved.add(1, ordering: .acquiring).newValue + queued.load(ordering: .relaxed)
        let bytes = reservedBytes.add(byteCount, ordering: .acquiring).newValue + queuedBytes.load(ordering: .relaxed)
        if messages <= limits.messages, bytes <= limits.bytes || messages == 1 { return true }
        release(byteCount)
        return false
    }

    /// Gives the room back, on giving up or once the queue that holds the message is published.
    func release(_ byteCount: Int) {
        reserved.subtract(1, ordering: .releasing)
        reservedBytes.subtract(byteCount, ordering: .releasing)
    }

    /// Says how full the queue is; called by the client's loop.
    func publish(messages: Int, bytes: Int) {
        queued.store(messages, ordering: .relaxed)
        queuedBytes.store(bytes, ordering: .relaxed)
    }
}

/// How much may wait for one client.
package struct QueueLimits: Sendable, Equatable {
    /// How many messages, 1 to 1 000 000; default 256.
    package var messages: Int
    /// How many bytes, frame headers included; default 1 MiB.
    ///
    /// One message may exceed it when nothing else waits.
    package var bytes: Int

    /// Makes limits; values below 1 count as 1.
    package init(messages: Int = 256, bytes: Int = 1 << 20) {
        self.messages = max(1, messages)
        self.bytes = max(1, bytes)
    }

    /// From where on a client counts as slow: three quarters of either limit.
    func isSlow(messages: Int, bytes: Int) -> Bool {
        messages * 4 >= self.messages * 3 && messages > 0 || bytes / 3 * 4 >= self.bytes
    }
}
