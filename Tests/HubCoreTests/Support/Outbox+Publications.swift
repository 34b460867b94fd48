// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore

extension Outbox {
    /// Takes what waits, as `topic payload`, a list for each mailbox; the last is that of other threads.
    func takePublications() -> [[String]] {
        (0..<mailboxCount).map { mailbox in
            takeCommands(of: mailbox).compactMap { command in
                guard case .publish(let publication, _) = command else { return nil }
                return "\(publication.topic) \(String(decoding: publication.payload, as: UTF8.self))"
            }
        }
    }

    /// Takes what waits in one mailbox, and says that it is done.
    func takeCommands(of mailbox: Int) -> [Command] {
        var commands: [Command] = []
        take(mailbox, &commands)
        finish(mailbox, commands[...], isBehind: false)
        return commands
    }
}
