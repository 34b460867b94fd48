// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// What a hub must refuse: an entry of one of the files in `Tests/Fixtures`, whose README says what the members mean.
package struct MalformedInput: Sendable, CustomStringConvertible {
    package let name: String
    package let bytes: [UInt8]
    /// The status of the answer, or the code of the close frame.
    package let verdict: Int
    /// The label of the refusal.
    package let error: String

    package var description: String { name }

    /// Requests that open no WebSocket.
    package static let upgrades = read("malformed-upgrades.json") { entry in
        let text = entry["bytes"]?.string ?? ""
        let padding = Int(entry["padding"]?.number ?? 0)
        return text.unicodeScalars.map { UInt8(clamping: $0.value) }
            + Array(repeating: UInt8(ascii: "x"), count: padding)
    }

    /// Frames that end a WebSocket.
    package static let frames = read("malformed-frames.json") { entry in
        (entry["frames"]?.array ?? []).flatMap { hexadecimal($0.string ?? "") }
    }

    /// A file that cannot be read gives nothing, which a test notices.
    private static func read(_ file: String, _ bytes: (JSONTree) -> [UInt8]) -> [MalformedInput] {
        let root = #filePath.components(before: "/Sources/Testing/HubTesting/")
        guard let contents = try? TestFile.read("\(root)/Tests/Fixtures/\(file)"),
            let entries = try? JSONTree(parsing: contents)
        else { return [] }
        return entries.object.map { name, entry in
            MalformedInput(
                name: name,
                bytes: bytes(entry),
                verdict: Int((entry["status"] ?? entry["close"])?.number ?? 0),
                error: entry["error"]?.string ?? ""
            )
        }.sorted { $0.name < $1.name }
    }

    private static func hexadecimal(_ text: String) -> [UInt8] {
        let digits = text.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}

extension String {
    /// What stands before the first place of a text; everything when it is not there.
    fileprivate func components(before text: String) -> String {
        split(separator: text, maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init) ?? self
    }
}
