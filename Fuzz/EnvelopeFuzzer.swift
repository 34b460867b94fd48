// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus

/// What must hold of messages between nodes: they are read exactly as docs/bus_spec.md says, within their bytes, and what is
/// written back is read as the same.
package enum EnvelopeFuzzer {
    package static func run(_ bytes: UnsafeRawBufferPointer) throws(FuzzFailure) {
        let layout = EnvelopeLayout(bytes)
        try FuzzFailure.require(
            Envelope.begins(bytes) == bytes.starts(with: EnvelopeLayout.magic),
            "an envelope begins with the magic, and nothing else does"
        )
        switch read(bytes) {
        case .failure(let fault):
            try FuzzFailure.require(layout.headBytes == nil, "what the document allows is read, not \(fault)")
            let isOther = bytes.count > 4 && Envelope.begins(bytes) && bytes[4] != 1
            try FuzzFailure.require((fault == .unknownVersion) == isOther, "a fault is the right one: \(fault)")
        case .success(let envelope):
            guard let headBytes = layout.headBytes else { throw FuzzFailure("what the document forbids is refused") }
            try check(envelope, against: layout, in: bytes)
            try checkCuts(of: bytes, envelope, headBytes)
            try checkWriting(envelope, layout)
        }
    }

    private static func read(_ bytes: UnsafeRawBufferPointer) -> Result<Envelope, Envelope.Fault> {
        do throws(Envelope.Fault) { return .success(try Envelope(bytes)) } catch { return .failure(error) }
    }

    /// Every part is the bytes that the document says.
    private static func check(
        _ envelope: Envelope,
        against layout: EnvelopeLayout,
        in bytes: UnsafeRawBufferPointer
    ) throws(FuzzFailure) {
        let parts = [
            ("origin", envelope.origin, layout.origin), ("topic", envelope.topic, layout.topic),
            ("trace", envelope.trace, layout.trace), ("payload", envelope.payload, layout.payload),
        ]
        for (name, part, range) in parts {
            try FuzzFailure.require(isPart(part, bytes, range), "the \(name) is \(range) of \(bytes.count) bytes")
        }
        try FuzzFailure.require(
            envelope.kind.rawValue == bytes[5] && envelope.isBinary == (bytes[6] & 1 != 0)
                && envelope.incarnation == layout.number(8..<16) && UInt64(envelope.epoch) == layout.number(16..<20)
                && envelope.sequence == layout.number(20..<28)
                && UInt64(bitPattern: envelope.publishTime) == layout.number(28..<36),
            "each number is read"
        )
        for (field, type) in [(EnvelopeExtensions.Field.correlation, UInt8(1)), (.client, 2), (.operation, 3)] {
            let value = envelope.extensions[field]
            guard let range = layout.extensions.first(where: { $0.type == type })?.value else {
                try FuzzFailure.require(value == nil, "no extension is made up")
                continue
            }
            try FuzzFailure.require(
                value.map { isPart($0, bytes, range) } == true,
                "the first extension counts: \(type)"
            )
        }
        let correlation = layout.extensions.first { $0.type == 1 && $0.value.count == 8 }
        if let correlation, layout.extensions.first(where: { $0.type == 1 })?.value == correlation.value {
            try FuzzFailure.require(
                envelope.extensions.correlation == layout.number(correlation.value),
                "a correlation is its number"
            )
        }
    }

    private static func isPart(_ part: UnsafeRawBufferPointer, _ all: UnsafeRawBufferPointer, _ range: Range<Int>)
        -> Bool
    {
        guard let start = part.baseAddress, let first = all.baseAddress else { return range.isEmpty && part.isEmpty }
        return part.count == range.count && start - first == range.lowerBound
    }

    /// Cut in its head it is refused; cut behind it only the payload is shorter.
    private static func checkCuts(
        of bytes: UnsafeRawBufferPointer,
        _ envelope: Envelope,
        _ headBytes: Int
    ) throws(FuzzFailure) {
        let cuts =
            Array(stride(from: 0, to: headBytes, by: 1 + headBytes / 128)) + [headBytes - 1]
            + Array(stride(from: headBytes, to: bytes.count, by: 1 + (bytes.count - headBytes) / 8))
        for cut in cuts {
            // A copy, so that a byte too many is noticed.
            let rest = Array(bytes[..<cut])
            let failure = rest.withUnsafeBytes { rest -> String? in
                switch read(rest) {
                case .failure(let fault): cut < headBytes && fault == .malformed ? nil : "cut at \(cut): \(fault)"
                case .success(let shorter):
                    cut >= headBytes && isSame(shorter, envelope)
                        && shorter.payload.elementsEqual(envelope.payload.prefix(cut - headBytes))
                        ? nil : "cut at \(cut) of \(headBytes) it is taken"
                }
            }
            if let failure { throw FuzzFailure(failure) }
        }
    }

    private static func isSame(_ left: Envelope, _ right: Envelope) -> Bool {
        left.kind == right.kind && left.isBinary == right.isBinary && left.origin.elementsEqual(right.origin)
            && left.incarnation == right.incarnation && left.epoch == right.epoch && left.sequence == right.sequence
            && left.publishTime == right.publishTime && left.topic.elementsEqual(right.topic)
            && left.trace.elementsEqual(right.trace) && left.extensions.correlation == right.extensions.correlation
    }

    /// What this version can say, written and read again, is the same; what it cannot say has something else in its place.
    private static func checkWriting(_ envelope: Envelope, _ layout: EnvelopeLayout) throws(FuzzFailure) {
        let topic = BusTopic(envelope.topic)
        if let topic {
            try FuzzFailure.require(topic.name.utf8.elementsEqual(envelope.topic), "a name is what came: \(topic)")
        }
        let origin = String(validating: envelope.origin, as: UTF8.self)
        let identity = NodeIdentity(id: origin ?? "x", incarnation: envelope.incarnation)
        try FuzzFailure.require(
            (1...NodeIdentity.maximumIDBytes).contains(identity.id.utf8.count),
            "a node's name keeps its bounds: \(identity.id.debugDescription)"
        )
        var fields = EnvelopeWriter.Fields(envelope.kind, to: topic ?? .nodes)
        fields.isBinary = envelope.isBinary
        fields.epoch = envelope.epoch
        fields.sequence = envelope.sequence
        fields.publishTime = envelope.publishTime
        fields.trace = Array(envelope.trace)
        fields.correlation = envelope.extensions.correlation
        fields.client = envelope.extensions[.client].map(Array.init) ?? []
        let isUnicast = envelope.extensions[.operation]?.elementsEqual("unicast".utf8) == true
        if isUnicast { fields.operation = "unicast" }
        let written = EnvelopeWriter(identity).encode(fields, payload: Array(envelope.payload)).bytes
        let failure = written.withUnsafeBytes { bytes -> String? in
            guard case .success(let again) = read(bytes) else { return "what is written is read" }
            let isSame =
                again.kind == envelope.kind && again.isBinary == envelope.isBinary
                && again.origin.elementsEqual(identity.id.utf8) && again.incarnation == envelope.incarnation
                && again.epoch == envelope.epoch && again.sequence == envelope.sequence
                && again.publishTime == envelope.publishTime && again.topic.elementsEqual(fields.topic.name.utf8)
                && again.trace.elementsEqual(envelope.trace) && again.payload.elementsEqual(envelope.payload)
                && again.extensions.correlation == fields.correlation
                && (again.extensions[.client] ?? UnsafeRawBufferPointer(rebasing: bytes[..<0]))
                    .elementsEqual(fields.client)
                && (again.extensions[.operation] != nil) == isUnicast
            return isSame ? nil : "what is written is read as the same"
        }
        if let failure { throw FuzzFailure(failure) }
    }
}

