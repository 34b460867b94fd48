// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubWire
import Synchronization

/// A connection to a NATS server for tests and fixtures, which shares nothing with the program's own; closed when nobody
/// holds it.
///
/// It speaks no TLS. One call at a time. Each blocks a thread of its own, not a task. While nobody calls, nothing is read:
/// such a client is a slow one.
package final class NATSTestClient: Sendable {
    /// How somebody logs in.
    package enum Login: Sendable {
        case none
        case user(String, password: String)
        case token(String)
        case key(NATSKey)
        case credentials(NATSOperator.Credentials)
    }

    private struct State {
        /// What came and belongs to later events.
        var input: [UInt8] = []
        /// Messages that came while something else was waited for.
        var messages: [NATSTestMessage] = []
        var info = JSONTree.null
        var subscriptions = 0
    }

    private let socket: LoopbackSocket
    private let state = Mutex(State())

    private init(_ socket: LoopbackSocket) { self.socket = socket }

    /// What the server said of itself last.
    package var info: JSONTree { state.withLock(\.info) }

    /// Connects to a port of 127.0.0.1 and logs in.
    ///
    /// - Throws: ``ProcessFault`` `.badReply` with the words of the server, such as `Authorization Violation`.
    package static func connect(
        port: Int,
        _ login: Login = .none,
        named name: String = "gohub-fixture",
        within limit: Duration = .seconds(10)
    ) async throws -> NATSTestClient {
        let client = try await opened(port: port, within: limit)
        try await client.flush(after: "CONNECT \(try client.hello(login, named: name))\r\n", within: limit)
        return client
    }

    /// What a server says to whoever connects, before TLS and before anybody has logged in.
    package static func greeting(on port: Int, within limit: Duration = .seconds(10)) async throws -> JSONTree {
        try await opened(port: port, within: limit).info
    }

    private static func opened(port: Int, within limit: Duration) async throws -> NATSTestClient {
        try await Blocking.run {
            let client = NATSTestClient(try LoopbackSocket.connect(port: port))
            guard case .info = try client.read(until: .now + limit) else {
                throw ProcessFault(.badReply, "NATS did not begin with INFO")
            }
            return client
        }
    }

    private func hello(_ login: Login, named name: String) throws -> String {
        let proof = try fields(of: login)
        var writer = JSONWriter()
        writer.object { writer in
            for (key, value) in [("verbose", false), ("pedantic", false), ("headers", true), ("no_responders", true)] {
                writer.key(key)
                writer.boolean(value)
            }
            writer.key("protocol")
            // The server tells those who say 1 when it is about to end.
            writer.integer(1)
            for (key, value) in [("name", name), ("lang", "swift"), ("version", "1")] + proof {
                writer.key(key)
                writer.string(value)
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func fields(of login: Login) throws -> [(String, String)] {
        let nonce = info["nonce"]?.string ?? ""
        return switch login {
        case .none: []
        case .user(let name, let password): [("user", name), ("pass", password)]
        case .token(let token): [("auth_token", token)]
        case .key(let key):
            [("nkey", key.publicKey), ("sig", NATSKey.base64(try key.signature(of: nonce.utf8)))]
        case .credentials(let credentials):
            [("jwt", credentials.token), ("sig", NATSKey.base64(try credentials.key.signature(of: nonce.utf8)))]
        }
    }

    // MARK: Sending

    /// Publishes a message; ``flush(within:)`` says whether the server took it.
    package func publish(
        _ subject: String,
        _ payload: some Collection<UInt8>,
        reply: String? = nil,
        headers: [(name: String, value: String)] = []
    ) async throws {
        let words = reply.map { "\(subject) \($0)" } ?? subject
        if headers.isEmpty {
            return try await send("PUB \(words) \(payload.count)\r\n", payload)
        }
        let head = "NATS/1.0\r\n\(headers.map { "\($0.name): \($0.value)\r\n" }.joined())\r\n"
        let counts = "\(head.utf8.count) \(head.utf8.count + payload.count)"
        try await send("HPUB \(words) \(counts)\r\n\(head)", payload)
    }

    /// Publishes a text.
    package func publish(_ subject: String, _ text: String) async throws {
        try await publish(subject, Array(text.utf8))
    }

    /// Subscribes, and waits until the server has done so.
    ///
    /// - Parameter queue: The name of a group of which one member gets each message.
    /// - Returns: The number that messages of this subscription bear.
    /// - Throws: ``ProcessFault`` `.badReply` with the words of the server when that is not permitted.
    @discardableResult
    package func subscribe(_ subject: String, queue: String? = nil) async throws -> Int {
        let number = state.withLock { state in
            state.subscriptions += 1
            return state.subscriptions
        }
        try await flush(after: "SUB \(subject) \(queue.map { "\($0) " } ?? "")\(number)\r\n")
        return number
    }

    /// Ends a subscription, and waits until the server has done so.
    package func unsubscribe(_ number: Int) async throws {
        try await flush(after: "UNSUB \(number)\r\n")
    }

    /// Publishes a message and waits for the answer, which has the status `503` when nobody has subscribed.
    package func request(
        _ subject: String,
        _ payload: some Collection<UInt8> = [],
        headers: [(name: String, value: String)] = [],
        within limit: Duration = .seconds(10)
    ) async throws -> NATSTestMessage {
        let inbox = "_INBOX.fixture.\(UInt64.random(in: 1 ... .max))"
        let number = try await subscribe(inbox)
        try await publish(subject, payload, reply: inbox, headers: headers)
        let answer = try await receive(within: limit) { $0.subscription == number }
        try await unsubscribe(number)
        return answer
    }

    /// Asks JetStream's interface.
    ///
    /// - Parameter subject: What comes after `$JS.API.`, such as `STREAM.INFO.rooms`.
    /// - Parameter body: JSON.
    /// - Throws: ``ProcessFault`` `.badReply` with the words of the server for an error.
    @discardableResult
    package func jetStream(
        _ subject: String,
        _ body: String = "",
        within limit: Duration = .seconds(10)
    ) async throws -> JSONTree {
        let answer = try await request("$JS.API.\(subject)", Array(body.utf8), within: limit)
        if let status = answer.status { throw ProcessFault(.badReply, "\(subject): status \(status)") }
        let tree = try JSONTree(parsing: answer.payload)
        if let error = tree["error"] {
            throw ProcessFault(.badReply, "\(subject): \(error["description"]?.string ?? answer.text)")
        }
        return tree
    }

    // MARK: Receiving

    /// Waits until the server has done all that it was sent.
    ///
    /// - Throws: ``ProcessFault`` `.badReply` with the words of the server for an error, `.ended` when it has closed the
    ///   connection; ``FileFault`` when that broke or time is up.
    package func flush(within limit: Duration = .seconds(10)) async throws {
        try await flush(after: "", within: limit)
    }

    private func flush(after line: String, within limit: Duration = .seconds(10)) async throws {
        // Where the server has closed already, what it said before is still to be read.
        try? await send("\(line)PING\r\n")
        try await Blocking.run { [self] in
            let deadline = ContinuousClock.now + limit
            var fault: (any Error)?
            do {
                while true {
                    switch try read(until: deadline) {
                    case .pong: if let fault { throw fault } else { return }
                    case .error(let words): fault = fault ?? ProcessFault(.badReply, words)
                    case .message(let message): state.withLock { $0.messages.append(message) }
                    case .info, .ping: break
                    }
                }
            } catch {
                // What the server said explains more than the end that follows.
                throw fault ?? error
            }
        }
    }

    /// Waits for the next message of any subscription.
    ///
    /// - Throws: As ``flush(within:)`` does.
    package func next(within limit: Duration = .seconds(10)) async throws -> NATSTestMessage {
        try await receive(within: limit) { _ in true }
    }

    /// Waits until the server has said of itself what is wanted, such as that it is about to end.
    @discardableResult
    package func waitForInfo(
        within limit: Duration = .seconds(10),
        _ isWanted: @escaping @Sendable (JSONTree) -> Bool
    ) async throws -> JSONTree {
        try await Blocking.run { [self] in
            let deadline = ContinuousClock.now + limit
            while !isWanted(info) { try readOn(until: deadline) }
            return info
        }
    }

    private func receive(
        within limit: Duration,
        _ isWanted: @escaping @Sendable (NATSTestMessage) -> Bool
    ) async throws -> NATSTestMessage {
        try await Blocking.run { [self] in
            let deadline = ContinuousClock.now + limit
            while true {
                let message = state.withLock { state in
                    state.messages.firstIndex(where: isWanted).map { state.messages.remove(at: $0) }
                }
                if let message { return message }
                try readOn(until: deadline)
            }
        }
    }

    /// Reads one event and keeps it.
    private func readOn(until deadline: ContinuousClock.Instant) throws {
        switch try read(until: deadline) {
        case .message(let message): state.withLock { $0.messages.append(message) }
        case .error(let words): throw ProcessFault(.badReply, words)
        case .info, .ping, .pong: break
        }
    }

    private func read(until deadline: ContinuousClock.Instant) throws -> NATSTestEvent {
        while true {
            let event = try state.withLock { state throws(ProcessFault) in try NATSTestEvent.take(from: &state.input) }
            switch event {
            case .info(let info)?: state.withLock { $0.info = info }
            case .ping?: try socket.write(Array("PONG\r\n".utf8), until: deadline)
            default: break
            }
            if let event { return event }
            let more = try socket.read(until: deadline) { !$0.isEmpty }
            guard !more.isEmpty else { throw ProcessFault(.ended, "NATS has closed the connection") }
            state.withLock { $0.input += more }
        }
    }

    private func send(_ line: String, _ payload: (some Collection<UInt8>)? = [UInt8]?.none) async throws {
        var bytes = Array(line.utf8)
        if let payload { bytes += Array(payload) + Array("\r\n".utf8) }
        try await Blocking.run { [bytes, socket] in
            try socket.write(bytes, until: .now + .seconds(10))
        }
    }
}
