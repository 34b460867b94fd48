// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubWire

/// One message of a client while it is handled: what it says, who sent it, and how to answer.
///
/// Lives no longer than the handler's call; its bytes are the socket's.
package struct Message {
    /// Who sent it.
    package let client: Client
    /// The shard on whose loop this runs.
    package let shard: Shard
    /// The sender's number; an answer carries it too.
    package let messageID: Int64
    /// The message's `data`, byte for byte; nil when it has none.
    package let data: UnsafeRawBufferPointer?
    /// When it was read from the socket, monotonic nanoseconds.
    package let ingress: UInt64
    /// What it counts as.
    let kind: CommandKind
    private let envelope: ClientMessage

    init(
        _ envelope: ClientMessage,
        data: UnsafeRawBufferPointer?,
        kind: CommandKind,
        client: Client,
        shard: Shard,
        ingress: UInt64
    ) {
        self.client = client
        self.shard = shard
        self.envelope = envelope
        messageID = envelope.messageID
        self.data = data
        self.ingress = ingress
        self.kind = kind
    }

    /// Its `message_type` as text, if it is short enough to be repeated in an answer.
    var typeName: String? { envelope.typeName }

    /// The message's `data`.
    ///
    /// - Throws: ``MessageError`` `.badMessage` when it has none.
    package func requiredData() throws(MessageError) -> UnsafeRawBufferPointer {
        guard let data else { throw MessageError(.badMessage, "\"data\" is missing") }
        return data
    }

    /// Takes the right to answer later, from any thread; the handler must not answer otherwise then.
    ///
    /// - Complexity: Two allocations. At most 256 of a client are open: then its socket is not read.
    package func answerLater() -> PendingAnswer { shard.answerLater(self) }

    /// Answers with a message that `encode` appends, given the wall clock in milliseconds.
    package func reply(_ encode: (_ timestamp: Int64, _ bytes: inout [UInt8]) -> Void) {
        let timestamp = shard.environment.unixMilliseconds()
        shard.reply(to: client, ingress: ingress) { encode(timestamp, &$0) }
    }
}

/// What handles the messages of one type; its calls come from all loops.
package protocol MessageHandler: Sendable {
    /// Acts on a message and answers it.
    ///
    /// - Throws: ``MessageError``, which the client gets as an `error` message.
    func handle(_ message: Message) throws(MessageError)
}

extension MessageError {
    /// The hub's refusal in the words of the client protocol.
    init(_ error: HubError) {
        switch error.code {
        case .clientNotFound: self.init(.clientNotFound, error.message)
        case .sendBufferFull: self.init(.sendBufferFull, error.message)
        case .badTopic: self.init(.badTopic, error.message)
        case .tooManySubscriptions: self.init(.tooMany, error.message)
        case .tooManyTopics: self.init(.nodeFull, error.message)
        case .busUnavailable: self.init(.busUnavailable, error.message)
        case .connectionClosed: self.init(.internal, error.message)
        }
    }
}
