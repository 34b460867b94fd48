// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Writes the envelopes of one node.
package struct EnvelopeWriter: Sendable {
    private let incarnation: UInt64
    private let origin: [UInt8]

    /// Writes in the name of a node.
    package init(_ identity: NodeIdentity) {
        incarnation = identity.incarnation
        origin = Array(identity.id.utf8)
    }

    /// What differs from envelope to envelope.
    package struct Fields {
        package var kind: Envelope.Kind
        package var topic: BusTopic
        package var isBinary = false
        package var epoch: UInt32 = 0
        package var sequence: UInt64 = 0
        /// Microseconds since 1970.
        package var publishTime: Int64 = 0
        /// 25 bytes, or none.
        package var trace: [UInt8] = []
        package var correlation: UInt64?
        /// 16 bytes, or none.
        package var client: [UInt8] = []
        package var operation: StaticString?

        /// Begins with nothing but what it is and where it goes.
        package init(_ kind: Envelope.Kind, to topic: BusTopic) {
            self.kind = kind
            self.topic = topic
        }
    }

    /// Encodes an envelope.
    ///
    /// - Complexity: One allocation of the exact size of the head; the payload is not copied.
    package func encode(_ fields: Fields, payload: [UInt8] = []) -> EncodedEnvelope {
        let topic = fields.topic.name.utf8
        let trace = fields.trace.count == Envelope.traceBytes ? fields.trace : []
        let operation = fields.operation?.utf8CodeUnitCount
        let extensionBytes =
            (fields.correlation == nil ? 0 : 11) + (fields.client.isEmpty ? 0 : 3 + fields.client.count)
            + (operation.map { 3 + $0 } ?? 0)
        let size = Envelope.fixedBytes + origin.count + topic.count + trace.count + extensionBytes
        let head = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            var output = Output(bytes: UnsafeMutableRawBufferPointer(buffer))
            output.put(Envelope.magic)
            output.put(Envelope.version)
            output.put(fields.kind.rawValue)
            let flags = (fields.isBinary ? Envelope.Flags.binary : 0) | (trace.isEmpty ? 0 : Envelope.Flags.trace)
            output.put(flags)
            output.put(UInt8(truncatingIfNeeded: origin.count))
            output.put(incarnation)
            output.put(fields.epoch)
            output.put(fields.sequence)
            output.put(fields.publishTime)
            output.put(UInt16(truncatingIfNeeded: topic.count))
            output.put(UInt32(truncatingIfNeeded: extensionBytes))
            // Reserved: 0, and not read.
            output.put(UInt16(0))
            output.put(origin)
            output.put(topic)
            output.put(trace)
            if let correlation = fields.correlation {
                output.begin(.correlation, 8)
                output.put(correlation)
            }
            if !fields.client.isEmpty {
                output.begin(.client, fields.client.count)
                output.put(fields.client)
            }
            if let text = fields.operation {
                output.begin(.operation, text.utf8CodeUnitCount)
                output.put(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
            }
            count = output.offset
        }
        return EncodedEnvelope(head: head, payload: payload)
    }

    private struct Output {
        let bytes: UnsafeMutableRawBufferPointer
        var offset = 0

        mutating func put(_ number: some FixedWidthInteger) {
            bytes.storeBytes(of: number.bigEndian, toByteOffset: offset, as: type(of: number).self)
            offset += MemoryLayout.size(ofValue: number)
        }

        mutating func put(_ raw: some Collection<UInt8>) {
            UnsafeMutableRawBufferPointer(rebasing: bytes[offset...]).copyBytes(from: raw)
            offset += raw.count
        }

        mutating func begin(_ field: EnvelopeExtensions.Field, _ count: Int) {
            put(field.rawValue)
            put(UInt16(truncatingIfNeeded: count))
        }
    }
}
