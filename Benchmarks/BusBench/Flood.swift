// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLog
import HubLoop

/// A client that publishes as fast as it is read, or may, and asks for the bus's answer to its last message.
final class Flood: MemoryTransport {
    /// How many messages are read in one go, as from one read of a socket.
    private static let messagesAtOnce = 64

    private let message: [UInt8]
    private let loop: EventLoop
    private let done: TimedSemaphore
    private var isPaused = false
    /// How many messages a second at the most.
    private let rate: Int
    private var start = MonotonicTime(nanoseconds: 0)
    private var end: MonotonicTime?
    private let pause = LoopTimer {}
    private var hasEnded = false
    private var client: Client?
    private(set) var sent = 0

    /// - Parameter done: Signalled when the bus has answered to all.
    init(bytes: Int, rate: Int, on loop: EventLoop, done: TimedSemaphore) {
        self.rate = rate
        self.loop = loop
        message = binaryPublish(Array(repeating: UInt8(ascii: "x"), count: bytes))
        self.done = done
    }

    /// Publishes until then.
    func begin(_ tenant: Node.Tenant, until end: MonotonicTime) {
        client = tenant.connect(self)
        start = loop.now
        self.end = end
    }

    /// Publishes some, in each tick.
    func publish(_ tenant: Node.Tenant) {
        guard let end, let client, !hasEnded else { return }
        let now = loop.now
        if now >= end {
            hasEnded = true
            let last =
                #"{"message_id":1,"message_type":"publish","data":{"topic":"bench","payload":1,"confirm":true},"ts":1}"#
            tenant.received(Array(last.utf8), isText: true, from: client, at: now.nanoseconds)
            return
        }
        let due = Int(Double((now - start) / .nanoseconds(1)) * Double(rate) / 1e9)
        for _ in 0..<min(Self.messagesAtOnce, max(0, due - sent)) where !isPaused {
            tenant.received(message, from: client, at: now.nanoseconds)
            sent += 1
        }
        if sent >= due { loop.schedule(pause, after: .milliseconds(1)) } else if !isPaused { loop.wake() }
    }

    func write(_ vectors: UnsafeBufferPointer<OutboundVector>) -> WriteOutcome {
        if hasEnded { done.signal() }
        return .wrote(vectors.reduce(0) { $0 + $1.count })
    }

    func pauseReading() { isPaused = true }

    func resumeReading() {
        isPaused = false
        loop.wake()
    }
}

/// A binary frame of a client that publishes to the topic of the measurement.
func binaryPublish(_ payload: [UInt8]) -> [UInt8] {
    let topic = Array("bench".utf8)
    return [UInt8(topic.count)] + topic + payload
}
