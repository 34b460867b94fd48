// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// Sends messages from one client to single others and waits for each burst to arrive.
final class UnicastBench: WebSocketClientDelegate, BenchConnections {
    private let run: BenchRun
    private let meter: DeliveryMeter
    private var sender: WebSocketClient?
    private var receivers: [WebSocketClient] = []
    private var identifiers: [String] = []
    private var welcomes = 0
    private var next = 0
    private var missing = 0
    /// How many clients have not ended.
    private var left = 0
    private var isOver = false

    init(_ run: BenchRun) {
        self.run = run
        meter = DeliveryMeter(run)
    }

    func start() {
        receivers = (0..<run.options.clients).map(makeClient)
        sender = makeClient(run.options.clients)
        left = run.options.clients + 1
        run.connections = self
    }

    private func makeClient(_ number: Int) -> WebSocketClient {
        let load = run.load
        return WebSocketClient(
            loop: load.loop,
            url: load.url,
            at: load.address,
            from: load.source(of: number),
            delegate: self
        )
    }

    func opened(_ client: WebSocketClient) {}

    func received(_ bytes: UnsafeRawBufferPointer, isText: Bool, by client: WebSocketClient) {
        guard let message = try? ClientMessage.parse(bytes) else { return }
        switch message.knownType {
        case .welcome:
            guard let data = try? message.requiredData(in: bytes), let welcome = try? WelcomeData.parse(data) else {
                return run.end(because: "the hub's welcome cannot be read")
            }
            run.heard(message, in: bytes)
            welcomed(client, welcome.clientID)
        case .message:
            missing -= 1
            meter.received(1)
            if missing == 0 { send() }
        default: run.heard(message, in: bytes)
        }
    }

    private func welcomed(_ client: WebSocketClient, _ identifier: String) {
        welcomes += 1
        if client !== sender { identifiers.append(identifier) }
        guard welcomes == run.options.clients + 1 else { return }
        meter.start()
        send()
    }

    private func send() {
        missing = run.options.inFlight
        meter.sending()
        let text = [UInt8](repeating: UInt8(ascii: "x"), count: run.options.size)
        let payload = [UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")]
        for _ in 0..<run.options.inFlight {
            var bytes: [UInt8] = []
            payload.withUnsafeBytes {
                ClientRequest.unicast(clientID: identifiers[next], payload: $0, messageID: 1, timestamp: 0, to: &bytes)
            }
            next = (next + 1) % identifiers.count
            sender?.send(text: bytes)
        }
    }

    func closeAll() {
        isOver = true
        sender?.close()
        for receiver in receivers { receiver.close() }
        if left == 0 { run.allClosed() }
    }

    func closed(_ client: WebSocketClient, _ end: WebSocketClient.End) {
        left -= 1
        if isOver {
            if left == 0 { run.allClosed() }
            return
        }
        run.end(because: end.text, client.hasOpened ? .failure : .unavailable)
    }
}
