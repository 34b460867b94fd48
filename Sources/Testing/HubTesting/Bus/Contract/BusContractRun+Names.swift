// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus

// Which messages come to whom, whatever the names are called.
extension BusContractRun {
    private static let odd = [
        "a", "A", "a b", " a", "a ", "  ", "*", "**", ">", "a.b", "a..b", ".a", "a.", "a.>", "a.*", ".", "..", "[a]",
        "[ab]c",
        "[^a]", "?", "a?", "\\", "\\*", "a\\", "/", "a/b", "a//b", "a/", "%", "%2A", "a%20b", "_", "_2A", "=2A", "~",
        "$", "$JS",
        "#", "+", "{a}", "{", "}", "\"", "'", "`", "a,b", "a;b", "a:b", "a|b", "&", "<a>", "Grüße", "grüße", "😀",
        "\u{E9}",
        "e\u{301}", "\u{1E9E}", "日本語", "0", "-1", "null", "broadcast", "nodes", "unicast/x",
    ]

    /// Of 255 bytes and less, all different by their bytes; some have the check's own part before, some behind.
    private func names() -> [BusTopic] {
        var random = SplitMix64(seed: 4)
        let letters = Array("aAbB09 *>.[]?\\/%_=~-$#+{}\"':é😀ß日")
        var names = Set(Self.odd.map { topic($0) } + Self.odd.map { topic(before: $0) })
        for _ in 0..<150 {
            let text = String(
                (0..<Int.random(in: 1...30, using: &random)).map { _ in
                    letters.randomElement(using: &random) ?? "a"
                }
            )
            names.insert(random.next() % 2 == 0 ? topic(text) : topic(before: text))
        }
        for letter in ["x", "*", " ", ">", ".", "é", "😀"] {
            let room = 255 - topic("").name.utf8.count
            names.insert(topic(String(repeating: letter, count: room / letter.utf8.count)))
        }
        return names.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    func carriesAnyName() async throws {
        let names = names()
        let receiver = try await node("receiver", wanting: names)
        let publisher = try await node("publisher", wanting: [])
        for round in 0..<2 {
            try await publisher.publish(names.indices.map { (names[$0], Self.bytes($0) + [UInt8(round)]) })
        }
        for name in names { try await receiver.receive(2, on: name) }
        let messages = try await receiver.run { $0.tap.messages }
        expect(messages.count, 2 * names.count, "messages in all")
        for (index, name) in names.enumerated() {
            let received = messages.filter { $0.topic.elementsEqual(name.name.utf8) }.map(\.bytes)
            expect(received, (0..<2).map { Self.bytes(index) + [$0] }, "on \(name.name.debugDescription)")
        }
    }

    func takesNamesForNoPatterns() async throws {
        let wanted = ["news", "n*s", "n?ws", "[mn]ews", "a.*", "a.>", "*", ">", "\\*", "topic/*"].map { topic($0) }
        let others = [
            "new", "newss", "NEWS", "news ", " news", "news.a", "news/", "news*", "ns", "nows", "mews", "a.b", "a.b.c",
            "a.", "b",
            "**", "a", "\\", "[mn]ew", "topic/a", "",
        ]
        .map { topic($0) }
        let receiver = try await node("receiver", wanting: wanted)
        let publisher = try await node("publisher", wanting: [])
        try await publisher.publish((others + wanted).map { ($0, Array($0.name.utf8)) })
        for name in wanted { try await receiver.receive(1, on: name) }
        try await publisher.publish((others + wanted).map { ($0, [1]) })
        for name in wanted {
            try await receiver.receive(2, on: name)
            let received = try await receiver.run { $0.tap.bytes(on: name) }
            expect(received, [Array(name.name.utf8), [1]], "on \(name.name.debugDescription)")
        }
        let count = try await receiver.run { $0.tap.messages.count }
        expect(count, 2 * wanted.count, "messages in all")
    }

    func takesAPrefixForAllBelow() async throws {
        guard contract.features.takesPrefixes else { return }
        let clients = try ["", "1", "/a", " *.>", "[x]", "é😀", String(repeating: "y", count: 200)].map {
            try unicast($0)
        }
        let others = [topic("unicast/"), topic("unicast/1"), topic(before: "unicast/"), topic("x")]
        let exact = clients[1]
        let receiver = try node("receiver")
        try await receiver.connect(wanting: [.addPrefix(BusTopic.unicastPrefix), .add(exact)])
        let publisher = try await node("publisher", wanting: [])
        // A name that is wanted in two ways, in one, and in two again.
        for round in 0..<3 as Range<UInt8> {
            if round > 0 { try await receiver.change(round == 1 ? [.remove(exact)] : [.add(exact)]) }
            try await publisher.publish((others + clients).map { ($0, [round]) })
            for client in clients { try await receiver.receive(Int(round) + 1, on: client) }
        }
        // What came too often came before these.
        try await publisher.publish(clients.map { ($0, [9]) })
        for client in clients {
            try await receiver.receive(4, on: client)
            let received = try await receiver.run { $0.tap.bytes(on: client) }
            expect(received, [[0], [1], [2], [9]], "on \(client)")
        }
        for other in others {
            let count = try await receiver.run { $0.tap.count(on: other) }
            expect(count, 0, "messages on \(other), which does not begin so")
        }
    }
}
