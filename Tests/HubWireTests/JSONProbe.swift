// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// What tests ask of the JSON reader, with text in and values out.
enum JSONProbe {
    /// The error of validating a text; nil if it is accepted.
    static func fault(_ text: some Sequence<UInt8>, as input: JSONReader.Input = .untrusted) -> JSONError? {
        Array(text).withUnsafeBytes { bytes in
            do throws(JSONError) {
                try JSONReader.validate(bytes, as: input)
                return nil
            } catch {
                return error
            }
        }
    }

    /// The members of an object: decoded keys and the text of the values.
    static func members(_ text: some Sequence<UInt8>) throws -> [(key: String, value: String)] {
        try Array(text).withUnsafeBytes { bytes in
            var members: [(key: String, value: String)] = []
            try JSONReader.members(of: bytes) { (key, value) throws(JSONError) in
                members.append((try key.decoded(), String(decoding: bytes[value], as: UTF8.self)))
            }
            return members
        }
    }

    /// The text of a document that is one string, decoded.
    static func decode(_ text: some Sequence<UInt8>) throws -> String {
        try members(Array("{".utf8) + Array(text) + Array(":0}".utf8))[0].key
    }

    /// A string as the writer writes it.
    static func encode(_ text: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.string(text)
        return writer.bytes
    }
}
