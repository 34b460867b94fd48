// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// Answers `ping` with a `pong` that carries the same data.
struct PingHandler: MessageHandler {
    /// The most bytes that an answer has.
    let limit: Int

    func handle(_ message: Message) throws(MessageError) {
        let timestamp = message.shard.environment.unixMilliseconds()
        let size = HubMessage.pongByteCount(dataByteCount: message.data?.count, message.messageID, timestamp)
        guard size <= limit else { throw .tooLarge(delivered: size, limit: limit) }
        message.reply { timestamp, bytes in
            HubMessage.pong(data: message.data, messageID: message.messageID, timestamp: timestamp, to: &bytes)
        }
    }
}
