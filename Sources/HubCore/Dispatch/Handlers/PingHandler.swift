// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// Answers `ping` with a `pong` that carries the same data.
struct PingHandler: MessageHandler {
    func handle(_ message: Message) throws(MessageError) {
        message.reply { timestamp, bytes in
            HubMessage.pong(data: message.data, messageID: message.messageID, timestamp: timestamp, to: &bytes)
        }
    }
}
