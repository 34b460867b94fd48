// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The close codes that the hub sends or reads, and which of them a peer may send.
package enum WebSocketCloseCode {
    /// The purpose of the connection is fulfilled.
    package static let normal: UInt16 = 1000
    /// The node is going down, or the page was left.
    package static let goingAway: UInt16 = 1001
    /// A frame broke the protocol.
    package static let protocolError: UInt16 = 1002
    /// A kind of message that this side cannot take.
    package static let unsupportedData: UInt16 = 1003
    /// Text that is not UTF-8.
    package static let invalidPayload: UInt16 = 1007
    /// Not allowed, for a reason that has no code of its own.
    package static let policyViolation: UInt16 = 1008
    /// A message above the limit.
    package static let messageTooBig: UInt16 = 1009
    /// The server met a condition that it did not expect.
    package static let internalError: UInt16 = 1011
    /// The service restarts.
    package static let serviceRestart: UInt16 = 1012
    /// Overloaded: come back later.
    package static let tryAgainLater: UInt16 = 1013

    /// Whether a close frame may carry `code`: the registered ones, and 3000 to 4999.
    ///
    /// 1005, 1006 and 1015 only ever describe a connection; 1004 and the rest below 3000 are reserved.
    package static func isSendable(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
