// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics

extension Shard {
    /// How many deliveries may be pending before publishers wait, which bounds how long one round of queueing takes.
    static let deliveriesAtOnce = 100_000

    /// Stops reading a client that publishes faster than its messages can be taken on.
    func pause(_ client: Client, _ reason: PauseReason) {
        guard !client.isPaused, client.closeReason == nil else { return }
        client.isPaused = true
        counts.pointee.pauses[Int(reason.rawValue)] &+= 1
        pausedClients.append(client)
        client.transport.pauseReading()
    }

    /// Reads the paused clients again, all of them, once nothing is left to write and the other shards have room.
    ///
    /// A shard whose inbox is full wakes this one when it has room.
    func resumePaused() {
        guard !pausedClients.isEmpty, !isBehind, dirtyTopics.isEmpty else { return }
        for (index, other) in hub.inboxes.enumerated() where index != self.index {
            if other.isFull(waking: inbox.wakeup) { return }
        }
        if let outbox = hub.outbox, outbox.isFull(for: index, waking: inbox.wakeup) { return }
        for client in pausedClients {
            client.isPaused = false
            resumeReading(client)
        }
        pausedClients.removeAll(keepingCapacity: pausedClients.count <= 1024)
    }
}

extension Shard {
    /// Reads a client again that nothing holds back any more.
    func resumeReading(_ client: Client) {
        // A client that is detached has no transport any more.
        guard !client.isPaused, !client.awaitsAnswers, self.client(for: client.handle) != nil else { return }
        client.transport.resumeReading()
    }
}

/// Why a client that publishes is not read for a while.
package enum PauseReason: UInt8, MetricLabel {
    /// Another loop has not taken in what was published before.
    case inbox
    /// This loop has not written what was published before.
    case writing
    /// The bus has not taken what was published before.
    case bus
    /// Too many of its requests wait for their answers.
    case answers

    package static let labelName = "reason"
    package var labelValue: String {
        switch self {
        case .inbox: "inbox"
        case .writing: "writing"
        case .bus: "bus"
        case .answers: "answers"
        }
    }
}
