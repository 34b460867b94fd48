// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// One whole message or control frame, as the peer of a ``FakeTransport`` read it.
package enum ReceivedFrame: Equatable, Sendable, CustomStringConvertible {
    case text(String)
    case binary([UInt8])
    case ping([UInt8])
    case pong([UInt8])
    /// The last frame of a connection; the code is nil when it has none.
    case close(UInt16?, String)

    /// Whether it is a message, not a control frame.
    package var isMessage: Bool {
        switch self {
        case .text, .binary: true
        case .ping, .pong, .close: false
        }
    }

    /// What a failed expectation shows: long contents are cut.
    package var description: String {
        switch self {
        case .text(let text): "text(\(text.count > 200 ? "\(text.prefix(200))…" : text))"
        case .binary(let bytes): "binary(\(ReceivedFrame.brief(bytes)))"
        case .ping(let bytes): "ping(\(ReceivedFrame.brief(bytes)))"
        case .pong(let bytes): "pong(\(ReceivedFrame.brief(bytes)))"
        case .close(let code, let reason): "close(\(code.map(String.init) ?? "no code"), \(reason))"
        }
    }

    private static func brief(_ bytes: [UInt8]) -> String {
        bytes.count > 32 ? "\(bytes.prefix(32))… \(bytes.count) bytes" : "\(bytes)"
    }
}
