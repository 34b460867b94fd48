// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop
import HubTesting
import Testing

@testable import HubRedis

/// How the adapter reads a stream of a server that answers what the test wants.
@Suite("Reading a stream")
struct StreamReaderTests: ScriptedLink {
    let loop: EventLoop
    private let clock = VirtualClock()
    private let server: ScriptedRedis
    private let settings: RedisSettings
    private let bus: RedisBus
    private let events = BusRecorder()
    private let news = Self.topic("news")
    /// The answers to the next marks, in turn.
    private let marks = Answers()

    private final class Answers {
        var ids: [String] = []

        func next() -> String { ids.isEmpty ? "no mark was expected" : ids.removeFirst() }
    }

    private static let nothing = "*-1\r\n"
    /// The year 2255, in milliseconds.
    private static let far = "9000000000000"

    init() throws {
        let loop = try EventLoop(clock: clock)
        self.loop = loop
        let server = try ScriptedRedis(loop)
        self.server = server
        server.script = { [marks] words in
            switch words[0] {
            case "XADD" where words.suffix(2) == ["m", ""]: ScriptedRedis.bulk(marks.next())
            case "XADD": ScriptedRedis.bulk("70-0")
            case "XREAD": ""
            default: nil
            }
        }
        var settings = RedisSettings()
        settings.addresses = [server.address]
        settings.delivery = .streams
        self.settings = settings
        bus = try RedisBus(settings, loop: loop)
        bus.start(events)
    }

    private static func topic(_ name: String) -> BusTopic {
        Array("topic/\(name)".utf8).withUnsafeBytes { BusTopic($0) } ?? .broadcast
    }

    /// Connects, to a stream that ends with an id, and wants something.
    private func connect(_ end: String, wanting topics: BusTopic...) {
        marks.ids.append(end)
        bus.connect()
        #expect(loop.run { events.isConnected })
        want(topics)
        #expect(loop.run { asked.last?.hasPrefix("XREAD") == true })
    }

    private func want(_ topics: [BusTopic], generation: UInt64 = 1) {
        bus.want(InterestChange(steps: topics.map { .add($0) }, generation: generation))
        #expect(loop.run { events.confirmed.last == generation })
    }

    /// What was asked of the stream, without what is always the same.
    private var asked: [String] {
        server.commands.filter { $0.hasPrefix("X") }.map {
            $0.replacing(" BLOCK 5000 STREAMS gohub:stream", with: "")
                .replacing("XADD gohub:stream MAXLEN ~ 100000 * ", with: "XADD ")
        }
    }

    /// Answers a read, and waits for the next.
    private func answer(_ entries: (id: String, fields: [String])...) {
        let count = asked.count
        server.answer("XREAD", ScriptedRedis.entries(entries))
        #expect(loop.run { asked.count > count })
    }

    /// Answers a read with marks, of which there are as many as there are numbers.
    private func answerMarks(_ numbers: ClosedRange<Int>) {
        let count = asked.count
        server.answer("XREAD", ScriptedRedis.entries(numbers.map { ("\($0)-0", ["m", ""]) }))
        #expect(loop.run { asked.count > count })
    }

    /// Lets a read end with nothing, and waits for the next or the end of the connection.
    private func answerNothing() {
        let count = asked.count { $0.hasPrefix("XREAD") }
        server.answer("XREAD", Self.nothing)
        #expect(loop.run { asked.count { $0.hasPrefix("XREAD") } > count || !events.isConnected })
    }

    private func publish(_ id: UInt64) {
        bus.publish([Outgoing(id: id, topic: news, envelope: EncodedEnvelope(Array("m".utf8)), deadline: .max)])
        #expect(loop.run { events.settled[id] != nil })
    }

