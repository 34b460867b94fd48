// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubWire

/// Why a connection ended, in words; each has the side that began and the close code that says it.
package enum CloseReason: UInt8, MetricLabel {
    case normal, goingAway, application, clientError
    case protocolError, invalidPayload, tooLarge, slow, noPong, idle, writeTimeout, messageTimeout, drain, kicked
    case internalError
    case abnormal, readError, writeError

    package static let labelName = "reason"
    package var labelValue: String {
        switch self {
        case .normal: "normal"
        case .goingAway: "going_away"
        case .application: "application"
        case .clientError: "client_error"
        case .protocolError: "protocol_error"
        case .invalidPayload: "invalid_payload"
        case .tooLarge: "too_large"
        case .slow: "slow"
        case .noPong: "no_pong"
        case .idle: "idle"
        case .writeTimeout: "write_timeout"
        case .messageTimeout: "message_timeout"
        case .drain: "drain"
        case .kicked: "kicked"
        case .internalError: "internal"
        case .abnormal: "abnormal"
        case .readError: "read_error"
        case .writeError: "write_error"
        }
    }

    /// What a client's close means by its code (RFC 6455 section 7.4); nil is a close without one.
    ///
    /// 3000 to 4999 are the applications' own: an orderly end, for whatever reason their programs agreed on.
    package init(clientCode code: UInt16?) {
        switch code {
        case nil, WebSocketCloseCode.normal: self = .normal
        case WebSocketCloseCode.goingAway: self = .goingAway
        case .some(3000...4999): self = .application
        default: self = .clientError
        }
    }

    /// Whether the hub or a client ends connections for it; the others take a program that asks for them.
    package var isInUse: Bool { self != .kicked && self != .internalError }

    /// Which side began.
    package var initiator: Initiator {
        switch self {
        case .normal, .goingAway, .application, .clientError: .client
        case .abnormal, .readError, .writeError: .network
        default: .server
        }
    }

    /// The code of the close frame that the hub sends for it (RFC 6455 section 7.4.1), nil when none can be sent.
    package var closeCode: UInt16? {
        switch self {
        case .normal, .goingAway, .application, .clientError: nil
        case .protocolError: 1002
        case .invalidPayload: 1007
        case .tooLarge: 1009
        case .slow: 1013
        case .noPong, .idle, .drain: 1001
        case .kicked, .messageTimeout: 1008
        case .internalError: 1011
        case .writeTimeout, .abnormal, .readError, .writeError: nil
        }
    }

    /// What the close frame says in words.
    package var text: String {
        switch self {
        case .slow: "too slow, try again later"
        case .noPong: "no pong"
        case .idle: "idle"
        case .messageTimeout: "a message took too long to arrive"
        case .drain: "draining"
        case .kicked: "disconnected by the server"
        case .internalError: "internal error"
        default: ""
        }
    }
}

/// The side that began the end of a connection.
package enum Initiator: String, Sendable {
    case client, server, network
}
