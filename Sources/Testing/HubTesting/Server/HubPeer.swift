// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubWire
import Synchronization

/// A test's client of a hub: a WebSocket that was welcomed and speaks client protocol v1.
package final class HubPeer: Sendable {
    package let socket: WebSocketPeer
    /// The id that the hub gave the client.
    package let id: String
    package let welcome: HubText
    private let counter = Atomic<Int>(0)

    /// Waits for the hub's welcome.
    package init(_ socket: WebSocketPeer) async throws(PeerFault) {
        self.socket = socket
        let first = try await socket.next()
        guard case .text(let text) = first, let welcome = HubText(text), welcome.type == "welcome",
            let id = welcome.data["client_id"]?.string
        else { throw PeerFault(.badBytes, "no welcome but \(first)") }
        self.welcome = welcome
        self.id = id
    }

    // MARK: Asking

    /// Sends a message and returns its number.
    @discardableResult
    package func send(_ type: String, _ data: String) -> Int {
        let number = counter.add(1, ordering: .relaxed).newValue
        socket.send(#"{"message_id":\#(number),"message_type":"\#(type)","data":\#(data),"ts":0}"#)
        return number
    }

    /// Sends a message and waits for what answers it; throws away what comes before.
    @discardableResult
    package func ask(_ type: String, _ data: String) async throws(PeerFault) -> HubText {
        let number = send(type, data)
        return try await next { $0.id == number && $0.type != "message" ? $0 : nil }
    }

    /// Subscribes to a topic and waits for the confirmation.
    package func subscribe(_ topic: String) async throws(PeerFault) {
        let answer = try await ask("subscribe", #"{"topic":"\#(topic)"}"#)
        guard answer.type == "subscribed" else { throw PeerFault(.badBytes, "not subscribed but \(answer)") }
    }

    /// Publishes without waiting for the confirmation.
    ///
    /// - Parameter payload: JSON.
    package func publish(_ payload: String, to topic: String) {
        send("publish", #"{"topic":"\#(topic)","payload":\#(payload)}"#)
    }

    /// Sends a binary frame that publishes bytes.
    package func publish(_ payload: [UInt8], to topic: String) {
        socket.send(.binary, [UInt8(clamping: topic.utf8.count)] + topic.utf8 + payload)
    }

    // MARK: Receiving

    /// Waits for a message of the hub that is looked for; throws away those before it, and all control frames.
    package func next<Answer>(
        within limit: Duration = .seconds(60),
        where match: (HubText) -> Answer?
    ) async throws(PeerFault) -> Answer {
        try await socket.next(within: limit) { frame in
            guard case .text(let text) = frame, let message = HubText(text) else { return nil }
            return match(message)
        }
    }

    /// Waits for the next publication and gives its payload.
    package func payload(within limit: Duration = .seconds(60)) async throws(PeerFault) -> JSONTree {
        try await next(within: limit) { $0.type == "message" ? $0.data["payload"] : nil }
    }
}

/// A message of the hub, taken apart.
package struct HubText: Sendable, Equatable, CustomStringConvertible {
    package let id: Int
    package let type: String
    package let data: JSONTree
    /// As it came.
    package let description: String

    /// Reads a message; nil when it is none.
    package init?(_ text: String) {
        guard let message = try? JSONTree(parsing: Array(text.utf8)),
            let id = message["message_id"]?.number, let type = message["message_type"]?.string
        else { return nil }
        self.id = Int(id)
        self.type = type
        data = message["data"] ?? .null
        description = text
    }

    /// The code of an `error`.
    package var errorCode: String? { type == "error" ? data["code"]?.string : nil }
}
