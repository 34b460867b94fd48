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
            Arguments.Flag(name: "raw", value: nil, purpose: "print bytes as they came, control characters included"),
        ],
        notes: """
            A message is one line: JSON without its line breaks and tabs, other bytes as text. Control characters are
            escaped, so that what others publish cannot steer a terminal; --raw prints what came.
            Prints "subscribed" lines to standard error once the hub has confirmed, so that scripts can wait for them.
            exit codes: 0 N messages came or the reader left, 1 the hub refused or ended the connection, or nothing can be
            written, 69 the hub cannot be reached, or does not let the client in.
            """,
        run: { arguments throws(Arguments.Fault) in
            guard !arguments.rest.isEmpty else { throw Arguments.Fault(message: "sub needs a topic") }
            let url = try HubURL(arguments.values["url"] ?? HubURL.default)
            let count = try arguments.integer("count", in: 1...Int.max)
            let format = MessageLine(
                payloadOnly: arguments.switches.contains("payload-only"),
                isRaw: arguments.switches.contains("raw")
            )
            let topics = arguments.rest
            return ClientRunner.run { runner in
                Subscriber(runner, url: url, topics: topics, count: count, format: format)
            }
        }
    )
}

/// The client behind `gohub sub`.
private final class Subscriber: WebSocketClientDelegate {
    private let runner: ClientRunner
    private let topics: [String]
    private let format: MessageLine
    private var left: Int?
    /// What the command ends with once the connection has ended; nil while it goes on.
    private var outcome: ExitCode?
    private var client: WebSocketClient?

    init(_ runner: ClientRunner, url: HubURL, topics: [String], count: Int?, format: MessageLine) {
        self.runner = runner
        self.topics = topics
        self.format = format
        left = count
        client = WebSocketClient(loop: runner.loop, url: url, delegate: self)
        endWithReader()
    }

    /// Ends when the reader of standard output has left, also while there is nothing to print.
    private func endWithReader() {
        let loop = runner.loop
        let leave = LoopBound({ [weak self] in self?.finish(.success) }, on: loop)
        BlockingWork.run {
            if Output.waitForReaderToLeave() { loop.post { leave.value() } }
        }
    }

    func opened(_ client: WebSocketClient) {
        for (index, topic) in topics.enumerated() {
            var bytes: [UInt8] = []
            ClientRequest.subscribe(topic: topic, messageID: Int64(index + 1), timestamp: 0, to: &bytes)
            client.send(text: bytes)
        }
    }

    func received(_ bytes: UnsafeRawBufferPointer, isText: Bool, by client: WebSocketClient) {
        guard outcome == nil else { return }
        if isText { receivedText(bytes) } else { receivedBinary(bytes) }
    }

    private func receivedText(_ bytes: UnsafeRawBufferPointer) {
        do throws(MessageError) {
            let message = try ClientMessage.parse(bytes)
            switch message.knownType {
            case .message:
                let data = try message.requiredData(in: bytes)
                let delivery = try DeliveryData.parse(data)
                let payload = UnsafeRawBufferPointer(rebasing: data[delivery.payload])
                print(format.bytes(topic: try delivery.topicText(), json: payload))
            case .subscribed:
                let subscribed = try TopicData.parse(message.requiredData(in: bytes))
                let limit = subscribed.isReachable ? "" : ", but messages of other nodes may not arrive yet"
                Output.complain("subscribed to \(subscribed.topic)\(limit)")
            case .error:
                Output.complain("the hub refused: \(try ErrorData.parse(message.requiredData(in: bytes)).text)")
                finish(.failure)
            case .draining: Output.complain("the hub is draining")
            default: break
            }
        } catch {
            Output.complain("the hub sent what is no message: \(error.reason)")
        }
    }

    private func receivedBinary(_ bytes: UnsafeRawBufferPointer) {
        guard let message = try? BinaryPublish.parse(bytes) else { return }
        print(format.bytes(topic: message.topic, binary: UnsafeRawBufferPointer(rebasing: bytes[message.payload])))
    }

    private func print(_ line: [UInt8]) {
        if let code = Output.write(line) { return finish(code) }
        guard let left else { return }
        self.left = left - 1
        if left == 1 { finish(.success) }
    }

    /// Closes in order, and ends the command when that is done.
    private func finish(_ code: ExitCode) {
        guard outcome == nil else { return }
        outcome = code
        client?.close()
    }

    func closed(_ client: WebSocketClient, _ end: WebSocketClient.End) {
        if let outcome { return runner.end(outcome) }
        Output.complain(end.text)
        runner.end(client.hasOpened ? .failure : .unavailable)
    }
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
