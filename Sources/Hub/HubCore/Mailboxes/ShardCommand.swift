// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// What other threads ask of a shard.
typealias Inbox = Mailbox<ShardCommand>

extension MailboxLimits {
    /// An inbox: each command may be a delivery to every client of the shard.
    static let inbox = MailboxLimits(bytes: 4 << 20, commands: 256)
}

/// One thing that another thread asks of a shard.
enum ShardCommand: MailboxCommand {
    case publish(Publication)
    case push(ClientHandle, Frame, ingress: UInt64, completion: (@Sendable (HubError?) -> Void)?)
    case disconnect(ClientHandle, CloseReason)
    /// What answers a request that was not answered at once.
    case answer(PendingAnswer, PendingAnswer.Content)
    /// Whether other nodes' messages to a topic arrive.
    case reach(TopicName, isConfirmed: Bool)
    /// Tells the canary when all that was asked before it is done.
    case canary(Canary)
    /// Runs the first of what the shard has to do behind the commands before.
    case mark

    var byteCount: Int {
        switch self {
        case .publish(let publication): publication.payload.count + Self.overhead
        case .push(_, let frame, _, _): frame.payload.count + Self.overhead
        case .disconnect, .answer, .reach, .canary, .mark: Self.overhead
        }
    }
}
