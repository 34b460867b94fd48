// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import Testing

@testable import HubBridge

/// What a node says of itself, as others read it.
@Suite("Node record")
struct NodeRecordTests {
    private func read(_ json: String) -> NodeRecord? { Array(json.utf8).withUnsafeBytes { NodeRecord(json: $0) } }

    private func again(_ record: NodeRecord) -> NodeRecord? { record.json.withUnsafeBytes { NodeRecord(json: $0) } }

    @Test("comes back with all that it says, the heads of the most nodes included")
    func roundTrip() {
        var record = NodeRecord(NodeIdentity(id: "a", incarnation: .max))
        (record.tag, record.phase, record.clients) = (0, .leaving, .max)
        (record.admin, record.version) = ("[::1]:8080", "1.2.3")
        for node in 0..<Membership.limit {
            record.heads[.node("node-\(node)")] = SequenceBook.Position(epoch: .max, sequence: .max)
        }
        record.heads[.broadcast] = SequenceBook.Position(epoch: 1, sequence: 2)
        #expect(again(record) == record)
    }

    @Test("the longest that a node can write may be read")
    func longest() {
        func long(_ end: String, _ count: Int) -> String {
            String(repeating: "\u{1}", count: count - end.utf8.count) + end
        }
        var record = NodeRecord(NodeIdentity(id: long("", NodeIdentity.maximumIDBytes), incarnation: .max))
        (record.tag, record.clients) = (.max, .max)
        let text = long("", NodeRecord.maximumTextBytes)
        (record.admin, record.version, record.way) = (text, text, text)
        let position = SequenceBook.Position(epoch: .max, sequence: .max)
        record.heads[.broadcast] = position
        for node in 0..<Membership.limit {
            record.heads[.node(long("\(node)", NodeIdentity.maximumIDBytes))] = position
        }
        #expect(record.heads.count == NodeRecord.maximumHeads)
        #expect(record.json.count > NodeRecord.maximumBytes / 2)
        #expect(record.json.count <= NodeRecord.maximumBytes)
        #expect(again(record) == record)
    }

    @Test("keeps a text whose characters are escaped in fewer bytes than they are written in")
    func escapes() throws {
        var record = NodeRecord(NodeIdentity(id: "\u{1}", incarnation: 1))
        record.admin = String(repeating: "\u{1}", count: NodeRecord.maximumTextBytes)
        record.version = String(repeating: "\u{7F}", count: NodeRecord.maximumTextBytes)
        #expect(again(record) == record)
    }

    @Test("a text that is too long is none", arguments: [256, 257])
    func longText(count: Int) {
        let long = String(repeating: "x", count: count)
        let record = read(#"{"id":"x","incarnation":"1","admin":"\#(long)","version":"\#(long)"}"#)
        #expect(record?.admin == (count == 256 ? long : ""))
        #expect(record?.version == (count == 256 ? long : ""))
    }

    @Test("one whose name is too long is none", arguments: [64, 65])
    func longName(count: Int) {
        let record = read(#"{"id":"\#(String(repeating: "x", count: count))","incarnation":"1"}"#)
        #expect((record != nil) == (count == 64))
    }

    @Test("has no fewer clients than none")
    func clients() {
        #expect(read(#"{"id":"x","incarnation":"1","clients":-1}"#)?.clients == 0)
    }

    @Test("has the heads of broadcast and of inboxes, and no more of them than nodes have")
    func heads() {
        let inboxes = (0..<1100).map { #""node/\#($0)":"1:1""# }.joined(separator: ",")
        let record = read(#"{"id":"x","incarnation":"1","heads":{"broadcast":"1:1","broadcast":"1:2",\#(inboxes)}}"#)
        #expect(record?.heads.count == NodeRecord.maximumHeads)
        #expect(record?.heads[.broadcast]?.sequence == 2)
        let others = read(#"{"id":"x","incarnation":"1","heads":{"topic/a":"1:1","nodes":"1:1","unicast/x":"1:1"}}"#)
        #expect(others?.heads == [:])
        let long = read(#"{"id":"x","incarnation":"1","heads":{"node/\#(String(repeating: "x", count: 65))":"1:1"}}"#)
        #expect(long?.heads == [:])
    }
}
