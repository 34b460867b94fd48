// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubWire
import Synchronization

/// What a hub's loops ask of its bus: publications after their local delivery, messages for clients elsewhere, interest in topics.
///
/// Each shard has a mailbox of its own, so that loops meet only the bus loop there; one more is for other threads. A node without
/// a bus has no outbox. Called from any thread; nothing here blocks. What a shard asks wakes the bus loop once a tick, see ``wake(from:)``.
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
    private let keeping = Atomic(false)
    private let refused = Atomic<UInt64>(0)

    /// Makes one for so many shards.
    ///
    /// - Parameter wakeup: Wakes the bus loop.
    package init(shards: Int, _ wakeup: Wakeup) {
        mailboxes = (0...max(1, shards)).map { _ in Mailbox(.outbox, wakeup) }
    }

    /// Whether other nodes can be reached now, as far as is known; the bus loop says it.
    package var isAvailable: Bool {
        get { available.load(ordering: .relaxed) }
        set { available.store(newValue, ordering: .relaxed) }
    }

    /// Whether publications are wanted also while other nodes cannot be reached, to be sent later; the bus loop says it.
    package var keepsPublications: Bool {
        get { keeping.load(ordering: .relaxed) }
        set { keeping.store(newValue, ordering: .relaxed) }
    }

    // MARK: The hub's side

    /// Hands a publication on.
    ///
    /// - Parameter shard: Whose publication it is; those of one shard keep their order. Nil from no loop.
    /// - Parameter answer: Left to the caller when other nodes cannot be reached.
    func publish(_ publication: Publication, from shard: Int?, _ answer: PendingAnswer? = nil) -> Outcome {
        var outcome = Outcome.unavailable
        if isAvailable {
            outcome = append(.publish(publication, answer), from: shard)
        } else if keepsPublications {
            outcome = append(.publish(publication, nil), from: shard)
            if outcome.isReachable {
                outcome.isReachable = false
                return outcome
            }
        }
        if !outcome.isReachable { refused.add(1, ordering: .relaxed) }
        return outcome
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

    /// Whether there is no room for what comes from no loop.
    var isFull: Bool { mailbox(of: nil).isFull }

    /// Tells that a topic has its first subscriber, or none any more; also while other nodes cannot be reached.
    func interestChanged(_ topic: TopicName, from shard: Int) -> Outcome { append(.interest(topic), from: shard) }

    private func append(_ command: Command, from shard: Int?) -> Outcome {
        switch mailbox(of: shard).append(command, wakesLater: shard != nil) {
        case .accepted: .accepted
        case .full: Outcome(isReachable: true, isFull: true)
        case .closed: .unavailable
        }
    }

    /// Makes the bus loop look at what a shard has added since it last called this.
    func wake(from shard: Int) { mailbox(of: shard).wakeIfOwed() }

    private func mailbox(of shard: Int?) -> Mailbox<Command> {
        guard let shard, shard < mailboxes.count - 1 else { return mailboxes[mailboxes.count - 1] }
        return mailboxes[shard]
    }

    /// Whether there is no room for more of a shard; who asks is woken then once there is.
    func isFull(for shard: Int, waking wakeup: Wakeup) -> Bool { mailbox(of: shard).isFull(waking: wakeup) }

    /// What the outbox did with what it was given.
    struct Outcome {
        /// It is on its way; if not, other nodes cannot be reached.
        var isReachable: Bool
        /// There is no room for more: whoever publishes has to wait.
        var isFull: Bool

        static let accepted = Outcome(isReachable: true, isFull: false)
        static let unavailable = Outcome(isReachable: false, isFull: false)
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

    /// How many publications were refused since this was last asked, as other nodes could not be reached.
    package func takeRefused() -> UInt64 { refused.exchange(0, ordering: .relaxed) }

    /// Takes nothing any more: what comes from now on is told at once that other nodes cannot be reached.
    ///
    /// - Returns: What nobody has taken, of all mailboxes.
    package func close() -> [Command] {
        isAvailable = false
        keepsPublications = false
        return mailboxes.flatMap { $0.close() }
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
