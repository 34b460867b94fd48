// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What an entry of the stream is, by its fields; borrowed from the reply that it came in.
enum StreamEntry {
    /// A publication or a probe: of a node an envelope, of another program a payload.
    case message(topic: UnsafeRawBufferPointer, bytes: UnsafeRawBufferPointer)
    /// What a node wrote to learn where the stream ends, see ``StreamWriter/mark()``.
    case mark
    /// Anything else.
    case other

    init(_ fields: RESPReply) {
        if fields.count == 4, fields[0]?.holds("t") == true, fields[2]?.holds("p") == true,
            let topic = fields[1]?.bytes,
            let bytes = fields[3]?.bytes
        {
            self = .message(topic: topic, bytes: bytes)
        } else if fields.count == 2, fields[0]?.holds("m") == true, fields[1]?.holds("") == true {
            self = .mark
        } else {
            self = .other
        }
    }
}
