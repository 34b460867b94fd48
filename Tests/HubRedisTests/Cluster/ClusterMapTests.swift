// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import Testing

@testable import HubRedis

@Suite("The map of a cluster")
struct ClusterMapTests {
    private static let node = SocketAddress(host: "10.0.0.1", port: 7000)

    /// A reply in the words of the protocol: arrays by lists, everything else as it is.
    private indirect enum Reply: ExpressibleByArrayLiteral, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
        case array([Reply])
        case text(String)
        case number(Int)
        case null

        init(arrayLiteral elements: Reply...) { self = .array(elements) }
        init(stringLiteral value: String) { self = .text(value) }
        init(integerLiteral value: Int) { self = .number(value) }

        var encoded: String {
            switch self {
            case .array(let elements): "*\(elements.count)\r\n" + elements.map(\.encoded).joined()
            case .text(let text): "$\(text.utf8.count)\r\n\(text)\r\n"
            case .number(let number): ":\(number)\r\n"
            case .null: "$-1\r\n"
            }
        }
    }

    private static func map(
        _ reply: Reply,
        isTLS: Bool = false,
        slots: Bool = false
    ) -> Result<ClusterMap, RedisError> {
        var result = Result<ClusterMap, RedisError>.failure(RedisError(.badReply, "nothing was read"))
        let reader = RESPReader()
        Array(reply.encoded.utf8).withUnsafeBytes { bytes in
            var offset = 0
            _ = try? reader.next(in: bytes, at: &offset) { reply in
                do throws(RedisError) {
                    let map =
                        try slots
                        ? ClusterMap(slots: reply, from: node) : ClusterMap(shards: reply, from: node, isTLS: isTLS)
                    result = .success(map)
                } catch {
                    result = .failure(error)
                }
            }
        }
        return result
    }

    private static func member(_ host: Reply, _ port: Int, _ role: String = "master", _ health: String = "online")
        -> Reply
    {
        [
            "id", "0123", "port", .number(port), "tls-port", .number(port + 1000), "ip", "10.9.9.9", "endpoint", host,
            "role", .text(role), "replication-offset", 5, "health", .text(health),
        ]
    }

    @Test("names the master of each slot, by the port and the host that are meant for clients")
    func shards() throws {
        let reply: Reply = [
            ["slots", [0, 99, 16_383, 16_383], "nodes", [Self.member("b", 1, "replica"), Self.member("a", 2)]],
            ["slots", [100, 8000], "nodes", [Self.member("", 3, "master", "fail"), Self.member("?", 4)]],
            ["slots", [8001, 16_381], "nodes", [Self.member(.null, 5, "master", "fail")]],
            ["slots", [], "nodes", [Self.member("gone", 6, "master", "fail")]],
        ]
        let map = try Self.map(reply).get()
        #expect(map.masters.map(\.description) == ["a:2", "10.0.0.1:4", "10.0.0.1:5"])
        #expect([0, 99, 16_383].map { map.index(of: $0) } == [0, 0, 0])
        #expect([100, 8000, 8001, 16_381].map { map.owner(of: $0)?.port } == [4, 4, 5, 5])
        #expect(map.owner(of: 16_382) == nil && map.unserved == 16_382)
        #expect(try Self.map(reply, isTLS: true).get().masters.map(\.port) == [1002, 1004, 1005])
    }

    @Test("a cluster has a thousand masters at the most", arguments: [1024, 1025])
    func manyMasters(count: Int) {
        let reply = Reply.array((0..<count).map { [.number($0), .number($0), [.text("host-\($0)"), 1, "id"]] })
        switch Self.map(reply, slots: true) {
        case .success(let map): #expect(count == ClusterMap.limit && map.masters.count == count)
        case .failure(let error):
            #expect(count > ClusterMap.limit && error.code == .badReply && error.message.contains("1024 masters"))
        }
    }

    @Test("takes the port that there is")
    func ports() throws {
        let member: Reply = ["tls-port", 7, "endpoint", "a", "role", "master", "health", "online"]
        let map = try Self.map([["slots", [0, 16_383], "nodes", [member]]]).get()
        #expect(map.masters.map(\.description) == ["a:7"] && map.unserved == nil)
    }

    @Test("reads the older way to say it as well")
    func slots() throws {
        let reply: Reply = [[0, 8191, ["a", 1, "id"], ["b", 2, "id"]], [8192, 16_383, ["", 3, "id"]]]
        let map = try Self.map(reply, slots: true).get()
        #expect(map.masters.map(\.description) == ["a:1", "10.0.0.1:3"])
        #expect(map.owner(of: 8192)?.port == 3 && map.unserved == nil)
    }

    @Test(
        "refuses what it does not understand",
        arguments: [
            "+OK", "*1\r\n*0", "*1\r\n*2\r\n+slots\r\n*0", "*1\r\n*4\r\n+slots\r\n*2\r\n:0\r\n:1\r\n+nodes\r\n*0",
        ]
    )
    func unknown(text: String) {
        let reader = RESPReader()
        var error: RedisError?
        Array("\(text)\r\n".utf8).withUnsafeBytes { bytes in
            var offset = 0
            _ = try? reader.next(in: bytes, at: &offset) { reply in
                do throws(RedisError) {
                    _ = try ClusterMap(shards: reply, from: Self.node, isTLS: false)
                } catch let failure {
                    error = failure
                }
            }
        }
        #expect(error?.code == .badReply && error?.message.contains("10.0.0.1:7000") == true)
    }

    @Test(
        "refuses slots that there are not",
        arguments: [(-1, 5), (5, 4), (0, 16_384), (Int.max, Int.max), (Int.min, Int.max)]
    )
    func badSlots(first: Int, last: Int) {
        let reply: Reply = [["slots", [.number(first), .number(last)], "nodes", [Self.member("a", 1)]]]
        #expect(throws: RedisError.self) { try Self.map(reply).get() }
        let half: Reply = [["slots", [0, 5, 6], "nodes", [Self.member("a", 1)]]]
        #expect(throws: RedisError.self) { try Self.map(half).get() }
    }

    @Test(
        "knows the slot of a key",
        arguments: [
            ("123456789", 12_739), ("key", 12_539), ("", 0), ("{key}.b", 12_539), ("a{key}{b}", 12_539),
        ]
    )
    func slot(key: String, slot: Int) throws {
        #expect(ClusterSlot.of(Array(key.utf8)) == slot)
    }

    @Test("confirms what all have confirmed, in the order of the changes")
    func confirmations() {
        var confirmations = ShardConfirmations()
        confirmations.expect(3, from: 2)
        confirmations.expect(5, from: 1)
        confirmations.expect(6, from: 3)
        confirmations.confirm(5)
        confirmations.confirm(3)
        #expect(confirmations.popConfirmed() == nil)
        confirmations.confirm(3)
        confirmations.confirm(6)
        #expect(confirmations.popConfirmed() == 3)
        #expect(confirmations.popConfirmed() == 5)
        #expect(confirmations.popConfirmed() == nil)
        confirmations.confirm(6)
        confirmations.confirm(6)
        #expect(confirmations.popConfirmed() == 6)
        #expect(confirmations.popConfirmed() == nil)
    }
}
