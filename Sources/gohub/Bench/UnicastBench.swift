// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubWire

/// Sends messages from one client to single others and waits for each burst to arrive.
final class UnicastBench: Bench, WebSocketClientDelegate, LoopTimerTarget {
    private var sender: WebSocketClient?
    private var identifiers: [String] = []
    private var listeners: [WebSocketClient] = []
    private var next = 0
    private var missing = 0
    private var sentAt: UInt64 = 0
    private var latency = LatencyHistogram()
    private var deliveries: UInt64 = 0
    private var began: UInt64 = 0
    private var ownBefore: UInt64 = 0
    private var before: ProcessUsage?
    private var isMeasuring = false
    private lazy var timer = LoopTimer(self)

    init(_ runner: ClientRunner, _ options: BenchOptions, address: SocketAddress) {
        super.init(runner, options, address: address, count: 0)
    }

    override func start() {
        for _ in 0..<options.clients {
            listeners.append(WebSocketClient(loop: load.loop, url: options.url, delegate: self))
        }
        sender = WebSocketClient(loop: load.loop, url: options.url, delegate: self)
    }

    func opened(_ client: WebSocketClient) {}

    func received(_ bytes: UnsafeRawBufferPointer, isText: Bool, by client: WebSocketClient) {
        guard let message = try? ClientMessage.parse(bytes) else { return }
        switch message.knownType {
        case .welcome:
            guard let data = try? message.requiredData(in: bytes), let welcome = try? WelcomeData.parse(data) else {
                return
            }
            identifiers.append(client === sender ? "" : welcome.clientID)
            if identifiers.count == options.clients + 1 { begin() }
        case .message: delivered()
        case .error: end(because: "the hub refused: \(String(decoding: bytes, as: UTF8.self))")
        default: break
        }
    }

    private func begin() {
        identifiers.removeAll(where: \.isEmpty)
        load.loop.schedule(timer, after: .milliseconds(500))
        send()
    }

    private func send() {
        missing = options.inFlight
        sentAt = load.time
        let payload =
            [UInt8(ascii: "\"")] + [UInt8](repeating: UInt8(ascii: "x"), count: options.size) + [UInt8(ascii: "\"")]
        for _ in 0..<options.inFlight {
            var bytes: [UInt8] = []
            payload.withUnsafeBytes {
                ClientRequest.unicast(clientID: identifiers[next], payload: $0, messageID: 1, timestamp: 0, to: &bytes)
            }
            next = (next + 1) % identifiers.count
            sender?.send(text: bytes)
        }
    }

    private func delivered() {
        missing -= 1
        deliveries += 1
        latency.observe(load.time - sentAt, count: 1)
        if missing == 0 { send() }
    }

    func timerFired(_ timer: LoopTimer) {
        if isMeasuring { return report() }
        isMeasuring = true
        latency = LatencyHistogram()
        deliveries = 0
        before = usage()
        ownBefore = ownProcessorTime()
        began = load.time
        load.loop.schedule(timer, after: .seconds(options.seconds))
    }

    private func report() {
        let wall = load.time - began
        let after = usage()
        var report = BenchReport()
        report.add("clients", Double(options.clients))
        report.add("messages_in_flight", Double(options.inFlight))
        report.add("payload_bytes", Double(options.size))
        report.add("deliveries", Double(deliveries))
        report.add("deliveries_per_second", Double(deliveries) / Double(wall) * 1e9, "1/s")
        report.add(server: before, after, per: "delivery", count: deliveries)
        report.add(latency)
        report.add("generator_cpu_share", Double(ownProcessorTime() - ownBefore) / Double(wall))
        finish(report)
    }

    func closed(_ client: WebSocketClient, _ end: WebSocketClient.End) { self.end(because: end.text) }
}
