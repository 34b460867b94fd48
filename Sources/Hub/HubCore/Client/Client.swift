// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// One WebSocket connection as the hub sees it.
///
/// Belongs to one shard's loop for life; no other thread touches it. Others hold its ``ClientHandle``.
package final class Client {
    /// The client's name.
    package var id: ClientID { handle.id }
    /// What other threads may hold of it.
    package let handle: ClientHandle
    /// The socket under it; the transport owns the client.
    unowned(unsafe) let transport: any ClientTransport
    /// Where the transport lies; to be fetched ahead of its use, also when it has gone.
    let transportAddress: UnsafeRawPointer

    // What each delivery touches stands together, in two lines of the caches.

    var queue = OutboundQueue()
    /// When bytes of the queue were last taken by the socket, or when it began to wait; monotonic nanoseconds.
    package internal(set) var lastProgress: UInt64 = 0
    /// The socket took less than it was offered: nothing is written until it can take more.
    var isBlocked = false
    /// The client is in the shard's list of clients to flush.
    var isDirty = false
    /// Why the shard wants it closed at the end of the tick.
    var closeReason: CloseReason?
    /// The handle carries numbers other than zero.
    var isPublished = false
    /// Its socket is not read until there is room for what it publishes.
    var isPaused = false
    /// Its socket is not read until some of its requests are answered.
    var awaitsAnswers = false
    /// How many of its requests are answered later.
    var openAnswers: UInt16 = 0
    /// Whether the client is in the hub's tables: topics, broadcast, directory.
    package internal(set) var isRegistered = false
    /// How many pending messages, of all topics, must not come back to it (`echo: false`).
    var exclusions: UInt32 = 0

    /// Its place among all registered clients.
    var position: Int32 = -1
    var subscriptions: [Subscription] = []
    /// The id as messages carry it; made for those that publish.
    private(set) lazy var encodedID = EncodedString(id.description)

    /// What its subscriptions are counted against beside its own limit.
    let share: SubscriptionShare?

    init(handle: ClientHandle, transport: any ClientTransport, share: SubscriptionShare?) {
        self.handle = handle
        self.share = share
        self.transport = transport
        transportAddress = UnsafeRawPointer(Unmanaged.passUnretained(transport as AnyObject).toOpaque())
    }

    /// How many topics it has not left.
    package var subscriptionCount: Int { subscriptions.count }

    /// Whether what is published to a topic goes to it.
    ///
    /// - Complexity: O(subscriptions).
    func receives(_ topic: Topic) -> Bool {
        topic.scope == .broadcast ? isRegistered : subscriptions.contains { $0.topic === topic }
    }

    /// Whether bytes wait for a socket that takes none.
    package var isWaiting: Bool { isBlocked }
    /// Whether nothing waits.
    package var isFlushed: Bool { queue.isEmpty }
}

/// One membership, as the client's list holds it; the topic's list holds its counterpart.
struct Subscription {
    unowned(unsafe) var topic: Topic
    /// Where the client stands in the topic's list.
    var position: Int
}
