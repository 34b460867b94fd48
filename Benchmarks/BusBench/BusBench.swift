// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLog
import HubLoop

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Measures what a message between nodes costs, from the hub through the bridge to the bus and back, without sockets of clients.
///
/// `BusBench publish|receive|drain|latency BUS://HOST:PORT BYTES SECONDS [RATE]` prints one line of JSON; the rate is for `publish`.
@main
struct BusBench {
    private static let usage = "usage: BusBench publish|receive|drain|latency BUS://HOST:PORT BYTES SECONDS [RATE]"
    /// How many messages are published each second where latencies are measured.
    private static let rate = 1000
    /// As many as there is time for.
    private static let unlimited = 1_000_000_000

    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        do {
            guard arguments.count == 4 || arguments.count == 5, let mode = arguments.first,
                let bytes = Int(arguments[3]), bytes >= 8, let seconds = Int(arguments[4]), seconds > 0,
                let rate = arguments.count == 5 ? Int(arguments[5]) : unlimited, rate > 0
            else { throw BenchFailure(Self.usage) }
            let bus = try BusAddress(arguments[2])
            switch mode {
            case "publish": try publish(bus, bytes, .seconds(seconds), rate)
            case "receive": try receive(bus, bytes, .seconds(seconds))
            case "drain": try receive(bus, bytes, .seconds(seconds), fromFirstToLast: true)
            case "latency": try latency(bus, bytes, seconds)
            default: throw BenchFailure("there is no mode \(mode)")
            }
        } catch {
            print("bench: \(error)")
            exit(1)
        }
    }

    /// As many publications as the bus takes, or so many a second.
    private static func publish(_ bus: BusAddress, _ bytes: Int, _ duration: Duration, _ rate: Int) throws {
        let done = TimedSemaphore()
        let node = try Node(name: "publisher", bus: bus)
        let flood = Flood(bytes: bytes, rate: rate, on: node.loop, done: done)
        let bound = LoopBound(flood, on: node.loop)
        node.tenant.value.eachTick = flood.publish
        try node.start()
        let (start, used) = (ContinuousClock.now, processorSeconds())
        node.loop.post { [tenant = node.tenant, loop = node.loop] in
            bound.value.begin(tenant.value, until: loop.now + duration)
        }
        guard done.wait(within: duration + .seconds(10)) else { throw BenchFailure("the bus did not answer") }
        report(since: start, used, node.ask { _ in [UInt64(bound.value.sent)] })
        node.stop()
    }

    /// Whatever comes; says when it is ready, and reports when its input ends.
    ///
    /// - Parameter fromFirstToLast: Whether the time counts from the first message to the last.
    private static func receive(
        _ bus: BusAddress,
        _ bytes: Int,
        _ duration: Duration,
        fromFirstToLast: Bool = false
    ) throws {
        let node = try Node(name: "receiver", bus: bus)
        let sink = try subscribe(on: node, bytes, readsTimes: false)
        let (start, used) = (ContinuousClock.now, processorSeconds())
        print("ready")
        fflush(nil)
        while getchar() != EOF {}
        let found = node.ask { _ in [UInt64(sink.value.received), sink.value.last &- sink.value.first] }
        report(since: start, used, found, lasting: fromFirstToLast ? .nanoseconds(found[1]) : nil)
        node.stop()
    }

    /// A thousand publications a second from one node to another.
    private static func latency(_ bus: BusAddress, _ bytes: Int, _ seconds: Int) throws {
        let (publisher, receiver) = (
            try Node(name: "publisher", bus: bus), try Node(name: "receiver", bus: bus)
        )
        let sink = try subscribe(on: receiver, bytes, readsTimes: true)
        let source = LoopBound(Source(bytes: bytes), on: publisher.loop)
        try publisher.start()
        for _ in 0..<seconds * rate {
            usleep(UInt32(1_000_000 / rate))
            publisher.loop.post { [tenant = publisher.tenant] in source.value.publish(tenant.value) }
        }
        publisher.stop()
        let deadline = ContinuousClock.now + .seconds(5)
        var latencies: [UInt64] = []
        while latencies.count < seconds * rate, ContinuousClock.now < deadline {
            latencies = receiver.ask { _ in sink.value.latencies }
        }
        latencies.sort()
        guard latencies.count == seconds * rate else { throw BenchFailure("\(latencies.count) messages came") }
        let microseconds = { (share: Double) in Double(latencies[Int(Double(latencies.count - 1) * share)]) / 1000 }
        print(#"{"p50_microseconds":\#(microseconds(0.5)),"p99_microseconds":\#(microseconds(0.99))}"#)
        receiver.stop()
    }

    /// Starts a node with one subscriber.
    private static func subscribe(on node: Node, _ bytes: Int, readsTimes: Bool) throws -> LoopBound<Sink> {
        let subscribed = TimedSemaphore()
        let sink = LoopBound(Sink(bytes: bytes, readsTimes: readsTimes, subscribed: subscribed), on: node.loop)
        try node.start()
        node.loop.post { [tenant = node.tenant] in sink.value.begin(tenant.value) }
        guard subscribed.wait(within: .seconds(5)) else { throw BenchFailure("the subscription was not confirmed") }
        return sink
    }

    private static func report(
        since start: ContinuousClock.Instant,
        _ used: Double,
        _ messages: [UInt64],
        lasting duration: Duration? = nil
    ) {
        let (seconds, processor) = ((duration ?? ContinuousClock.now - start) / .seconds(1), processorSeconds() - used)
        let messages = messages.first ?? 0
        print(#"{"seconds":\#(seconds),"processor_seconds":\#(processor),"messages":\#(messages)}"#)
    }

    /// What the process has used of the processors.
    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// Why there is nothing to report.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// A client that publishes what it is told to, with the time.
private final class Source: MemoryTransport {
    private var message: [UInt8]
    private let bytes: Int
    private var client: Client?

    init(bytes: Int) {
        self.bytes = bytes
        message = binaryPublish(Array(repeating: 0, count: bytes))
    }

    func publish(_ tenant: Node.Tenant) {
        let client = self.client ?? tenant.connect(self)
        self.client = client
        let now = SystemClock().now().nanoseconds
        message.withUnsafeMutableBytes { $0.storeBytes(of: now, toByteOffset: $0.count - bytes, as: UInt64.self) }
        tenant.received(message, from: client, at: now)
    }

    func write(_ vectors: UnsafeBufferPointer<OutboundVector>) -> WriteOutcome {
        .wrote(vectors.reduce(0) { $0 + $1.count })
    }
}
