// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Carries messages between nodes: a topic's message reaches every node that subscribed to it.
///
/// A bus is called from any thread, also from event loops, and runs connections on a thread or loop of its own. It reconnects by
/// itself for ever, so a subscription ends only by ``unsubscribe(_:from:)`` or ``close()``. Its own publications come back to
/// it where it is subscribed to their topic.
///
/// Publishing answers by a ``PublishCompletion`` and not by `async`: loops publish, a message each, and a loop can neither
/// await nor pay for a task; the completion is a value, so that a publication allocates nothing on its way to the adapter.
/// Subscribing and closing happen at the start and the end, where tasks are at home, so they are `async`.
///
/// The contract that every bus keeps is spelt out, check by check, in `BusContract` of HubTesting.
package protocol MessageBus: AnyObject, Sendable {
    /// Which bus it is, for logs and metrics.
    var kind: BusKind { get }

    /// Whether it is connected as far as it knows; false after ``close()``.
    var isUp: Bool { get }

    /// Sends bytes to all nodes that subscribed to the topic.
    ///
    /// Returns at once. Order is kept for publications of one thread to one topic.
    ///
    /// - Parameter bytes: What receivers get, byte for byte; may be empty.
    /// - Parameter limit: How long the answer may take. The answer is ``BusError`` `.timeout` then.
    /// - Parameter completion: Called exactly once, on any thread and possibly before this returns: without an error when
    ///   the bus's own guarantee is reached; otherwise with ``BusError`` `.topicEmpty`, `.closed`, `.timeout` or `.failed`.
    func publish(_ bytes: [UInt8], to topic: String, within limit: Duration, _ completion: PublishCompletion)

    /// Lets a receiver have the messages of a topic, and returns when the server has confirmed it.
    ///
    /// Receivers of one topic share one subscription at the server. A receiver that has the topic already still has it once.
    /// The bus holds the receiver until it unsubscribes or the bus closes.
    ///
    /// - Throws: ``BusError`` `.topicEmpty`, `.closed`, `.timeout` or `.failed`; the receiver does not have the topic then.
    func subscribe(_ receiver: any BusReceiver, to topic: String, within limit: Duration) async throws(BusError)

    /// Ends what ``subscribe(_:to:within:)`` began; when this returns the receiver gets no more messages of the topic.
    ///
    /// Does nothing for a receiver that does not have the topic.
    ///
    /// - Throws: ``BusError`` `.topicEmpty` or `.closed`.
    func unsubscribe(_ receiver: any BusReceiver, from topic: String) async throws(BusError)

    /// Ends all subscriptions and connections; publications that are under way are answered before it returns.
    ///
    /// May be called again. All other calls are answered with ``BusError`` `.closed` from now on.
    func close() async
}

/// Gets the messages of the topics that it subscribed to.
package protocol BusReceiver: AnyObject, Sendable {
    /// Takes one message, on the bus's thread; must not block, nor call the bus's ``MessageBus/close()``.
    func receive(_ bytes: [UInt8], on topic: String)
}

/// Learns what became of publications.
package protocol PublishObserver: AnyObject, Sendable {
    /// Takes the answer to the publication with this token, on any thread; must not block.
    ///
    /// - Parameter error: Why it failed; nil when it was published.
    func published(_ token: UInt64, _ error: BusError?)
}

extension MessageBus {
    /// Sends bytes to all nodes that subscribed to the topic, and returns when the bus has answered.
    ///
    /// - Throws: ``BusError`` as the form with a completion; `.failed` when the task is cancelled first, though the message may
    ///   still arrive.
    package func publish(_ bytes: [UInt8], to topic: String, within limit: Duration) async throws(BusError) {
        let answer = AwaitedAnswer()
        let error = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                answer.wait(continuation)
                publish(bytes, to: topic, within: limit, PublishCompletion(answer))
            }
        } onCancel: {
            answer.published(0, BusError(.failed, "cancelled before the message bus answered"))
        }
        if let error { throw error }
    }
}
