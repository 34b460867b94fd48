// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubWire
import Synchronization

/// The answer to a client's request that is given later: once, from any thread, safe when the client has gone.
///
/// Made by ``Message/answerLater()``. One that nobody completes is answered by `internal` after ten seconds.
package final class PendingAnswer: Sendable {
    /// What a client is answered.
    package enum Content: Sendable {
        /// `published`, for the topic, `broadcast`, or `unicast/` and an id.
        case published(String)
        /// `subscribed`; whether other nodes' messages arrive, as far as is known.
        case subscribed(TopicName, isReachable: Bool)
        case error(MessageError)
        /// What the function appends, given the request's `message_id` and the wall clock in milliseconds.
        case message(@Sendable (_ messageID: Int64, _ timestamp: Int64, _ bytes: inout [UInt8]) -> Void)
    }

    let client: ClientHandle
    let messageID: Int64
    let messageType: String?
    let kind: CommandKind
    let ingress: UInt64
    /// Its place in its shard's table.
    let slot: Int
    /// When it is answered in any case, monotonic nanoseconds.
    let expires: UInt64
    private let inbox: Inbox
    private let isComplete = Atomic(false)

    init(_ message: borrowing Message, slot: Int, expires: UInt64, inbox: Inbox) {
        client = message.client.handle
        messageID = message.messageID
        messageType = message.typeName
        kind = message.kind
        ingress = message.ingress
        self.slot = slot
        self.expires = expires
        self.inbox = inbox
    }

    /// Answers the request; later calls do nothing.
    package func complete(_ content: Content) {
        guard take() else { return }
        inbox.append(.answer(self, content))
    }

    /// Takes the right to answer; false when somebody has it.
    func take() -> Bool { !isComplete.exchange(true, ordering: .relaxed) }
}