    @Test("the end is learnt by one mark a connection; what comes to be wanted later asks the stream for nothing")
    func oneMark() {
        connect("5-0", wanting: news)
        for number in 2...100 as ClosedRange<UInt64> { want([Self.topic("t\(number)")], generation: number) }
        #expect(asked == ["XADD m ", "XREAD COUNT 31 5-0"])
        answer(
            ("6-0", ["m", ""]),
            ("7-0", ["t", "topic/t50", "p", "1"]),
            ("8-0", ["t", "topic/other", "p", "1"]),
            ("9-0", ["m", "", "x", "y"]),
            ("10-0", ["t", "topic/news", "p", "2"])
        )
        #expect(events.received == ["topic/t50 1", " ", "topic/news 2"], "a mark is skipped, another form is dropped")
        #expect(asked.last == "XREAD COUNT 31 10-0")
        finish(bus, server)
    }

    @Test("a stream on which nothing happens gets no marks, nor one that the node wrote to before it waited")
    func idle() {
        connect("5-0", wanting: news)
        publish(1)
        answer(("70-0", ["t", "topic/news", "p", "m"]))
        for _ in 0..<3 { answerNothing() }
        #expect(asked.count { $0 == "XADD m " } == 1)
        #expect(events.faults.isEmpty)
        finish(bus, server)
    }

    @Test("a node that did not get what it wrote asks for the end, and reads on where that is behind its place")
    func late() {
        connect("5-0", wanting: news)
        marks.ids = ["71-0"]
        publish(1)
        answerNothing()
        #expect(asked == ["XADD m ", "XREAD COUNT 31 5-0", "XADD t topic/news p m", "XADD m ", "XREAD COUNT 31 5-0"])
        answer(("70-0", ["t", "topic/news", "p", "m"]), ("71-0", ["m", ""]))
        answerNothing()
        #expect(asked.count { $0 == "XADD m " } == 2)
        #expect(events.faults.isEmpty && events.received == ["topic/news m"])
        finish(bus, server)
    }

    @Test("a stream that began anew ends the connection, and is read from its end on", arguments: [true, false])
    func anew(writes: Bool) throws {
        let place = writes ? "1000-0" : "\(Self.far)-0"
        connect(place, wanting: news)
        marks.ids = ["71-0"]
        if writes { publish(1) }
        server.answer("XREAD", Self.nothing)
        #expect(loop.run { !events.isConnected })
        let message = try #require(events.faults.first?.message)
        #expect(message.contains("the stream gohub:stream of \(server.address) began anew"))
        #expect(message.contains("counts from 71-0, and was read up to \(place)"))
        connect("72-0", wanting: news)
        #expect(asked.last == "XREAD COUNT 31 72-0")
        finish(bus, server)
    }

    @Test("a place ahead of the time is made sure of at each wait that ends with nothing")
    func ahead() {
        connect("\(Self.far)-0", wanting: news)
        marks.ids = ["\(Self.far)-1", "\(Self.far)-2"]
        for _ in 0..<2 { answerNothing() }
        #expect(asked.count { $0 == "XADD m " } == 3)
        #expect(events.faults.isEmpty)
        finish(bus, server)
    }

    @Test("a topic that came to be wanted during an outage counts from the end found behind it, others from the place")
    func outage() {
        connect("5-0", wanting: news)
        server.answer("XREAD", "-LOADING Redis is loading the dataset in memory\r\n")
        #expect(loop.run { !events.isConnected })
        connect("20-0", wanting: news, Self.topic("sport"))
        #expect(asked.last == "XREAD COUNT 31 5-0")
        // While the reader catches up.
        want([Self.topic("art")], generation: 2)
        answer(
            ("6-0", ["t", "topic/news", "p", "1"]),
            ("7-0", ["t", "topic/sport", "p", "1"]),
            ("8-0", ["t", "topic/art", "p", "1"]),
            ("20-0", ["m", ""]),
            ("21-0", ["t", "topic/sport", "p", "2"]),
            ("22-0", ["t", "topic/art", "p", "2"])
        )
        #expect(events.received == ["topic/news 1", "topic/sport 2", "topic/art 2"])
        finish(bus, server)
    }

