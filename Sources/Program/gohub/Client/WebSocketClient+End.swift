// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubWire

extension WebSocketClient.End {
    /// No connection could be made.
    static func unreachable(_ error: LoopError) -> Self {
        let isOurs = error.code == .outOfDescriptors
        return .failed("\(error.message)\(isOurs ? "" : "; is the hub running? --url names another")")
    }

    /// The server's answer opens no WebSocket.
    ///
    /// - Parameter body: What has come of its body, of which the first line is shown.
    static func refused(_ error: HandshakeError, _ head: HTTPResponseHead, body: UnsafeRawBufferPointer) -> Self {
        let line = String(decoding: body, as: UTF8.self).prefix { !$0.isNewline }
        let hint =
            switch head.status {
            case 200, 404: "; the hub's WebSocket is at /ws"
            case 503: "; a hub's limits are server.max_connections_per_ip (0 is no limit) and server.max_connections"
            default: ""
            }
        let status = "\(head.status) \(HTTPResponse.reason(head.status))"
        return .failed("\(error.message): \(status)\(line.isEmpty ? "" : " \(line)")\(hint)")
    }

    /// How it ended, for a person.
    var text: String {
        switch self {
        case .closed(let code, let reason): "the hub closed with \(code)\(reason.isEmpty ? "" : ": \(reason)")"
        case .failed(let reason): reason
        }
    }
}

extension ErrorData {
    /// The refusal, for a person.
    var text: String { "\(code): \(reason)" }
}
