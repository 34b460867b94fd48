// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus

extension BusContract {
    private typealias Message = RecordingReceiver.Message

    func topicsMayBeCalledAnything(_ bus: any MessageBus, _ report: inout Report) async throws(BusError) {
        let topics = ["broadcast", "unicast/0190", "a b", "*", ">", "Grüße/😀", String(repeating: "x", count: 255)]
        for topic in topics {
            let receiver = RecordingReceiver()
            try await bus.subscribe(receiver, to: topic, within: limit)
            try await bus.publish([1], to: topic, within: limit)
            let messages = await receiver.messages(atLeast: delivers ? 1 : 0, within: limit)
            report.expect(messages, delivers ? [Message(topic, [1])] : [], "on \(topic)")
            try await bus.unsubscribe(receiver, from: topic)
        }
    }

    func bytesArriveAsTheyWere(_ bus: any MessageBus, _ report: inout Report) async throws(BusError) {
        let receiver = RecordingReceiver()
        try await bus.subscribe(receiver, to: "news", within: limit)
        let all = (0...255).map { UInt8($0) }
        let payloads = [[], [0], all, Array("\r\n$5\r\n+OK\r\n".utf8), [UInt8](repeating: 0xAB, count: 1 << 20)]
        for payload in payloads { try await bus.publish(payload, to: "news", within: limit) }
        let messages = await receiver.messages(atLeast: delivers ? payloads.count : 0, within: limit)
        report.expect(messages.map(\.bytes.count), delivers ? payloads.map(\.count) : [], "sizes")
        if delivers { report.expect(messages.map(\.bytes) == payloads, true, "the same bytes") }
    }

    func orderIsKept(_ bus: any MessageBus, _ report: inout Report) async throws(BusError) {
        let receiver = RecordingReceiver()
        try await bus.subscribe(receiver, to: "news", within: limit)
        let payloads = (0..<1000).map { [UInt8($0 / 256), UInt8($0 % 256)] }
        for payload in payloads { bus.publish(payload, to: "news", within: limit, .ignored) }
        let messages = await receiver.messages(atLeast: delivers ? payloads.count : 0, within: limit)
        report.expect(messages.map(\.bytes) == (delivers ? payloads : []), true, "the order of publishing")
    }

    func receiversShareATopic(_ bus: any MessageBus, _ report: inout Report) async throws(BusError) {
        let receivers = [RecordingReceiver(), RecordingReceiver()]
        for receiver in receivers { try await bus.subscribe(receiver, to: "news", within: limit) }
        try await bus.publish([1], to: "news", within: limit)
        for receiver in receivers { _ = await receiver.messages(atLeast: delivers ? 1 : 0, within: limit) }
        try await bus.unsubscribe(receivers[0], from: "news")
        try await bus.publish([2], to: "news", within: limit)
        let both = [Message("news", [1]), Message("news", [2])]
        let second = await receivers[1].messages(atLeast: delivers ? 2 : 0, within: limit)
        report.expect(second, delivers ? both : [], "the receiver that stayed")
        report.expect(receivers[0].messages, delivers ? [both[0]] : [], "the receiver that left")
    }

    func receiverHasATopicOnce(_ bus: any MessageBus, _ report: inout Report) async throws(BusError) {
        let receiver = RecordingReceiver()
        for _ in 0..<3 { try await bus.subscribe(receiver, to: "news", within: limit) }
        try await bus.subscribe(receiver, to: "sport", within: limit)
        try await bus.publish([1], to: "news", within: limit)
        try await bus.publish([2], to: "news", within: limit)
        let messages = await receiver.messages(atLeast: delivers ? 2 : 0, within: limit)
        report.expect(messages.map(\.bytes), delivers ? [[1], [2]] : [], "each message once")
    }

    func nothingAfterUnsubscribing(_ bus: any MessageBus, _ report: inout Report) async throws(BusError) {
        let (leaving, staying) = (RecordingReceiver(), RecordingReceiver())
        try await bus.subscribe(leaving, to: "news", within: limit)
        try await bus.subscribe(leaving, to: "sport", within: limit)
        try await bus.unsubscribe(leaving, from: "news")
        try await bus.subscribe(staying, to: "news", within: limit)
        try await bus.publish([1], to: "news", within: limit)
        _ = await staying.messages(atLeast: delivers ? 1 : 0, within: limit)
        report.expect(leaving.messages, [], "the receiver that left")
        try await bus.publish([2], to: "sport", within: limit)
        let rest = await leaving.messages(atLeast: delivers ? 1 : 0, within: limit)
        report.expect(rest, delivers ? [Message("sport", [2])] : [], "its other topic")
    }

    func nothingOnOtherTopics(_ bus: any MessageBus, _ report: inout Report) async throws(BusError) {
        let receiver = RecordingReceiver()
        try await bus.subscribe(receiver, to: "news", within: limit)
        for topic in ["new", "newss", "news/", "NEWS", "news.a", "sport"] {
            try await bus.publish([1], to: topic, within: limit)
        }
        try await bus.publish([2], to: "news", within: limit)
        let messages = await receiver.messages(atLeast: delivers ? 1 : 0, within: limit)
        report.expect(messages, delivers ? [Message("news", [2])] : [], "its own topic alone")
    }

    func nothingAfterClosing(_ bus: any MessageBus, _ report: inout Report) async throws(BusError) {
        let receiver = RecordingReceiver()
        try await bus.subscribe(receiver, to: "news", within: limit)
        try await bus.publish([1], to: "news", within: limit)
        let before = await receiver.messages(atLeast: delivers ? 1 : 0, within: limit)
        report.expect(before, delivers ? [Message("news", [1])] : [], "before closing")
        await bus.close()
        bus.publish([2], to: "news", within: limit, .ignored)
        report.expect(receiver.messages.count, before.count, "messages after closing")
    }
}
