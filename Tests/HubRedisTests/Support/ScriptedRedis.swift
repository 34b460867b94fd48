// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

@testable import HubTesting

/// A server of the test's own that takes any number of connections and answers what is asked as Redis does, or as the test
/// wants.
final class ScriptedRedis {
    /// One connection to it.
    private final class Peer: SocketHandler {
        unowned let server: ScriptedRedis
        var watch: SocketWatch?
        var input: [UInt8] = []

        init(_ server: ScriptedRedis) { self.server = server }

        func send(_ text: String) {
            guard let watch, watch.isOpen else { return }
            // What a test says fits into the buffer of a socket.
            _ = Array(text.utf8).withUnsafeBytes { Socket.write(watch.descriptor, $0) }
        }

        func socketReady(readable: Bool, writable: Bool, failed: Bool) {
            guard let watch, watch.isOpen else { return }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            switch buffer.withUnsafeMutableBytes({ Socket.read(watch.descriptor, into: $0) }) {
            case .bytes(let count): input += buffer[..<count]
            case .wouldBlock: break
            case .closed, .failed: watch.close()
            }
            while case .array(let words)? = try? RedisReplyText.take(from: &input) {
                server.asked(words.compactMap(\.text), by: self)
            }
        }
    }

    let address: SocketAddress
    /// All that was asked, without the handshakes.
    private(set) var commands: [String] = []
    /// Gives another answer than a Redis does, in the words of the protocol: nil for the usual one, empty for none at all.
    var script: ([String]) -> String? = { _ in nil }
    private let loop: EventLoop
    private var listening: ListenSocket?
    private var peers: [Peer] = []
    /// Who has subscribed to what.
    private var subscribers: [String: Peer] = [:]
    /// Who has asked last for a command.
    private var askers: [String: Peer] = [:]

    init(_ loop: EventLoop) throws {
        self.loop = loop
        let listener = try Socket.listen(on: SocketAddress(host: "127.0.0.1", port: 0), reusePort: false)
        address = try Socket.localAddress(listener)
        listening = try ListenSocket(loop: loop, descriptor: listener) { [unowned self] descriptor, _ in
            let peer = Peer(self)
            peer.watch = try? SocketWatch(loop: loop, descriptor: descriptor, handler: peer)
            peer.watch?.watch(readable: true, writable: false)
            peers.append(peer)
        }
    }

    /// Closes all connections and listens no more.
    func end() {
        for peer in peers { peer.watch?.close() }
        listening?.close()
    }

    /// Says something to whoever has subscribed to a channel last.
    func tell(_ channel: String, _ text: String) { subscribers[channel]?.send(text) }

    /// Answers late to whoever gave a command last.
    func answer(_ command: String, _ text: String) { askers[command]?.send(text) }

    /// How many of its connections are open.
    var openCount: Int { peers.count { $0.watch?.isOpen == true } }

    private func asked(_ words: [String], by peer: Peer) {
        if words.first != "CLIENT" { commands.append(words.joined(separator: " ")) }
        askers[words[0]] = peer
        if ["SUBSCRIBE", "SSUBSCRIBE"].contains(words[0]) {
            for channel in words.dropFirst() { subscribers[channel] = peer }
        }
        peer.send(script(words) ?? Self.usual(words))
    }

    private static func usual(_ words: [String]) -> String {
        switch words[0] {
        case "PING": "+PONG\r\n"
        case "ROLE": "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"
        case "PUBLISH", "SPUBLISH": ":1\r\n"
        case let name where name.hasSuffix("SUBSCRIBE"):
            words.dropFirst().map { confirmation(name.lowercased(), $0) }.joined()
        default: "+OK\r\n"
        }
    }

    static func confirmation(_ word: String, _ channel: String) -> String {
        "*3\r\n\(bulk(word))\(bulk(channel)):1\r\n"
    }

    static func message(_ word: String, _ channel: String, _ payload: String) -> String {
        "*3\r\n\(bulk(word))\(bulk(channel))\(bulk(payload))"
    }

    static func bulk(_ text: String) -> String { "$\(text.utf8.count)\r\n\(text)\r\n" }

    /// What `XREAD` answers of one stream: ids and fields of entries.
    static func entries(_ entries: [(id: String, fields: [String])]) -> String {
        let all = entries.map { "*2\r\n\(bulk($0.id))*\($0.fields.count)\r\n\($0.fields.map(bulk).joined())" }
        return "*1\r\n*2\r\n\(bulk("gohub:stream"))*\(all.count)\r\n\(all.joined())"
    }

    /// What `CLUSTER SHARDS` says of masters and their slots.
    static func shards(_ masters: [(ClosedRange<Int>, SocketAddress)]) -> String {
        let shards = masters.map { slots, address in
            let node = [
                bulk("id"), bulk("0123"), bulk("port"), ":\(address.port)\r\n", bulk("ip"), bulk(address.host),
                bulk("endpoint"), bulk(address.host), bulk("role"), bulk("master"), bulk("replication-offset"),
                ":0\r\n", bulk("health"), bulk("online"),
            ]
            return "*4\r\n\(bulk("slots"))*2\r\n:\(slots.lowerBound)\r\n:\(slots.upperBound)\r\n\(bulk("nodes"))*1\r\n"
                + "*\(node.count)\r\n\(node.joined())"
        }
        return "*\(shards.count)\r\n\(shards.joined())"
    }
}
