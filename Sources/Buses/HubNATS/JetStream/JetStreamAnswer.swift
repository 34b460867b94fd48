// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// What JetStream answers to a request.
struct JetStreamAnswer {
    /// Why it did not do what was asked.
    struct Failure: Error {
        let code: Int
        /// Finer than the code; see `errors.json` of nats-server.
        let number: Int
        let description: String

        static let streamNotFound = 10_059
        static let consumerNotFound = 10_014
        static let nameInUse = 10_058

        /// What the server's words do not say; empty for most.
        var advice: String {
            switch number {
            case 10_047: " (for bus.nats.stream.max_bytes; see max_file_store of the server)"
            case 10_065: " (another stream takes subjects below bus.nats.subject_prefix)"
            default: ""
            }
        }

        var isStreamMissing: Bool { number == Self.streamNotFound }
        var isConsumerMissing: Bool { number == Self.consumerNotFound }
        var isNameInUse: Bool { number == Self.nameInUse }
    }

    let tree: JSONTree

    /// Reads an answer.
    ///
    /// - Throws: ``Failure`` for one that says so, or is none.
    init(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        do throws(JSONError) {
            tree = try JSONTree(bytes)
        } catch {
            throw Failure(code: 0, number: 0, description: "it is no JSON: \(error)")
        }
        guard let error = tree["error"] else { return }
        throw Failure(
            code: error["code"]?.number.flatMap { Int(exactly: $0) } ?? 0,
            number: error["err_code"]?.number.flatMap { Int(exactly: $0) } ?? 0,
            description: error["description"]?.string ?? "an error without a description"
        )
    }

    /// Why a publication was not stored; nil when bytes are the answer to one that was.
    ///
    /// One that counts as stored before was not: a node publishes nothing twice, so somebody else has used its id.
    static func fault(ofReceipt bytes: UnsafeRawBufferPointer) -> Failure? {
        // As the server writes it, without reading all of it; with a domain or a duplicate something follows the number.
        if bytes.begins(with: "{\"stream\":\""), isPlain(bytes) { return nil }
        do throws(Failure) {
            let answer = try JetStreamAnswer(bytes)
            if answer.tree["duplicate"]?.boolean == true {
                return Failure(
                    code: 0,
                    number: 0,
                    description: "it has a message with this id, which is not this node's"
                )
            }
            guard answer.tree["stream"]?.string == nil else { return nil }
            return Failure(code: 0, number: 0, description: "what answered is no stream")
        } catch {
            return error
        }
    }

    /// Whether an answer ends with a number, as one does that has a stream and a sequence alone.
    private static func isPlain(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= 2, bytes[bytes.count - 1] == UInt8(ascii: "}") else { return false }
        return (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[bytes.count - 2])
    }
}
