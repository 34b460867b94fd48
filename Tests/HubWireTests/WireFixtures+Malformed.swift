// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

/// A request of `Tests/Fixtures/malformed-upgrades.json`.
struct MalformedUpgrade: Sendable, CustomTestStringConvertible {
    var name = ""
    var bytes: [UInt8] = []
    var status = 0
    var error = ""
    var testDescription: String { name }

    static let all: [MalformedUpgrade] = read()

    private static func read() -> [MalformedUpgrade] {
        WireFixtures.entries("Tests/Fixtures/malformed-upgrades.json") { name, members throws(JSONError) in
            var upgrade = MalformedUpgrade(name: name)
            var padding = 0
            while let key = try members.nextKey() {
                if key == "bytes" {
                    let text = try members.string()?.decoded() ?? ""
                    upgrade.bytes = text.unicodeScalars.map { UInt8(clamping: $0.value) }
                } else if key == "padding" {
                    padding = try members.integer().map { Int($0) } ?? 0
                } else if key == "status" {
                    upgrade.status = try members.integer().map { Int($0) } ?? 0
                } else if key == "error" {
                    upgrade.error = try members.string()?.decoded() ?? ""
                }
            }
            upgrade.bytes += Array(repeating: UInt8(ascii: "x"), count: padding)
            return upgrade
        }
    }
}

/// Frames of `Tests/Fixtures/malformed-frames.json`.
struct MalformedFrames: Sendable, CustomTestStringConvertible {
    var name = ""
    var bytes: [UInt8] = []
    var close: UInt16 = 0
    var error = ""
    var testDescription: String { name }

    static let all: [MalformedFrames] = read()

    private static func read() -> [MalformedFrames] {
        WireFixtures.entries("Tests/Fixtures/malformed-frames.json") { name, members throws(JSONError) in
            var frames = MalformedFrames(name: name)
            while let key = try members.nextKey() {
                if key == "frames" {
                    // A list of hexadecimal texts: its digits are all there is to it.
                    frames.bytes = hexadecimal(members.object[try members.value()])
                } else if key == "close" {
                    frames.close = try members.integer().flatMap { UInt16(exactly: $0) } ?? 0
                } else if key == "error" {
                    frames.error = try members.string()?.decoded() ?? ""
                }
            }
            return frames
        }
    }

    private static func hexadecimal(_ text: Slice<UnsafeRawBufferPointer>) -> [UInt8] {
        let digits = text.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}

extension WireFixtures {
    /// An object's members, for a fixture's entry.
    struct Members {
        let object: UnsafeRawBufferPointer
        var walk: JSONMembers

        mutating func nextKey() throws(JSONError) -> JSONString? { try walk.nextKey() }
        mutating func value() throws(JSONError) -> Range<Int> { try walk.value() }
        mutating func string() throws(JSONError) -> JSONString? { try walk.string() }
        mutating func integer() throws(JSONError) -> Int64? { try walk.integer() }
    }

    /// Reads a file that is an object of objects; a file that is not gives nothing, which a test notices.
    static func entries<Entry>(
        _ path: String,
        _ read: (_ name: String, _ members: inout Members) throws(JSONError) -> Entry
    ) -> [Entry] {
        guard let file = try? bytes(path) else { return [] }
        return file.withUnsafeBytes { bytes in
            var entries: [Entry] = []
            try? JSONReader.members(of: bytes) { key, value throws(JSONError) in
                let object = UnsafeRawBufferPointer(rebasing: bytes[value])
                var members = Members(object: object, walk: try JSONMembers(of: object, as: .untrusted))
                entries.append(try read(key.decoded(), &members))
            }
            return entries
        }
    }
}
