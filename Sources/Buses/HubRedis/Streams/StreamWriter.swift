// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus

/// Writes the commands that add to the stream; each is answered by the id of its entry.
struct StreamWriter {
    let key: [UInt8]
    private let maxLength: String

    init(_ settings: RedisSettings) {
        key = settings.streamKey
        maxLength = String(settings.streamMaxLength)
    }

    /// Adds a message for all nodes.
    func message(_ message: Outgoing) -> RedisCommand {
        var command = adding("t")
        command.append(message.topic.name.utf8)
        command.append("p".utf8)
        command.append(message.envelope)
        return command
    }

    /// Adds an entry that readers skip: its id is behind all that the stream has, or ever had, since it began.
    ///
    /// So the end is known without reading an entry, which may be of any size.
    func mark() -> RedisCommand {
        var command = adding("m")
        command.append("".utf8)
        return command
    }

    private func adding(_ firstField: String) -> RedisCommand {
        var command = RedisCommand("XADD")
        command.append(key)
        for word in ["MAXLEN", "~", maxLength, "*", firstField] { command.append(word.utf8) }
        return command
    }
}
