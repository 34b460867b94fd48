// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

@testable import HubRedis

@Suite("Places of entries in a stream")
struct StreamIDTests {
    @Test(
        "reads the place of an entry, and nothing else",
        arguments: [
            ("0-0", StreamID.start), ("1526919030474-55", StreamID(milliseconds: 1_526_919_030_474, sequence: 55)),
            ("18446744073709551615-18446744073709551615", StreamID(milliseconds: .max, sequence: .max)),
        ]
    )
    func reads(text: String, expected: StreamID) {
        #expect(Self.read(text) == expected)
        #expect(expected.description == text)
    }

    @Test(
        "takes nothing else for the place of an entry",
        arguments: ["", "1", "1-", "-1", "1-2-3", "18446744073709551616-0", "a-b"]
    )
    func refuses(text: String) { #expect(Self.read(text) == nil) }

    private static func read(_ text: String) -> StreamID? {
        var text = text
        return text.withUTF8 { StreamID(UnsafeRawBufferPointer($0)) }
    }
}
