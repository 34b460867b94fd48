// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubWire

/// Publishes bursts and waits until every subscriber has got all of each.
final class FanOutBench: Bench, LoopTimerTarget {
    private enum Phase { case opening, subscribing, warming, measuring }

    private var phase = Phase.opening
    private var publisher: LoadConnection { connections[connections.count - 1] }
    private var subscriberCount: Int { options.clients + options.stalled }
    /// Frames of the set-up that have come: welcomes and confirmations.
    private var settled = 0
    private var expectedSetUp = 0
    private var bursts: [[UInt8]] = []
    private var nextBurst = 0
    private var missing = 0
    private var sentAt: UInt64 = 0
    private var latency = LatencyHistogram()
    private var deliveries: UInt64 = 0
    private var began: UInt64 = 0
    private var ownBefore: UInt64 = 0
    private var before: ProcessUsage?
    private lazy var timer = LoopTimer(self)
    private var isRaw: Bool { options.dialect == .raw }

    init(_ runner: ClientRunner, _ options: BenchOptions, address: SocketAddress) {
        super.init(
            runner,
            options,
            address: address,
            count: options.clients + options.stalled + (options.dialect == .raw ? 0 : 1)
        )
    }

    // MARK: Setting up

    override func allOpened() {
        makeBursts()
        guard !isRaw else { return warmUp() }
        phase = .subscribing
        // A welcome for each connection, a confirmation for each subscription.
        expectedSetUp += connections.count
        for topic in 0..<options.topics {
            for index in 0..<options.subscribersPerTopic {
                subscribe(connections[(topic * options.subscribersPerTopic + index) % options.clients], topic)
            }
        }
        for index in 0..<options.stalled { subscribe(connections[options.clients + index], 0) }
        checkSetUp()
    }

    private func subscribe(_ connection: LoadConnection, _ topic: Int) {
        var text: [UInt8] = []
        ClientRequest.subscribe(topic: Self.name(topic), messageID: 1, timestamp: 0, to: &text)
        connection.send(Self.frame(.text, text))
        expectedSetUp += 1
    }

    private func checkSetUp() {
        guard phase == .subscribing, settled == expectedSetUp else { return }
        for index in 0..<options.stalled { connections[options.clients + index].stall(true) }
        warmUp()
    }

    private static func name(_ topic: Int) -> String { "bench/\(topic)" }

    /// The frames of each burst, made once: a burst goes to as many topics as it has messages.
    private func makeBursts() {
        let payload = [UInt8](repeating: UInt8(ascii: "x"), count: options.size)
        let count = max(1, options.topics / options.inFlight)
        bursts = (0..<count).map { burst in
            (0..<options.inFlight).flatMap { message in
                publication(payload, topic: (burst * options.inFlight + message) % options.topics)
            }
        }
    }

    private func publication(_ payload: [UInt8], topic: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        switch options.dialect {
        case .raw: return Self.frame(.binary, payload)
        case .binary:
            guard let name = try? TopicName(Self.name(topic)) else { return [] }
            payload.withUnsafeBytes { BinaryPublish.append(topic: name, payload: $0, to: &bytes) }
            return Self.frame(.binary, bytes)
        case .json:
            let text = [UInt8(ascii: "\"")] + payload + [UInt8(ascii: "\"")]
            text.withUnsafeBytes {
                ClientRequest.publish(topic: Self.name(topic), payload: $0, messageID: 1, timestamp: 0, to: &bytes)
            }
            return Self.frame(.text, bytes)
        }
    }

    private static func frame(_ opcode: WebSocketOpcode, _ payload: [UInt8]) -> [UInt8] {
        var frame: [UInt8] = []
        payload.withUnsafeBytes { WebSocketFrame.append(opcode, $0, mask: 0x5A5A_5A5A, to: &frame) }
        return frame
    }

    // MARK: Measuring

    private func warmUp() {
        phase = .warming
        load.loop.schedule(timer, after: .milliseconds(500))
        publish()
    }

    func timerFired(_ timer: LoopTimer) {
        switch phase {
        case .warming:
            phase = .measuring
            latency = LatencyHistogram()
            deliveries = 0
            before = usage()
            ownBefore = ownProcessorTime()
            began = load.time
            load.loop.schedule(timer, after: .seconds(options.seconds))
        case .measuring: report()
        case .opening, .subscribing: break
        }
    }

    private func publish() {
        missing = options.inFlight * (isRaw ? connections.count : options.subscribersPerTopic)
        sentAt = load.time
        publisher.send(bursts[nextBurst])
        nextBurst = (nextBurst + 1) % bursts.count
    }

    override func received(_ frames: Int, by connection: LoadConnection) {
        if phase == .opening || phase == .subscribing {
            settled += frames
            return checkSetUp()
        }
        // The publisher gets confirmations, the stalled ones nothing until they end.
        guard isRaw || connection.number < options.clients else { return }
        missing -= frames
        deliveries += UInt64(frames)
        latency.observe(load.time - sentAt, count: UInt64(frames))
        if missing == 0 { publish() }
        if missing < 0 { end(because: "more messages came than were sent") }
    }

    override func failed(_ connection: LoadConnection, _ reason: String) {
        // The hub may close a subscriber that never reads.
        if connection.isStalled { return }
        super.failed(connection, reason)
    }

    private func report() {
        let wall = load.time - began
        let own = ownProcessorTime() - ownBefore
        let after = usage()
        var report = BenchReport()
        report.add("clients", Double(options.clients))
        report.add("messages_in_flight", Double(options.inFlight))
        report.add("payload_bytes", Double(options.size))
        report.add("deliveries", Double(deliveries))
        report.add("deliveries_per_second", Double(deliveries) / Double(wall) * 1e9, "1/s")
        report.add(server: before, after, per: "delivery", count: deliveries)
        report.add(latency)
        report.add("generator_cpu_share", Double(own) / Double(wall))
        finish(report)
    }
}
