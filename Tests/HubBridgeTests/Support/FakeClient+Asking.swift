// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting

/// What the tests' clients ask for, and what they are answered, without the times.
extension FakeClient {
    func askSubscribe(_ topic: String = "news", id: Int = 1) {
        send(#"{"message_id":\#(id),"message_type":"subscribe","data":{"topic":"\#(topic)"}}"#)
    }

    func askUnsubscribe(_ topic: String = "news", id: Int = 1) {
        send(#"{"message_id":\#(id),"message_type":"unsubscribe","data":{"topic":"\#(topic)"}}"#)
    }

    func askPublish(_ payload: String, to topic: String = "news", confirm: Bool = false, id: Int = 1) {
        let data = #"{"topic":"\#(topic)","payload":\#(payload),"confirm":\#(confirm)}"#
        send(#"{"message_id":\#(id),"message_type":"publish","data":\#(data)}"#)
    }

    func askBroadcast(_ payload: String, id: Int = 1) {
        send(#"{"message_id":\#(id),"message_type":"broadcast","data":{"payload":\#(payload)}}"#)
    }

    func askUnicast(_ payload: String, to client: String, id: Int = 1) {
        let data = #"{"client_id":"\#(client)","payload":\#(payload)}"#
        send(#"{"message_id":\#(id),"message_type":"unicast","data":\#(data)}"#)
    }

    func askUnicast(_ payload: String, to client: ClientID, id: Int = 1) {
        askUnicast(payload, to: client.description, id: id)
    }

    /// What came since this was last asked: `type id data` of answers, the code and id of errors, the payload of
    /// messages, and what is none of the hub's as it is.
    func takeNews() -> [String] { takeTexts().map(Self.brief) }

    /// The payloads among what came since this was last asked.
    func takePayloads() -> [String] {
        takeTexts().filter { $0.contains(#""message_type":"message""#) }.map(Self.brief)
    }

    private static func brief(_ text: String) -> String {
        func part(after start: String, before end: String) -> String {
            guard let rest = text.split(separator: start, maxSplits: 1).dropFirst().first else { return "" }
            return rest.split(separator: end, maxSplits: 1).first.map(String.init) ?? ""
        }
        let type = part(after: #""message_type":""#, before: "\"")
        let id = text.dropFirst(#"{"message_id":"#.count).prefix { $0.isNumber }
        switch type {
        case "": return text
        case "message": return part(after: #""payload":"#, before: #","from":"#)
        case "error": return "\(part(after: #""code":""#, before: "\"")) \(id)"
        default: return "\(type) \(id)" + (text.contains(#""bus":"unavailable""#) ? " unavailable" : "")
        }
    }
}
