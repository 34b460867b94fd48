// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@testable import HubBus

@Suite("Message buses")
struct MessageBusTests {
    @Test("codes and errors are named as metrics and logs want them")
    func errors() {
        #expect(BusError.topicEmpty.description == "topic_empty: topic cannot be empty")
        #expect(BusError.closed.description == "closed: message bus is closed")
        #expect(BusError.timeout.description == "timeout: no answer from the message bus in time")
        #expect(BusError(.failed, "x").code.description == "failed")
        #expect(BusError.Code.closed != .timeout)
    }

    @Test("an awaited publication that is cancelled ends, whatever the bus does later")
    func cancelled() async {
        let bus = MemoryBus()
        bus.hold()
        let task = Task { () -> BusError.Code? in
            do throws(BusError) {
                try await bus.publish([1], to: "news", within: .seconds(60))
                return nil
            } catch {
                return error.code
            }
        }
        task.cancel()
        #expect(await task.value == .failed)
        bus.release(nil)
    }

    @Test("an awaited publication takes the first answer, given before it waits or while it waits")
    func firstAnswer() async {
        let early = AwaitedAnswer()
        early.published(0, .timeout)
        early.published(0, nil)
        #expect(await withCheckedContinuation { early.wait($0) }?.code == .timeout)
        let late = AwaitedAnswer()
        let answer = await withCheckedContinuation { continuation in
            late.wait(continuation)
            late.published(0, nil)
            late.published(0, .timeout)
        }
        #expect(answer == nil)
    }

    @Test("two nodes on one exchange get each other's messages until one closes")
    func exchange() async throws {
        let exchange = MemoryExchange()
        let (one, two) = (MemoryBus(exchange), MemoryBus(exchange))
        let receiver = RecordingReceiver()
        try await two.subscribe(receiver, to: "broadcast", within: .seconds(1))
        try await one.publish([1], to: "broadcast", within: .seconds(1))
        #expect(receiver.messages == [RecordingReceiver.Message("broadcast", [1])])
        #expect(exchange.receiverCount(of: "broadcast") == 1)
        await two.close()
        try await one.publish([2], to: "broadcast", within: .seconds(1))
        #expect(receiver.messages.count == 1)
        #expect(exchange.receiverCount(of: "broadcast") == 0)
    }
}
