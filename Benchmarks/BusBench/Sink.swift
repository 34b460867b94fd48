// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLog
import HubLoop

/// A client that subscribes to the topic of the measurement and takes whatever it gets.
final class Sink: MemoryTransport {
    private let payloadBytes: Int
    private let frameBytes: Int
    private let readsTimes: Bool
    private let subscribed: TimedSemaphore
    private var isSubscribed = false
    /// How many messages came.
    private(set) var received = 0
    /// When the first and the last ones came, nanoseconds.
    private(set) var (first, last): (UInt64, UInt64) = (0, 0)
    /// How long each took, nanoseconds.
    private(set) var latencies: [UInt64] = []

    /// Makes one that waits for messages of one length.
    ///
    /// - Parameter readsTimes: Whether payloads begin with the time at which they were published.
    init(bytes: Int, readsTimes: Bool, subscribed: TimedSemaphore) {
        self.subscribed = subscribed
        payloadBytes = bytes
        let count = binaryPublish(Array(repeating: 0, count: bytes)).count
        frameBytes = count + (count < 126 ? 2 : count < 65_536 ? 4 : 10)
        self.readsTimes = readsTimes
    }

    /// Subscribes; the semaphore is signalled when the bus has confirmed it.
    func begin(_ tenant: Node.Tenant) {
        let request = #"{"message_id":1,"message_type":"subscribe","data":{"topic":"bench"},"ts":1}"#
        tenant.received(Array(request.utf8), isText: true, from: tenant.connect(self), at: 0)
    }

    func write(_ vectors: UnsafeBufferPointer<OutboundVector>) -> WriteOutcome {
        let count = vectors.reduce(0) { $0 + $1.count }
        guard isSubscribed else {
            isSubscribed = true
            subscribed.signal()
            return .wrote(count)
        }
        last = SystemClock().now().nanoseconds
        if received == 0 { first = last }
        received += count / frameBytes
        if readsTimes { for vector in vectors { note(vector) } }
        return .wrote(count)
    }

    private func note(_ vector: OutboundVector) {
        let now = SystemClock().now().nanoseconds
        for end in stride(from: frameBytes, through: vector.count, by: frameBytes) {
            latencies.append(now &- vector.start.loadUnaligned(fromByteOffset: end - payloadBytes, as: UInt64.self))
        }
    }
}
