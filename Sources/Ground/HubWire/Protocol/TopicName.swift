// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A name that clients may publish to: 1 to 255 bytes of UTF-8 without control characters.
///
/// Two names are the same only if their bytes are: unlike `String`, composed and decomposed accents differ, as they do on
/// every bus. Two scopes are reserved. `broadcast` is every client of every node: publishing to it is a broadcast. Names
/// that begin with `unicast/` are one client each and reached by a `unicast` request only. Neither can be subscribed to.
package struct TopicName: Hashable, Sendable, CustomStringConvertible {
    /// The name as text.
    package let text: String

    /// The longest name, in bytes of UTF-8.
    package static let maximumBytes = 255
    /// The reserved name of every client.
    package static let broadcast = TopicName(unchecked: "broadcast")
    /// What the reserved name of one client begins with; the client's id follows.
    package static let unicastPrefix = "unicast/"

    /// Takes a name of any scope.
    ///
    /// - Throws: ``MessageError`` `.badTopic` if it is empty, too long, or holds a control character.
    package init(_ text: String) throws(MessageError) {
        var text = text
        if let fault = text.withUTF8({ Self.fault(in: UnsafeRawBufferPointer($0)) }) {
            throw MessageError(.badTopic, fault)
        }
        self.text = text
    }

    /// Takes a name out of a JSON text.
    init(_ token: JSONString) throws(MessageError) {
        guard token.raw.count <= Self.maximumTokenBytes else { throw MessageError(.badTopic, Self.tooLong) }
        try self.init(DataReader.text(token))
    }

    private init(unchecked text: String) { self.text = text }

    /// The reserved name of one client.
    ///
    /// - Throws: ``MessageError`` `.clientNotFound` if no client can have this id: it is empty, longer than 247 bytes, or
    ///   holds a control character.
    package static func unicast(to clientID: String) throws(MessageError) -> TopicName {
        guard !clientID.isEmpty, let name = try? TopicName(unicastPrefix + clientID) else {
            throw MessageError(.clientNotFound, noSuchID)
        }
        return name
    }

    /// The id of a client that stands in a JSON text, as it was written there.
    static func clientID(_ token: JSONString) throws(MessageError) -> String {
        guard token.raw.count <= maximumTokenBytes else { throw MessageError(.clientNotFound, noSuchID) }
        let clientID = try DataReader.text(token)
        _ = try unicast(to: clientID)
        return clientID
    }

    /// Whether it is the name of every client.
    package var isBroadcast: Bool { text.utf8.count == 9 && begins(with: "broadcast") }

    /// Whether it is the name of one client.
    package var isUnicast: Bool { begins(with: "unicast/") }

    private func begins(with prefix: String) -> Bool {
        var text = text
        return text.withUTF8 { UnsafeRawBufferPointer($0).begins(with: prefix) }
    }

    /// Gives the name back if a client may subscribe to it.
    ///
    /// - Throws: ``MessageError`` `.badTopic` for the reserved names.
    package func subscribable() throws(MessageError) -> TopicName {
        guard !isBroadcast, !isUnicast else { throw MessageError(.badTopic, "this name is reserved") }
        return self
    }

    /// Gives the name back if a client may publish to it: also `broadcast`.
    ///
    /// - Throws: ``MessageError`` `.badTopic` for the names of single clients.
    package func publishable() throws(MessageError) -> TopicName {
        guard !isUnicast else { throw MessageError(.badTopic, "one client is reached by a unicast request") }
        return self
    }

    package static func == (left: TopicName, right: TopicName) -> Bool { left.text.hasBytes(of: right.text) }

    package func hash(into hasher: inout Hasher) {
        // Texts of the same bytes hash the same; that some others do too is no harm.
        text.hash(into: &hasher)
    }

    package var description: String { text }

    /// The longest token that can stand for a name, as an escape takes six bytes for one; longer ones are not decoded.
    private static let maximumTokenBytes = 6 * maximumBytes
    private static let tooLong = "a topic has 255 bytes at most"
    private static let noSuchID = "no client can have this id"

    private static func fault(in bytes: UnsafeRawBufferPointer) -> String? {
        if bytes.isEmpty { return "a topic has one byte at least" }
        if bytes.count > maximumBytes { return tooLong }
        var offset = 0
        while offset &+ 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            guard JSONByte.isPrintableASCII(word) else { break }
            offset &+= 8
        }
        var previous: UInt8 = 0
        for byte in bytes[offset...] {
            // C0, DEL, and C1, which is C2 80 to C2 9F in UTF-8.
            if byte < 0x20 || byte == 0x7F || (previous == 0xC2 && byte < 0xA0) {
                return "a topic has no control characters"
            }
            previous = byte
        }
        return nil
    }
}
