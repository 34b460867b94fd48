// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What travels between nodes, version 1: who published, which message of its stream it is, and the bytes themselves.
///
/// Borrowed: valid as long as the bytes that it was read from. docs/bus_spec.md has it byte by byte. All numbers are
/// big-endian.
package struct Envelope {
    /// What an envelope is.
    package enum Kind: UInt8, Sendable {
        /// A frame for the clients that its topic names.
        case publication = 1
        /// One node asks another.
        case request = 2
        /// The other node answers.
        case answer = 3
        /// A node says who it is.
        case node = 4
        /// A node writes to itself, to see whether messages flow.
        case probe = 5
        /// The same, to measure how messages flow.
        case canary = 6

        /// Whether a stream keeps it, and brings it: what nodes ask and tell each other is of no use later, and goes beside it.
        package var isKept: Bool {
            switch self {
            case .publication, .probe, .canary: true
            case .request, .answer, .node: false
            }
        }
    }

    /// Why bytes are no envelope of this version.
    package enum Fault: Error, Sendable {
        /// Another version; later ones may come from newer nodes.
        case unknownVersion
        /// Cut short, or contradictory.
        case malformed
    }

    /// The first bytes; the first of them stands in no UTF-8 text, so that no text is taken for an envelope.
    package static let magic: UInt32 = 0xFF47_4842
    package static let version: UInt8 = 1
    /// How many bytes stand before the names.
    static let fixedBytes = 44
    /// The most bytes of all extensions together.
    static let maximumExtensionBytes = 1 << 16
    /// How many bytes a trace context takes: its id, the span's id, its flags.
    static let traceBytes = 25

    package let kind: Kind
    /// Whether the payload is the content of a binary frame.
    package let isBinary: Bool
    /// The node that published.
    package let origin: UnsafeRawBufferPointer
    package let incarnation: UInt64
    /// Which numbering of the topic the sequence belongs to.
    package let epoch: UInt32
    /// Counts the messages of one incarnation to one topic, from 1; 0 is not numbered.
    package let sequence: UInt64
    /// When it was published, microseconds since 1970 by the origin's clock.
    package let publishTime: Int64
    /// The name that it was published to, without the bus's prefix.
    package let topic: UnsafeRawBufferPointer
    /// A W3C trace context: 16 bytes of trace id, 8 of span id, 1 of flags; empty where there is none.
    package let trace: UnsafeRawBufferPointer
    /// Fields of later versions and of single kinds, see ``EnvelopeExtensions``.
    package let extensions: EnvelopeExtensions
    package let payload: UnsafeRawBufferPointer

    /// The kind of bytes that begin as an envelope does; nil when they do not, or for a kind that is not known.
    static func kind(of bytes: UnsafeRawBufferPointer) -> Kind? {
        bytes.count > 5 && begins(bytes) ? Kind(rawValue: bytes[5]) : nil
    }

    /// Whether bytes begin as an envelope of any version does.
    package static func begins(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count >= 4 && UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)) == magic
    }

    /// Reads an envelope.
    ///
    /// - Parameter bytes: The whole message; see ``begins(_:)``.
    /// - Complexity: O(extensions); nothing is copied.
    package init(_ bytes: UnsafeRawBufferPointer) throws(Fault) {
        guard Self.begins(bytes), bytes.count >= 5 else { throw .malformed }
        guard bytes[4] == Self.version else { throw .unknownVersion }
        guard bytes.count >= Self.fixedBytes, let kind = Kind(rawValue: bytes[5]) else { throw .malformed }
        let flags = bytes[6]
        let originEnd = Self.fixedBytes + Int(bytes[7])
        let topicEnd = originEnd + Int(Self.integer(bytes, 36, as: UInt16.self))
        let traceEnd = topicEnd + (flags & Flags.trace != 0 ? Self.traceBytes : 0)
        let extensionBytes = Int(Self.integer(bytes, 38, as: UInt32.self))
        let end = traceEnd + extensionBytes
        guard extensionBytes <= Self.maximumExtensionBytes, end <= bytes.count, bytes[7] > 0 else { throw .malformed }
        self.kind = kind
        isBinary = flags & Flags.binary != 0
        incarnation = Self.integer(bytes, 8, as: UInt64.self)
        epoch = Self.integer(bytes, 16, as: UInt32.self)
        sequence = Self.integer(bytes, 20, as: UInt64.self)
        publishTime = Int64(bitPattern: Self.integer(bytes, 28, as: UInt64.self))
        origin = UnsafeRawBufferPointer(rebasing: bytes[Self.fixedBytes..<originEnd])
        topic = UnsafeRawBufferPointer(rebasing: bytes[originEnd..<topicEnd])
        trace = UnsafeRawBufferPointer(rebasing: bytes[topicEnd..<traceEnd])
        guard let extensions = EnvelopeExtensions(UnsafeRawBufferPointer(rebasing: bytes[traceEnd..<end])) else {
            throw .malformed
        }
        self.extensions = extensions
        payload = UnsafeRawBufferPointer(rebasing: bytes[end...])
    }

    private static func integer<Number: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer,
        _ offset: Int,
        as type: Number.Type
    ) -> Number {
        Number(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    enum Flags {
        static let binary: UInt8 = 1
        static let trace: UInt8 = 2
    }
}
