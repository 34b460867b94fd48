// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

@testable import HubTesting

@Suite("What fixtures read from NATS")
struct NATSTestEventTests {
    private static let events: [(text: String, event: String)] = [
        ("INFO {\"port\":4222}\r\n", "info 4222"), ("PING\r\n", "ping"), ("PONG\r\n", "pong"),
        (
            "-ERR 'Permissions Violation for Publish to \"room\"'\r\n",
            "error Permissions Violation for Publish to \"room\""
        ),
        ("MSG room 7 5\r\na\r\nbc\r\n", "message room 7 - - [] a\r\nbc"),
        ("MSG room 7 back 0\r\n\r\n", "message room 7 back - [] "),
        ("HMSG room 7 16 16\r\nNATS/1.0 503\r\n\r\n\r\n", "message room 7 - 503 [] "),
        (
            "HMSG room 7 back 27 29\r\nNATS/1.0\r\nA: b:c\r\nA:  d\r\n\r\n12\r\n",
            "message room 7 back - [A=b:c A=d] 12"
        ),
    ]

    @Test("events are read when they have come whole, one after the other", arguments: events.indices)
    func reads(index: Int) throws {
        let (text, event) = Self.events[index]
        for count in 0..<text.utf8.count {
            var bytes = Array(text.utf8.prefix(count))
            #expect(try NATSTestEvent.take(from: &bytes) == nil)
            #expect(bytes.count == count)
        }
        var bytes = Array("\(text)PONG\r\n".utf8)
        #expect(try NATSTestEvent.take(from: &bytes).map(Self.text) == event)
        #expect(try NATSTestEvent.take(from: &bytes).map(Self.text) == "pong")
        #expect(bytes.isEmpty)
    }

    @Test(
        "what no server sends is refused",
        arguments: ["\r\n", "HELLO\r\n", "INFO {\r\n", "MSG room 7\r\n", "MSG room x 5\r\n", "HMSG room 7 9 5\r\n"]
    )
    func refuses(text: String) {
        var bytes = Array(text.utf8)
        #expect(throws: ProcessFault.self) { try NATSTestEvent.take(from: &bytes) }
    }

    private static func text(_ event: NATSTestEvent) -> String {
        switch event {
        case .info(let info): return "info \(Int(info["port"]?.number ?? 0))"
        case .error(let words): return "error \(words)"
        case .ping: return "ping"
        case .pong: return "pong"
        case .message(let message):
            let headers = message.headers.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
            let ends = "\(message.reply ?? "-") \(message.status ?? "-")"
            return "message \(message.subject) \(message.subscription) \(ends) [\(headers)] \(message.text)"
        }
    }
}
