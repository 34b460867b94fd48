// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// A message as a client of NATS receives it.
package struct NATSTestMessage: Sendable {
    package let subject: String
    /// The number that the subscription was given.
    package let subscription: Int
    /// Where an answer is to be sent.
    package let reply: String?
    /// What the server says in place of a message, such as `503` where nobody answers.
    package let status: String?
    package let headers: [(name: String, value: String)]
    package let payload: [UInt8]

    package var text: String { String(decoding: payload, as: UTF8.self) }
}

/// What a NATS server sends.
enum NATSTestEvent: Sendable {
    case info(JSONTree)
    case message(NATSTestMessage)
    case error(String)
    case ping
    case pong

    /// Takes one off the front; nil while it is not complete.
    static func take(from bytes: inout [UInt8]) throws(ProcessFault) -> NATSTestEvent? {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let line = String(decoding: bytes[..<end].filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
        var words = line.split(separator: " ")
        guard let verb = words.first else { throw ProcessFault(.badReply, "an empty line") }
        if verb == "MSG" || verb == "HMSG" {
            words.removeFirst()
            return try takeMessage(words, hasHeaders: verb == "HMSG", at: end + 1, from: &bytes)
        }
        bytes.removeFirst(end + 1)
        switch verb {
        case "INFO": return .info(try JSONTree(parsing: Array(line.dropFirst(5).utf8)))
        // 'Permissions Violation for Publish to "room"'
        case "-ERR": return .error(String(line.dropFirst(5).filter { $0 != "'" }))
        case "PING": return .ping
        case "PONG": return .pong
        default: throw ProcessFault(.badReply, "NATS said: \(line)")
        }
    }

    /// `room 1 [reply] 5`, and with headers their length before that of all.
    private static func takeMessage(
        _ words: [Substring],
        hasHeaders: Bool,
        at start: Int,
        from bytes: inout [UInt8]
    ) throws(ProcessFault) -> NATSTestEvent? {
        var words = words
        guard let count = words.popLast().flatMap({ Int($0) }),
            let headCount = hasHeaders ? words.popLast().flatMap({ Int($0) }) : 0, headCount <= count,
            words.count == 2 || words.count == 3, let subscription = Int(words[1])
        else { throw ProcessFault(.badReply, "NATS sent a message with the words \(words)") }
        guard bytes.count >= start + count + 2 else { return nil }
        let head = fields(of: bytes[start..<(start + headCount)])
        let message = NATSTestMessage(
            subject: String(words[0]),
            subscription: subscription,
            reply: words.count == 3 ? String(words[2]) : nil,
            status: head.status,
            headers: head.headers,
            payload: Array(bytes[(start + headCount)..<(start + count)])
        )
        bytes.removeFirst(start + count + 2)
        return .message(message)
    }

    /// `NATS/1.0 503`, then a header a line.
    private static func fields(of head: ArraySlice<UInt8>) -> (
        status: String?, headers: [(name: String, value: String)]
    ) {
        // By scalars, as CR LF is one character.
        let lines = String(decoding: head, as: UTF8.self).unicodeScalars.split(separator: "\n").map { line in
            String(String.UnicodeScalarView(line.filter { $0 != "\r" }))
        }
        let status = lines.first.flatMap { $0.split(separator: " ").dropFirst().first.map(String.init) }
        let headers = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        return (status, headers)
    }
}
