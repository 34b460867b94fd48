// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubWire

/// What must hold of what a node says of itself: only JSON is read, what is read keeps its bounds, and is the same when it is
/// written and read again.
package enum NodeRecordFuzzer {
    package static func run(_ bytes: UnsafeRawBufferPointer) throws(FuzzFailure) {
        guard let record = NodeRecord(json: bytes) else { return }
        try FuzzFailure.require((try? JSONReader.validate(bytes)) != nil, "only JSON is read")
        try checkBounds(of: record)
        let json = record.json
        guard let again = json.withUnsafeBytes({ NodeRecord(json: $0) }) else {
            throw FuzzFailure("what is written is read: \(String(decoding: json, as: UTF8.self))")
        }
        try FuzzFailure.require(isSame(record, again), "written \(record), read \(again)")
        try FuzzFailure.require(again.json == json, "what is the same is written the same")
    }

    private static func checkBounds(of record: NodeRecord) throws(FuzzFailure) {
        try FuzzFailure.require((1...64).contains(record.id.utf8.count), "the name: \(record.id.utf8.count) bytes")
        for text in [record.admin, record.version] {
            try FuzzFailure.require(text.utf8.count <= NodeRecord.maximumTextBytes, "a text: \(text.utf8.count) bytes")
        }
        try FuzzFailure.require(record.clients >= 0, "no fewer clients than none: \(record.clients)")
        try FuzzFailure.require(record.heads.count <= NodeRecord.maximumHeads, "\(record.heads.count) heads")
        for topic in record.heads.keys {
            try FuzzFailure.require(
                topic == .broadcast || topic.kind == .node && topic.name.utf8.count <= 5 + 64,
                "a head is that of a stream that is announced: \(topic)"
            )
        }
    }

    /// Whether two are the same, byte for byte.
    private static func isSame(_ left: NodeRecord, _ right: NodeRecord) -> Bool {
        left == right && left.id.utf8.elementsEqual(right.id.utf8) && left.admin.utf8.elementsEqual(right.admin.utf8)
            && left.version.utf8.elementsEqual(right.version.utf8)
    }
}