/// An envelope as the table of docs/bus_spec.md has it, read a second time and in another way.
private struct EnvelopeLayout {
    static let magic: [UInt8] = [0xFF, 0x47, 0x48, 0x42]

    private let bytes: UnsafeRawBufferPointer
    /// How many bytes stand before the payload; nil for what is no envelope.
    private(set) var headBytes: Int?
    private(set) var origin = 0..<0
    private(set) var topic = 0..<0
    private(set) var trace = 0..<0
    private(set) var payload = 0..<0
    private(set) var extensions: [(type: UInt8, value: Range<Int>)] = []

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        guard bytes.count >= 44, bytes.starts(with: Self.magic), bytes[4] == 1, (1...6).contains(bytes[5]), bytes[7] > 0
        else { return }
        var end = 44
        func take(_ count: Int) -> Range<Int> {
            defer { end += count }
            return end..<end + count
        }
        origin = take(Int(bytes[7]))
        topic = take(Int(number(36..<38)))
        trace = take(bytes[6] & 2 == 0 ? 0 : 25)
        var rest = take(Int(number(38..<42)))
        guard end <= bytes.count else { return }
        while !rest.isEmpty {
            guard rest.count >= 3 else { return }
            let start = rest.lowerBound + 3
            let count = Int(number(start - 2..<start))
            guard start + count <= rest.upperBound else { return }
            extensions.append((bytes[rest.lowerBound], start..<start + count))
            rest = start + count..<rest.upperBound
        }
        payload = end..<bytes.count
        headBytes = end
    }

    /// A number of up to eight bytes, the largest first.
    func number(_ range: Range<Int>) -> UInt64 { range.reduce(0) { $0 << 8 | UInt64(bytes[$1]) } }
}
