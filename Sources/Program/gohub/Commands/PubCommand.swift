// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension Command {
    /// Publishes to a topic.
    static let pub = Command(
        name: "pub",
        synopsis: "TOPIC [PAYLOAD|-]",
        summary: "Publishes a payload to a topic; with - or none, each line of standard input.",
        flags: [HubURL.flag],
        notes: """
            A payload that is JSON is sent as it is, anything else as a JSON string. Put -- before one that begins with -.
            Each line is confirmed before the next is sent; the first that fails is the last one read.
            exit codes: 0 the hub, and the bus between its nodes, took every message; 1 one was refused, was not confirmed
            within 70 s, or may not have reached other nodes, or the hub ended the connection; 69 the hub cannot be reached,
            or does not let the client in.
            """,
        run: { arguments throws(Arguments.Fault) in
            guard (1...2).contains(arguments.rest.count) else {
                throw Arguments.Fault(message: "pub needs a topic and at most one payload")
            }
            let url = try HubURL(arguments.values["url"] ?? HubURL.default)
            let topic = arguments.rest[0]
            let payload = arguments.rest.count == 2 && arguments.rest[1] != "-" ? arguments.rest[1] : nil
            return ClientRunner.run { runner in
                let input: any PayloadSource = payload.map { OnePayload($0) } ?? StandardInput(runner.loop)
                return Publisher(runner, url: url, topic: topic, input: input)
            }
        }
    )
}

/// Where the payloads to publish come from.
private protocol PayloadSource: AnyObject {
    /// Asks for the next; nil is the end. The answer comes on the loop.
    func next(_ done: @escaping ([UInt8]?) -> Void)
}

/// The payload of the command line.
private final class OnePayload: PayloadSource {
    private var payload: [UInt8]?

    init(_ payload: String) { self.payload = Array(payload.utf8) }

    func next(_ done: @escaping ([UInt8]?) -> Void) {
        let next = payload
        payload = nil
        done(next)
    }
}

/// The lines of standard input, read on a thread of its own as reading blocks.
private final class StandardInput: PayloadSource {
    private let loop: EventLoop
    private let stream = fdopen(STDIN_FILENO, "r")

    init(_ loop: EventLoop) { self.loop = loop }

    func next(_ done: @escaping ([UInt8]?) -> Void) {
        guard let stream else { return done(nil) }
        let answer = LoopBound(done, on: loop)
        let loop = loop
        nonisolated(unsafe) let input = stream
        BlockingWork.run {
            let line = Self.line(of: input)
            loop.post { answer.value(line) }
        }
    }

    /// The next line as it is, without its end; `readLine` would repair what is no UTF-8.
    private static func line(of stream: UnsafeMutablePointer<FILE>) -> [UInt8]? {
        var start: UnsafeMutablePointer<CChar>?
        var capacity = 0
        let count = getline(&start, &capacity, stream)
        defer { free(start) }
        guard count >= 0 else { return nil }
        let line = UnsafeRawBufferPointer(start: start, count: count)
        return Array(line.last == UInt8(ascii: "\n") ? line.dropLast() : line[...])
    }
}

/// The client behind `gohub pub`: one message at a time, each confirmed.
private final class Publisher: WebSocketClientDelegate {
    private let runner: ClientRunner
    private let topic: String
    private let input: any PayloadSource
    private var client: WebSocketClient?
    /// What the command ends with once the connection has ended; nil while it goes on.
    private var outcome: ExitCode?
    private var messageID: Int64 = 0
    /// Longer than the hub waits for the bus, which is up to a minute (`bus.publish_timeout`).
    private static let confirmationTimeout: Duration = .seconds(70)
    private lazy var patience = LoopTimer { [weak self] in
        let seconds = Self.confirmationTimeout.components.seconds
        Output.complain("the hub did not confirm within \(seconds) s, and may have published it all the same")
        self?.finish(.failure)
    }

    init(_ runner: ClientRunner, url: HubURL, topic: String, input: any PayloadSource) {
        self.runner = runner
        self.topic = topic
        self.input = input
        client = WebSocketClient(loop: runner.loop, url: url, delegate: self)
    }

    func opened(_ client: WebSocketClient) {
        publishNext()
    }

    private func publishNext() {
        input.next { [weak self] payload in
            guard let self, let client, outcome == nil else { return }
            guard let payload else { return finish(.success) }
            guard let json = Self.json(payload) else {
                Output.complain("payload \(messageID + 1) is not UTF-8")
                return finish(.failure)
            }
            messageID += 1
            var bytes: [UInt8] = []
            json.withUnsafeBytes {
                ClientRequest.publish(
                    topic: topic,
                    payload: $0,
                    confirm: true,
                    messageID: messageID,
                    timestamp: 0,
                    to: &bytes
                )
            }
            client.send(text: bytes)
            runner.loop.schedule(patience, after: Self.confirmationTimeout)
        }
    }

    /// The payload itself if it is JSON, otherwise as a JSON string; nil when it is not UTF-8.
    private static func json(_ payload: [UInt8]) -> [UInt8]? {
        let isJSON = payload.withUnsafeBytes { (try? JSONReader.validate($0)) != nil }
        if isJSON { return payload }
        guard let text = String(validating: payload, as: UTF8.self) else { return nil }
        if text.hasPrefix("{") || text.hasPrefix("[") {
            Output.complain("note: \(text.prefix(40)) looks like JSON but is none, and is published as a string")
        }
        var writer = JSONWriter()
        writer.string(text)
        return writer.bytes
    }

    func received(_ bytes: UnsafeRawBufferPointer, isText: Bool, by client: WebSocketClient) {
        guard isText, let message = try? ClientMessage.parse(bytes) else { return }
        switch message.knownType {
        case .published where message.messageID == messageID:
            runner.loop.cancel(patience)
            publishNext()
        case .error:
            let error = (try? message.requiredData(in: bytes)).flatMap { try? ErrorData.parse($0) }
            if let error, error.knownCode == .busUnavailable {
                Output.complain("published on one node, and other nodes may not get it: \(error.reason)")
            } else {
                Output.complain("the hub refused: \(error?.text ?? "an error")")
            }
            finish(.failure)
        default: break
        }
    }

    /// Closes in order, and ends the command when that is done.
    private func finish(_ code: ExitCode) {
        guard outcome == nil else { return }
        outcome = code
        runner.loop.cancel(patience)
        client?.close()
    }

    func closed(_ client: WebSocketClient, _ end: WebSocketClient.End) {
        if let outcome { return runner.end(outcome) }
        runner.loop.cancel(patience)
        Output.complain(end.text)
        runner.end(client.hasOpened ? .failure : .unavailable)
    }
}
