// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubWire

extension Command {
    /// Prints what is published to topics.
    static let sub = Command(
        name: "sub",
        synopsis: "TOPIC...",
        summary: "Subscribes to topics and prints what is published, a line a message: topic, space, payload.",
        flags: [
            HubURL.flag,
            Arguments.Flag(name: "count", value: "N", purpose: "end after N messages"),
            Arguments.Flag(name: "payload-only", value: nil, purpose: "print the payloads alone"),
        ],
        notes: """
            Prints "subscribed" lines to standard error once the hub has confirmed, so that scripts can wait for them.
            exit codes: 0 N messages came, 1 the hub refused or ended the connection, 69 it cannot be reached.
            """,
        run: { arguments throws(Arguments.Fault) in
            guard !arguments.rest.isEmpty else { throw Arguments.Fault(message: "sub needs a topic") }
            let url = try HubURL(arguments.values["url"] ?? HubURL.default)
            let count = try arguments.integer("count", in: 1...Int.max)
            let payloadOnly = arguments.switches.contains("payload-only")
            let topics = arguments.rest
            return ClientRunner.run { runner in
                Subscriber(runner, url: url, topics: topics, count: count, payloadOnly: payloadOnly)
            }
        }
    )
}

/// The client behind `gohub sub`.
private final class Subscriber: WebSocketClientDelegate {
    private let runner: ClientRunner
    private let topics: [String]
    private let payloadOnly: Bool
    private var left: Int?
    private var hasOpened = false
    private var isDone = false
    private var client: WebSocketClient?

    init(_ runner: ClientRunner, url: HubURL, topics: [String], count: Int?, payloadOnly: Bool) {
        self.runner = runner
        self.topics = topics
        self.payloadOnly = payloadOnly
        left = count
        client = WebSocketClient(loop: runner.loop, url: url, delegate: self)
    }

    func opened(_ client: WebSocketClient) {
        hasOpened = true
        for (index, topic) in topics.enumerated() {
            var bytes: [UInt8] = []
            ClientRequest.subscribe(topic: topic, messageID: Int64(index + 1), timestamp: 0, to: &bytes)
            client.send(text: bytes)
        }
    }

    func received(_ bytes: UnsafeRawBufferPointer, isText: Bool, by client: WebSocketClient) {
        if isText { receivedText(bytes, client) } else { receivedBinary(bytes, client) }
    }

    private func receivedText(_ bytes: UnsafeRawBufferPointer, _ client: WebSocketClient) {
        do throws(MessageError) {
            let message = try ClientMessage.parse(bytes)
            switch message.knownType {
            case .message:
                let data = try message.requiredData(in: bytes)
                let delivery = try DeliveryData.parse(data)
                print(try delivery.topicText(), Array(data[delivery.payload]), client)
            case .subscribed:
                Output.complain("subscribed to \(try TopicData.parse(message.requiredData(in: bytes)).topic)")
            case .error:
                Output.complain("the hub refused: \(try ErrorData.parse(message.requiredData(in: bytes)).text)")
                finish(client, .failure)
            case .draining: Output.complain("the hub is draining")
            default: break
            }
        } catch {
            Output.complain("the hub sent what is no message: \(error.reason)")
        }
    }

    private func receivedBinary(_ bytes: UnsafeRawBufferPointer, _ client: WebSocketClient) {
        guard let message = try? BinaryPublish.parse(bytes) else { return }
        print(message.topic, Array(bytes[message.payload]), client)
    }

    private func print(_ topic: String, _ payload: [UInt8], _ client: WebSocketClient) {
        guard left != 0 else { return }
        Output.write((payloadOnly ? [] : Array("\(topic) ".utf8)) + payload + [UInt8(ascii: "\n")])
        guard let left else { return }
        self.left = left - 1
        if left == 1 { finish(client, .success) }
    }

    private func finish(_ client: WebSocketClient, _ code: ExitCode) {
        isDone = true
        client.close()
        runner.end(code)
    }

    func closed(_ client: WebSocketClient, _ end: WebSocketClient.End) {
        guard !isDone else { return }
        Output.complain(end.text)
        runner.end(hasOpened ? .failure : .unavailable)
    }
}

extension WebSocketClient.End {
    /// How it ended, for a person.
    var text: String {
        switch self {
        case .closed(let code, let reason): "the hub closed with \(code)\(reason.isEmpty ? "" : ": \(reason)")"
        case .failed(let reason): reason
        }
    }
}

extension ErrorData {
    /// The refusal, for a person.
    var text: String { "\(code): \(reason)" }
}

extension DeliveryData {
    /// The topic as text.
    func topicText() throws(MessageError) -> String {
        do throws(JSONError) {
            return try topic.decoded()
        } catch {
            throw MessageError(.badMessage, error.description)
        }
    }
}
