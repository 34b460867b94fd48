// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

@testable import HubTesting

@Suite("What fixtures read from Redis")
struct RedisReplyTextTests {
    private static let replies: [(String, RedisReplyText)] = [
        ("+OK\r\n", .text("OK")), ("-ERR bad\r\n", .error("ERR bad")), (":-7\r\n", .integer(-7)),
        ("$-1\r\n", .null), ("*-1\r\n", .null), ("$0\r\n\r\n", .text("")), ("$4\r\na\r\nb\r\n", .text("a\r\nb")),
        ("*0\r\n", .array([])),
        ("*3\r\n:1\r\n*1\r\n$1\r\nx\r\n$-1\r\n", .array([.integer(1), .array([.text("x")]), .null])),
    ]

    @Test("replies are read when they have come whole, one after the other", arguments: replies.indices)
    func reads(index: Int) throws {
        let (text, reply) = Self.replies[index]
        for count in 0..<text.utf8.count {
            var bytes = Array(text.utf8.prefix(count))
            #expect(try RedisReplyText.take(from: &bytes) == nil)
            #expect(bytes.count == count)
        }
        var bytes = Array("\(text)+next\r\n".utf8)
        #expect(try RedisReplyText.take(from: &bytes) == reply)
        #expect(try RedisReplyText.take(from: &bytes) == .text("next"))
        #expect(bytes.isEmpty)
    }

    @Test("what is no reply is refused", arguments: ["?\r\n", ":x\r\n", "$x\r\n", "*x\r\n", "\r\n"])
    func refuses(text: String) {
        var bytes = Array(text.utf8)
        #expect(throws: ProcessFault.self) { try RedisReplyText.take(from: &bytes) }
    }

    @Test("names and values, numbers and commands are what they should be")
    func converts() {
        let reply = RedisReplyText.array([.text("a"), .text("1"), .text("b"), .integer(2)])
        #expect(reply.fields == ["a": "1", "b": "2"])
        #expect(reply.texts == ["a", "1", "b", "2"])
        #expect(reply.array[1].integer == 1)
        #expect(RedisReplyText.null.text == nil)
        #expect(RedisReplyText.array([]).fields.isEmpty)
        #expect(RedisReplyText.command(["GET", "é"]) == Array("*2\r\n$3\r\nGET\r\n$2\r\né\r\n".utf8))
    }

    @Test("a line of a cluster's nodes is read with its ports, flags and slots")
    func readsNodes() throws {
        let line = "07c3 127.0.0.1:7001@17001,host myself,master - 0 0 2 connected 0-99 101 [5->-ab] [6-<-cd]"
        let node = try #require(RedisClusterNode(line: line[...]))
        #expect(node.port == 7001)
        #expect(node.busPort == 17001)
        #expect(node.isMaster && node.isLinked && !node.hasFailed)
        #expect(node.masterID == nil)
        #expect(node.slots == [0...99, 101...101])
        let dead = "ab 127.0.0.1:7002@17002 slave,fail? 07c3 0 0 2 disconnected"
        let replica = try #require(RedisClusterNode(line: dead[...]))
        #expect(replica.hasFailed && !replica.isMaster && !replica.isLinked)
        #expect(replica.masterID == "07c3")
        #expect(RedisClusterNode(line: "nonsense") == nil)
    }

    @Test("ports that are given out together differ, and a server may take them")
    func ports() throws {
        #expect(Set(try FreePorts.take(20)).count == 20)
        #expect(FreePorts.wereTaken(ProcessFault(.ended, "bind: Address already in use")))
        #expect(FreePorts.wereTaken(ProcessFault(.ended, "bind: address already in use")))
        #expect(!FreePorts.wereTaken(ProcessFault(.ended, "no such setting")))
    }

    @Test("a server whose port is taken before it listens is given others, and no other failure is tried again")
    func portsAgain() async throws {
        var tries: [[Int]] = []
        let ports = try await FreePorts.take(2) { ports in
            tries.append(ports)
            if tries.count < 3 { throw ProcessFault(.ended, "Address already in use") }
            return ports
        }
        #expect(tries.count == 3 && tries.last == ports)
        var count = 0
        await #expect(throws: ProcessFault.self) {
            try await FreePorts.take(1) { _ in
                count += 1
                throw ProcessFault(.ended, "no such setting")
            }
        }
        #expect(count == 1)
    }
}
