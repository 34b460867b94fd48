// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// The programs that state what must hold of what reads other programs' bytes, for every input whatever.
///
/// `scripts/fuzz` compiles them together with what they try and lets libFuzzer look for an input for which they fail; the unit
/// tests run them over `corpus/`, where each failure that was ever found stays.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// Request heads, and the handshake that may follow.
    case head
    /// Requests with their bodies.
    case body
    /// Response heads.
    case response
    /// WebSocket frames: the first byte chooses the role and the limit.
    case frames
    /// UTF-8 in pieces.
    case utf8
    /// JSON, and the client protocol with it.
    case json
    /// Replies of Redis: the first byte chooses the limit.
    case resp
    /// Messages between nodes.
    case envelope
    /// What a node says of itself.
    case noderecord
    /// What other programs publish on the bus.
    case bare

    /// Checks one input.
    ///
    /// - Throws: What does not hold.
    package func run(_ bytes: UnsafeRawBufferPointer) throws(FuzzFailure) {
        switch self {
        case .head: try HeadFuzzer.run(bytes)
        case .body: try BodyFuzzer.run(bytes)
        case .response: try ResponseFuzzer.run(bytes)
        case .frames: try FrameFuzzer.run(bytes)
        case .utf8: try UTF8Fuzzer.run(bytes)
        case .json: try JSONFuzzer.run(bytes)
        case .resp: try RESPFuzzer.run(bytes)
        case .envelope: try EnvelopeFuzzer.run(bytes)
        case .noderecord: try NodeRecordFuzzer.run(bytes)
        case .bare: try BareFuzzer.run(bytes)
        }
    }
}

/// What an input showed not to hold.
package struct FuzzFailure: Error, CustomStringConvertible {
    /// The rule that was broken.
    package let description: String

    /// A failure to keep a rule.
    package init(_ rule: String) { description = rule }

    /// Fails unless a condition holds.
    package static func require(
        _ condition: Bool,
        _ rule: @autoclosure () -> String
    ) throws(FuzzFailure) {
        guard condition else { throw FuzzFailure(rule()) }
    }
}
