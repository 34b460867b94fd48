// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// Publishes bursts and waits until every subscriber has got all of each.
final class FanOutBench: LoadPoolDelegate {
    private let run: BenchRun
    private let meter: DeliveryMeter
    private let options: BenchOptions
    private lazy var pool = LoadPool(
        run,
        // A server that broadcasts sends to the publisher too; otherwise the publisher is one more.
        count: options.clients + options.stalled + (options.dialect.hasTopics ? 1 : 0),
        delegate: self
    )
    private var isSettingUp = true
    /// Frames of the set-up that have come, and that will: welcomes and confirmations.
    private var settled = 0
    private var expectedSetUp = 0
    private var bursts: [[UInt8]] = []
    private var nextBurst = 0
    private var missing = 0
    private var isRaw: Bool { options.dialect == .raw }

    init(_ run: BenchRun) {
        self.run = run
        options = run.options
        meter = DeliveryMeter(run)
    }

    func start() {
        if options.dialect == .centrifuge {
            let channels = channelsByClient()
            run.load.greeting = { CentrifugeRequest.connect(channels: channels[$0]) }
        }
        pool.open()
    }

    // MARK: Setting up

    /// The subscribers of a topic, by their numbers.
    private func subscribers(of topic: Int) -> [Int] {
        let first = topic * options.subscribersPerTopic
        let stalled = topic == 0 ? options.stalled : 0
        return (0..<options.subscribersPerTopic).map { (first + $0) % options.clients }
            + (0..<stalled).map { options.clients + $0 }
    }

    private func channelsByClient() -> [[String]] {
        var channels = [[String]](repeating: [], count: options.clients + options.stalled + 1)
        for topic in 0..<options.topics {
            for client in subscribers(of: topic) { channels[client].append(Self.name(topic)) }
        }
        return channels
    }

    func allOpened() {
        makeBursts()
        if isRaw {
            // As a subscription does: a socket that has answered acknowledges later than one that has only read.
            for connection in pool.connections { connection.send(Self.frame(.pong, [])) }
            return begin()
        }
        // A welcome for each connection, a confirmation for each subscription that was not in the greeting.
        expectedSetUp += pool.connections.count
        if options.dialect != .centrifuge {
            for topic in 0..<options.topics {
                for client in subscribers(of: topic) { subscribe(pool.connections[client], topic) }
            }
        }
        checkSetUp()
    }

    private func subscribe(_ connection: LoadConnection, _ topic: Int) {
        var text: [UInt8] = []
        ClientRequest.subscribe(topic: Self.name(topic), messageID: 1, timestamp: 0, to: &text)
        connection.send(Self.frame(.text, text))
        expectedSetUp += 1
    }

    private func checkSetUp() {
        guard settled == expectedSetUp, !bursts.isEmpty else { return }
        for index in 0..<options.stalled { pool.connections[options.clients + index].stall(true) }
        begin()
    }

    private func begin() {
        isSettingUp = false
        meter.start()
        publish()
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
        case .centrifuge: return CentrifugeRequest.publish(payload, channel: Self.name(topic))
        }
    }

    private static func frame(_ opcode: WebSocketOpcode, _ payload: [UInt8]) -> [UInt8] {
        var frame: [UInt8] = []
        payload.withUnsafeBytes { WebSocketFrame.append(opcode, $0, mask: 0x5A5A_5A5A, to: &frame) }
        return frame
    }

    // MARK: Measuring

    private func publish() {
        missing = options.inFlight * (isRaw ? pool.connections.count : options.subscribersPerTopic)
        meter.sending()
        pool.connections[pool.connections.count - 1].send(bursts[nextBurst])
        nextBurst = (nextBurst + 1) % bursts.count
    }

    func received(_ frames: Int, by connection: LoadConnection) {
        guard !isSettingUp else {
            settled += frames
            return checkSetUp()
        }
        // The publisher gets confirmations, the stalled ones nothing until they end.
        guard isRaw || connection.number < options.clients else { return }
        missing -= frames
        meter.received(frames)
        if missing == 0 { publish() }
        if missing < 0 { run.end(because: "more messages came than were sent") }
    }

    /// The hub may close a subscriber that never reads.
    func canSpare(_ connection: LoadConnection) -> Bool { connection.isStalled }
}