    @Test(
        "a mark that is refused ends the attempt in the server's words, until it is taken",
        arguments: [
            (
                "ERR The stream has exhausted the last possible ID, unable to add more items",
                LinkFault.Reason.refused
            ),
            ("WRONGTYPE Operation against a key holding the wrong kind of value", .refused),
            ("OOM command not allowed when used memory > 'maxmemory'.", .refused),
            ("NOPERM this user has no permissions to run the 'xadd' command", .refused),
            ("MOVED 1 127.0.0.1:1", .moved),
        ]
    )
    func refused(answer: String, reason: LinkFault.Reason) throws {
        let usual = server.script
        server.script = { $0[0] == "XADD" ? "-\(answer)\r\n" : usual($0) }
        for attempt in 1...2 {
            bus.connect()
            #expect(loop.run { events.faults.count == attempt })
        }
        #expect(
            events.faults[0].reason == reason && events.faults[0].message.contains("a mark in the stream: \(answer)")
        )
        server.script = usual
        connect("5-0", wanting: news)
        #expect(asked.last == "XREAD COUNT 31 5-0")
        finish(bus, server)
    }

    /// Begins to answer a read with more than a reply may have, which ends the connection.
    private func answerTooMuch() {
        let start = "*1\r\n*2\r\n$12\r\ngohub:stream\r\n*1\r\n*2\r\n$3\r\n9-0\r\n*4\r\n$1\r\nt\r\n$70000000\r\n"
        server.answer("XREAD", start)
        #expect(loop.run { !events.isConnected })
    }

    @Test("replies that are too large are read again entry by entry, and what is too large by itself is skipped")
    func tooLarge() {
        connect("5-0", wanting: news)
        answerTooMuch()
        connect("20-0", wanting: news)
        #expect(asked.last == "XREAD COUNT 1 5-0")
        answer(("6-0", ["t", "topic/news", "p", "1"]))
        #expect(asked.last == "XREAD COUNT 1 6-0")
        answer(("20-0", ["m", ""]))
        #expect(asked.last == "XREAD COUNT 31 20-0", "behind the end they come together again")

        for end in ["30-0", "40-0"] {
            answerTooMuch()
            connect(end, wanting: news)
        }
        #expect(asked.last == "XREAD COUNT 31 40-0")
        #expect(events.received == ["topic/news 1"])
        #expect(events.faults.count == 3 && events.faults.allSatisfy { $0.reason == .badReply })
        #expect(events.faults.last?.message.contains("all from there to the stream's end is skipped") == true)
        finish(bus, server)
    }

    @Test(
        "a reply that was too large because more had been asked for is read again in the usual steps, not entry by entry"
    )
    func tooManyAtOnce() throws {
        connect("5-0", wanting: news)
        answerMarks(6...36)
        #expect(asked.last == "XREAD COUNT 62 36-0")
        answerTooMuch()
        #expect(try #require(events.faults.last).message.hasSuffix("; the stream is read on in smaller steps"))
        connect("500-0", wanting: news)
        #expect(asked.last == "XREAD COUNT 31 36-0")
        answerMarks(37...67)
        #expect(asked.last == "XREAD COUNT 31 67-0", "whoever mixes small and large ones ends no second connection")
        answer(("68-0", ["m", ""]))
        server.answer("XREAD", ScriptedRedis.entries((69...99).map { ("\($0)-0", ["m", ""]) }))
        #expect(loop.run { asked.last == "XREAD COUNT 31 99-0" })
        clock.advance(by: .seconds(600))
        answerMarks(100...130)
        #expect(asked.last == "XREAD COUNT 62 130-0", "ten minutes later small ones are read faster again")
        for (end, next) in [("600-0", "31 130-0"), ("700-0", "1 130-0"), ("800-0", "31 800-0")] {
            answerTooMuch()
            connect(end, wanting: news)
            #expect(asked.last == "XREAD COUNT \(next)")
        }
        #expect(events.faults.count == 4 && events.faults.allSatisfy { $0.reason == .badReply })
        finish(bus, server)
    }

    @Test("an entry that was asked for alone, as messages may be long, is skipped at once when it is too large")
    func alone() throws {
        bus.close {}
        var settings = settings
        settings.maxMessageBytes = 20 << 20
        let bus = try RedisBus(settings, loop: loop)
        bus.start(events)
        for end in ["5-0", "20-0"] {
            marks.ids.append(end)
            bus.connect()
            #expect(loop.run { events.isConnected })
            bus.want(InterestChange(steps: [.add(news)], generation: 1))
            #expect(loop.run { asked.last == "XREAD COUNT 1 \(end)" })
            answerTooMuch()
            #expect(events.faults.last?.message.contains("all from there to the stream's end is skipped") == true)
        }
        finish(bus, server)
    }

    @Test(
        "as many entries are read at once as were small, 256 at the most, and fewer again where they are large",
        arguments: [(1 << 20, 32), (64 << 20, 1), (1024, 256), (0, 256)]
    )
    func size(maxMessageBytes: Int, least: Int) {
        var size = StreamReadSize(maxMessageBytes: maxMessageBytes)
        #expect(size.count == least)
        for _ in 0..<10 { size.took(100) }
        #expect(size.count == 256)
        size.took(10 << 20)
        #expect(size.count == 256)
        size.took(20 << 20)
        #expect(size.count == max(128, least))
        for _ in 0..<10 { size.took(20 << 20) }
        #expect(size.count == least)
    }

    @Test(
        "a reader that goes on at an earlier place is behind before its first read is answered, and until one brings nothing"
    )
    func behindAtOnce() {
        connect("5-0", wanting: news)
        #expect(!bus.isBehind)
        server.answer("XREAD", "-ERR broken\r\n")
        #expect(loop.run { !events.isConnected })
        connect("20-0", wanting: news)
        #expect(bus.isBehind)
        answerNothing()
        #expect(!bus.isBehind)
        finish(bus, server)
    }

    @Test("a read that pauses half-way makes the next one no larger")
    func paused() {
        connect("5-0", wanting: news)
        events.hasRoom = false
        server.answer("XREAD", ScriptedRedis.entries((6...36).map { ("\($0)-0", ["t", "topic/news", "p", "x"]) }))
        #expect(loop.run { !events.received.isEmpty })
        #expect(events.received.count == 1)
        let before = asked.count
        events.hasRoom = true
        bus.resume()
        #expect(loop.run { asked.count > before })
        #expect(asked.last == "XREAD COUNT 31 6-0")
        finish(bus, server)
    }

    @Test("a reader that is behind says so, and reads more at once")
    func catchingUp() {
        connect("5-0", wanting: news)
        #expect(!bus.isBehind)
        var id = 5
        func read(_ count: Int) {
            let entries = (1...count).map { (id: "\(id + $0)-0", fields: ["t", "topic/news", "p", "\($0)"]) }
            id += count
            let before = asked.count
            server.answer("XREAD", ScriptedRedis.entries(entries))
            #expect(loop.run { asked.count > before })
        }
        for (count, next) in [(31, 62), (62, 124), (124, 248), (248, 256), (256, 256)] {
            read(count)
            #expect(asked.last == "XREAD COUNT \(next) \(id)-0")
            #expect(bus.isBehind)
        }
        read(255)
        #expect(asked.last == "XREAD COUNT 31 \(id)-0", "what comes next may be large")
        #expect(!bus.isBehind)
        #expect(events.received.count == id - 5)
        finish(bus, server)
    }

    @Test("so many entries are read one by one as may be near the large ones, and then several together")
    func singles() {
        connect("5-0", wanting: news)
        answerTooMuch()
        connect("5000-0", wanting: news)
        for id in 6...1029 {
            let count = server.commands.count
            server.answer("XREAD", ScriptedRedis.entries([("\(id)-0", ["m", ""])]))
            #expect(loop.run { server.commands.count > count })
        }
        #expect(asked.suffix(2) == ["XREAD COUNT 1 1028-0", "XREAD COUNT 31 1029-0"])
        finish(bus, server)
    }
}
