// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// What other threads ask of a shard; taken whole once a tick.
final class Inbox: Sendable {
    private let commands = Mutex<[ShardCommand]>([])
    /// Makes the shard's loop tick soon; called only when the inbox was empty, so one wake-up serves a batch.
    private let wake: @Sendable () -> Void

    init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

    func append(_ command: ShardCommand) {
        let wasEmpty = commands.withLock { waiting in
            waiting.append(command)
            return waiting.count == 1
        }
        if wasEmpty { wake() }
    }

    /// Exchanges the waiting commands for an empty array whose memory is used again.
    func swap(_ spare: inout [ShardCommand]) {
        commands.withLock { waiting in
            let taken = waiting
            waiting = spare
            spare = taken
        }
    }
}

/// One thing that another thread asks of a shard.
enum ShardCommand: Sendable {
    case publish(Publication)
    case push(ClientHandle, Frame, ingress: UInt64, completion: (@Sendable (HubError?) -> Void)?)
    case disconnect(ClientHandle, CloseReason)
}
