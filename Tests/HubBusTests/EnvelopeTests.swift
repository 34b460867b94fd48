// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import HubWire
import Testing

@testable import HubBus

/// What travels between nodes, byte by byte.
@Suite("Envelope")
struct EnvelopeTests {
    private let writer = EnvelopeWriter(NodeIdentity(id: "node-1", incarnation: 0x0102_0304_0506_0708))

    private func publication(_ topic: BusTopic, _ payload: [UInt8]) -> [UInt8] {
        var fields = EnvelopeWriter.Fields(.publication, to: topic)
        fields.epoch = 3
        fields.sequence = 4
        fields.publishTime = 5
        fields.isBinary = true
        return writer.encode(fields, payload: payload).bytes
    }

    @Test("stands on the wire as the document has it")
    func bytes() throws {
        let bytes = publication(.broadcast, [0xAA, 0xBB])
        let expected: [UInt8] =
            [0xFF, 0x47, 0x48, 0x42, 1, 1, 1, 6]
            + [1, 2, 3, 4, 5, 6, 7, 8]
            + [0, 0, 0, 3]
            + [0, 0, 0, 0, 0, 0, 0, 4]
            + [0, 0, 0, 0, 0, 0, 0, 5]
            + [0, 9] + [0, 0, 0, 0] + [0, 0]
            + Array("node-1broadcast".utf8) + [0xAA, 0xBB]
        #expect(bytes == expected)
    }

    @Test("gives back every field, and the payload byte for byte", arguments: [0, 1, 255, 70_000])
    func roundTrip(size: Int) throws {
        var fields = EnvelopeWriter.Fields(.request, to: .node("other"))
        fields.trace = (0..<25).map { UInt8($0) }
        fields.correlation = .max
        fields.client = (0..<16).map { UInt8($0) }
        fields.operation = "unicast"
        let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let bytes = writer.encode(fields, payload: payload).bytes
        try bytes.withUnsafeBytes { bytes in
            let envelope = try Envelope(bytes)
            #expect(envelope.kind == .request)
            #expect(!envelope.isBinary)
            #expect(envelope.origin.elementsEqual("node-1".utf8))
            #expect(envelope.incarnation == 0x0102_0304_0506_0708)
            #expect(envelope.topic.elementsEqual("node/other".utf8))
            #expect(envelope.trace.elementsEqual(fields.trace))
            #expect(envelope.extensions.correlation == .max)
            #expect(envelope.extensions[.client]?.elementsEqual(fields.client) == true)
            #expect(envelope.extensions[.operation]?.elementsEqual("unicast".utf8) == true)
            #expect(envelope.payload.elementsEqual(payload))
        }
    }

    @Test("steps over extensions that it does not know")
    func unknownExtension() throws {
        var bytes = publication(.broadcast, [9])
        bytes.replaceSubrange(38..<42, with: [0, 0, 0, 5])
        bytes.insert(contentsOf: [200, 0, 2, 1, 1], at: bytes.count - 1)
        try bytes.withUnsafeBytes { bytes in
            let envelope = try Envelope(bytes)
            #expect(envelope.payload.elementsEqual([9]))
            #expect(envelope.extensions.correlation == nil)
        }
    }

    @Test("has 64 KiB of extensions at the most", arguments: [0, 1])
    func manyExtensions(excess: Int) {
        var bytes = publication(.broadcast, [9])
        let size = Envelope.maximumExtensionBytes + 3 * excess
        bytes.replaceSubrange(38..<42, with: [0, 1, 0, UInt8(3 * excess)])
        let empty = (0..<size / 3 - 1).flatMap { _ in [200, 0, 0] as [UInt8] }
        bytes.insert(contentsOf: [200, 0, 1, 1] + empty, at: bytes.count - 1)
        let payload = bytes.withUnsafeBytes { bytes in (try? Envelope(bytes)).map { Array($0.payload) } }
        #expect(payload == (excess == 0 ? [9] : nil))
    }

    @Test("knows another version from bytes that are cut short")
    func versions() {
        var bytes = publication(.broadcast, [])
        bytes[4] = 2
        #expect(throws: Envelope.Fault.unknownVersion) { try bytes.withUnsafeBytes { _ = try Envelope($0) } }
    }

    @Test("refuses every cut of an envelope that leaves no whole head")
    func cuts() {
        var fields = EnvelopeWriter.Fields(.answer, to: .node("x"))
        fields.correlation = 1
        let bytes = writer.encode(fields).bytes
        for count in 0..<bytes.count {
            #expect(throws: Envelope.Fault.malformed, "\(count) bytes") {
                try bytes.withUnsafeBytes { _ = try Envelope(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            }
        }
    }

    @Test("never reads past its bytes, whatever they say")
    func random() {
        var random = SplitMix64(seed: 7)
        for _ in 0..<20_000 {
            var bytes = publication(.broadcast, [1, 2, 3])
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 4..<bytes.count, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
            }
            bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
            bytes.withUnsafeBytes { bytes in
                guard let envelope = try? Envelope(bytes) else { return }
                #expect(envelope.origin.count + envelope.topic.count + envelope.payload.count <= bytes.count)
                _ = envelope.extensions[.operation]
            }
        }
    }

    @Test("no UTF-8 text begins as an envelope does")
    func magic() {
        let first = [UInt8(Envelope.magic >> 24)]
        #expect(String(validating: first, as: UTF8.self) == nil)
    }
}
