// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CNats

/// One subscription of a connection, and the library's handle of it.
///
/// The library holds it from its making until the arrival without a message, which comes once and last.
///
/// `@unchecked`: the library's threads touch nothing but the inbox and the lane, which never change; ``NATSConnection`` touches the
/// rest on its loop alone.
final class NATSSubscription: @unchecked Sendable {
    /// Where in the inbox its messages lie.
    enum Lane: Sendable {
        /// What nodes and other programs publish: bounded, and not taken while the hub has no room.
        case messages
        /// What a stream keeps: as messages, but with room for all that was asked for.
        case kept
        /// What the node itself has asked for: taken always, with room for far more than it asks.
        case replies
        /// What a ``NATSFence`` sends to itself, of which the library drops every second one.
        case fence
    }

    let inbox: NATSInbox
    let lane: Lane
    /// The library's handle, until it was given up.
    private var handle: OpaquePointer?
    /// What to do with a message; nil once it is wanted no more.
    private(set) var receive: ((OpaquePointer) -> Void)?

    init(_ inbox: NATSInbox, _ lane: Lane, receive: @escaping (OpaquePointer) -> Void) {
        self.inbox = inbox
        self.lane = lane
        self.receive = receive
    }

    /// Subscribes; the server is told with what is written next.
    static func make(
        _ connection: OpaquePointer,
        _ subject: Subject,
        _ inbox: NATSInbox,
        _ lane: Lane,
        receive: @escaping (OpaquePointer) -> Void
    ) throws(NATSError) -> NATSSubscription {
        let subscription = NATSSubscription(inbox, lane, receive: receive)
        let context = Unmanaged.passRetained(subscription)
        var handle: OpaquePointer?
        let status = natsConnection_Subscribe(&handle, connection, subject.cString, messageCame, context.toOpaque())
        guard status == NATS_OK, let handle else {
            context.release()
            throw .last(status, doing: "subscribe to \(subject)")
        }
        subscription.handle = handle
        // They fail only where the connection ends at this moment; then the object stays, as the library may use it still. The limit
        // of messages is the inbox's.
        natsSubscription_SetOnCompleteCB(handle, completed, context.toOpaque())
        natsSubscription_SetPendingLimits(handle, -1, lane == .fence ? NATSFence.byteLimit : -1)
        return subscription
    }

    /// Takes no more messages, and tells the server so with what is written next.
    func close() {
        takeHandle().map { natsSubscription_Destroy($0) }
    }

    /// The handle, which the caller has to destroy; nil when it was closed already.
    func takeHandle() -> OpaquePointer? {
        receive = nil
        return handle.take()
    }
}

/// Called on the library's delivery thread; the message is ours.
private func messageCame(
    _: OpaquePointer?,
    _: OpaquePointer?,
    _ message: OpaquePointer?,
    _ context: UnsafeMutableRawPointer?
) {
    guard let message, let context else { return }
    let subscription = Unmanaged<NATSSubscription>.fromOpaque(context)
    subscription._withUnsafeGuaranteedRef { $0.inbox.add(message, of: subscription, in: $0.lane) }
}

/// Called on the library's delivery thread after the last message.
private func completed(_ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    let subscription = Unmanaged<NATSSubscription>.fromOpaque(context)
    // The loop may release it before this returns, so the inbox is held.
    let (inbox, lane) = subscription._withUnsafeGuaranteedRef { ($0.inbox, $0.lane) }
    inbox.complete(subscription, in: lane)
}
