// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog

/// How `gohub sub` prints a message: in one line that cannot steer a terminal, or its bytes as they came.
struct MessageLine: Sendable {
    /// Whether the topic is left out.
    var payloadOnly = false
    /// Whether nothing is escaped.
    var isRaw = false

    /// The line of a message whose payload is JSON.
    ///
    /// Line breaks and tabs, which JSON has only between its tokens, are left out with the blanks behind them; other
    /// control characters are escaped as JSON escapes them. The value stays the same.
    func bytes(topic: String, json: UnsafeRawBufferPointer) -> [UInt8] {
        var line = start(topic)
        if isRaw {
            line += json
        } else {
            var kept: [UInt8] = []
            kept.reserveCapacity(json.count)
            var isIndented = false
            for byte in json {
                switch byte {
                case UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): isIndented = true
                case UInt8(ascii: " ") where isIndented: break
                default:
                    isIndented = false
                    kept.append(byte)
                }
            }
            kept.withUnsafeBufferPointer { EscapedText.append($0, as: .json, to: &line) }
        }
        line.append(UInt8(ascii: "\n"))
        return line
    }

    /// The line of a message whose payload is bytes: text with escapes, `\xNN` for bytes beyond ASCII that are not UTF-8.
    func bytes(topic: String, binary: UnsafeRawBufferPointer) -> [UInt8] {
        var line = start(topic)
        if isRaw {
            line += binary
        } else {
            binary.withMemoryRebound(to: UInt8.self) { bytes in
                guard String(validating: bytes, as: UTF8.self) == nil else {
                    return EscapedText.append(bytes, as: .bare, to: &line)
                }
                for byte in bytes {
                    if byte < 0x80 {
                        withUnsafePointer(to: byte) {
                            EscapedText.append(UnsafeBufferPointer(start: $0, count: 1), as: .bare, to: &line)
                        }
                    } else {
                        line += "\\x\(String(byte, radix: 16))".utf8
                    }
                }
            }
        }
        line.append(UInt8(ascii: "\n"))
        return line
    }

    private func start(_ topic: String) -> [UInt8] {
        if payloadOnly { return [] }
        return Array((isRaw ? topic : EscapedText.escape(topic)).utf8) + [UInt8(ascii: " ")]
    }
}
