// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

@Suite("docs/protocol.md")
struct ProtocolDocumentTests {
    let document: String

    init() throws {
        document = String(decoding: try WireFixtures.bytes("docs/protocol.md"), as: UTF8.self)
    }

    /// The lines of the blocks that are marked as JSON.
    private var examples: [String] {
        var isInside = false
        var examples: [String] = []
        for line in document.split(separator: "\n") {
            if line.hasPrefix("```") {
                isInside = line == "```json"
            } else if isInside {
                examples.append(String(line))
            }
        }
        return examples
    }

    @Test("shows every message, and each as the hub and its clients read it")
    func messages() throws {
        var shown: Set<MessageType> = []
        for example in examples {
            let parsed = ProtocolProbe.reading(example.utf8) { (bytes) throws(MessageError) in
                let message = try ClientMessage.parse(bytes)
                let data = try message.requiredData(in: bytes)
                switch message.knownType {
                case .subscribe, .unsubscribe: _ = try TopicRequest.parse(data)
                case .publish: _ = try PublishRequest.parse(data)
                case .broadcast: _ = try BroadcastRequest.parse(data)
                case .unicast: _ = try UnicastRequest.parse(data)
                case .welcome: _ = try WelcomeData.parse(data)
                case .draining: _ = try DrainingData.parse(data)
                case .subscribed, .unsubscribed, .published: _ = try TopicData.parse(data)
                case .message: _ = try DeliveryData.parse(data)
                case .error: _ = try ErrorData.parse(data)
                case .ping, .pong, nil: break
                }
                return message.knownType
            }
            shown.insert(try #require(try parsed.get(), "\(example)"))
        }
        #expect(shown == Set(MessageType.allCases))
    }

    @Test("explains every error code", arguments: ErrorCode.allCases)
    func errors(code: ErrorCode) {
        #expect(document.contains("\n| `\(code.rawValue)` | "))
    }

    @Test("shows a binary frame that is one")
    func binary() throws {
        let line = try #require(document.split(separator: "\n").first { $0.hasPrefix("07 72") })
        let bytes = line.prefix { $0 != "\"" }.split(separator: " ").compactMap { UInt8($0, radix: 16) }
        #expect(ProtocolBinaryTests.parse(bytes) == .success("rooms/1|202,254"))
    }
}
