// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubWire
import Synchronization

/// What a hub's loops ask of its bus: publications after their local delivery, messages for clients elsewhere, interest in topics.
///
/// Each shard has a mailbox of its own, so that loops meet only the bus loop there; one more is for other threads. A node without
/// a bus has no outbox. Called from any thread; nothing here blocks.
package final class Outbox: Sendable {
    /// One thing that is asked of the bus.
    package enum Command: Sendable {
        /// Send a publication to the other nodes; the answer is completed when the bus has answered.
        case publish(Publication, PendingAnswer?)
        /// Have the node of a client push a frame to it, and tell what became of it.
        case forward(Frame, ClientID, @Sendable (HubError?) -> Void)
        /// A topic has its first subscriber, or none any more: ``Hub/wants(_:)`` tells which.
        case interest(TopicName)
    }

    private let mailboxes: [Mailbox<Command>]
    private let available = Atomic(false)
    /// Whether publications are handed on also while other nodes cannot be reached, to wait for them.
    private let waits: Bool

    /// Makes one for so many shards.
    ///
    /// - Parameter waits: Whether the bus loop keeps publications while other nodes cannot be reached.
    /// - Parameter wakeup: Wakes the bus loop.
    package init(shards: Int, waits: Bool = false, _ wakeup: Wakeup) {
        self.waits = waits
        mailboxes = (0...max(1, shards)).map { _ in Mailbox(.outbox, wakeup) }
    }

    /// Whether other nodes can be reached now, as far as is known; the bus loop says it.
    package var isAvailable: Bool {
        get { available.load(ordering: .relaxed) }
        set { available.store(newValue, ordering: .relaxed) }
    }

    // MARK: The hub's side

    /// Hands a publication on.
    ///
    /// - Parameter shard: Whose publication it is; those of one shard keep their order. Nil from no loop.
    func publish(_ publication: Publication, from shard: Int?, _ answer: PendingAnswer? = nil) -> Outcome {
        if isAvailable { return append(.publish(publication, answer), from: shard) }
        if waits, case .full = append(.publish(publication, nil), from: shard) { return .full }
        return .unavailable
    }

    /// Hands on a frame for a client that is not on this node.
    func forward(
        _ frame: Frame,
        to id: ClientID,
        from shard: Int?,
        _ answer: @escaping @Sendable (HubError?) -> Void
    ) -> Outcome {
        guard isAvailable else { return .unavailable }
        return append(.forward(frame, id, answer), from: shard)
    }

    /// Tells that a topic has its first subscriber, or none any more.
    func interestChanged(_ topic: TopicName, from shard: Int) -> Outcome { append(.interest(topic), from: shard) }

    private func append(_ command: Command, from shard: Int?) -> Outcome {
        mailbox(of: shard).append(command) ? .accepted : .full
    }

    private func mailbox(of shard: Int?) -> Mailbox<Command> {
        guard let shard, shard < mailboxes.count - 1 else { return mailboxes[mailboxes.count - 1] }
        return mailboxes[shard]
    }

    /// Whether there is no room for more of a shard; who asks is woken then once there is.
    func isFull(for shard: Int, waking wakeup: Wakeup) -> Bool { mailbox(of: shard).isFull(waking: wakeup) }

    /// What the outbox did with what it was given.
    enum Outcome {
        /// It is on its way.
        case accepted
        /// It is on its way, and there is no room for more: whoever publishes has to wait.
        case full
        /// Other nodes cannot be reached.
        case unavailable
    }

    // MARK: The bus loop's side

    /// How many mailboxes there are.
    package var mailboxCount: Int { mailboxes.count }

    /// Exchanges a mailbox's commands for an empty array whose memory is used again.
    package func take(_ mailbox: Int, _ spare: inout [Command]) { mailboxes[mailbox].swap(&spare) }

    /// Says that commands are done, and whether others that were taken are not; wakes those who wait once there is room.
    package func finish(_ mailbox: Int, _ done: ArraySlice<Command>, isBehind: Bool) {
        let bytes = done.reduce(0) { $0 + $1.byteCount }
        mailboxes[mailbox].finish(done.count, bytes: bytes, isBehind: isBehind)
    }

    /// Bytes that wait for the bus loop.
    package var byteCount: Int { mailboxes.reduce(0) { $0 + $1.byteCount } }
}

extension Outbox.Command: MailboxCommand {
    var byteCount: Int {
        switch self {
        case .publish(let publication, _): publication.payload.count + Self.overhead
        case .forward(let frame, _, _): frame.payload.count + Self.overhead
        case .interest: Self.overhead
        }
    }
}

extension MailboxLimits {
    /// An outbox: each command is one message to the bus, or one subscription.
    static let outbox = MailboxLimits(bytes: 4 << 20, commands: 4096)
}
