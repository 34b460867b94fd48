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
        // Decoding is at most six to one, so nothing long is decoded only to be refused.
        guard token.raw.count <= 6 * Self.maximumBytes else { throw MessageError(.badTopic, Self.tooLong) }
        let text: String
        do throws(JSONError) {
            text = try token.decoded()
        } catch {
            throw MessageError(.badMessage, error.description)
        }
        try self.init(text)
    }

    private init(unchecked text: String) { self.text = text }

    /// The reserved name of one client.
    ///
    /// - Throws: ``MessageError`` `.clientNotFound` if no client can have this id: it is empty, longer than 247 bytes, or
    ///   holds a control character.
    package static func unicast(to clientID: String) throws(MessageError) -> TopicName {
        guard !clientID.isEmpty, let name = try? TopicName(unicastPrefix + clientID) else {
            throw MessageError(.clientNotFound, "no client can have this id")
        }
        return name
    }

    /// Whether it is the name of every client.
    package var isBroadcast: Bool { self == .broadcast }

    /// Whether it is the name of one client.
    package var isUnicast: Bool { text.utf8.starts(with: Self.unicastPrefix.utf8) }

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

    package static func == (left: TopicName, right: TopicName) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    package var description: String { text }

    private static let tooLong = "a topic has 255 bytes at most"

    private static func fault(in bytes: UnsafeRawBufferPointer) -> String? {
        if bytes.isEmpty { return "a topic has one byte at least" }
        if bytes.count > maximumBytes { return tooLong }
        var previous: UInt8 = 0
        for byte in bytes {
            // C0, DEL, and C1, which is C2 80 to C2 9F in UTF-8.
            if byte < 0x20 || byte == 0x7F || (previous == 0xC2 && byte < 0xA0) {
                return "a topic has no control characters"
            }
            previous = byte
        }
        return nil
    }
}
