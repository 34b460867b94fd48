// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubTesting
import HubWire
import Testing

@Suite("Bus topics")
struct BusTopicTests {
    private func read(_ name: String) -> BusTopic? {
        var name = name
        return name.withUTF8 { BusTopic(UnsafeRawBufferPointer($0)) }
    }

    @Test(
        "are read back as they were named",
        arguments: ["broadcast", "nodes", "node/a", "topic/news", "topic/a/b", "unicast/0190", "topic/Grüße 😀 *>"]
    )
    func roundTrip(name: String) { #expect(read(name)?.name == name) }

    @Test(
        "are none of ours",
        arguments: ["", "broadcasts", "news", "topic", "NODES", "node", String(repeating: "x", count: 513)]
    )
    func foreign(name: String) { #expect(read(name) == nil) }

    @Test("tell which topic of the hub they carry")
    func hubTopics() throws {
        #expect(BusTopic(.broadcast) == .broadcast)
        #expect(BusTopic(try TopicName("news")).name == "topic/news")
        #expect(read("topic/news")?.topicName?.text == "news")
        #expect(read("broadcast")?.topicName == .broadcast)
        #expect(read("topic/")?.topicName == nil)
        #expect(read("topic/unicast/x")?.topicName == nil)
        #expect(read("topic/a\u{1}")?.topicName == nil)
        #expect(read("node/x")?.topicName == nil)
    }

    @Test(
        "are empty when nothing stands behind the slash",
        arguments: [
            ("broadcast", false), ("nodes", false), ("topic/", true), ("unicast/", true), ("node/", true),
            ("topic//", false), ("node/a", false),
        ]
    )
    func empty(name: String, isEmpty: Bool) { #expect(read(name)?.isEmpty == isEmpty) }

    @Test("are the same only if their bytes are")
    func bytes() { #expect(read("topic/\u{E9}") != read("topic/e\u{301}")) }
}
