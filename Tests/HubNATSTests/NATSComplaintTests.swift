// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

@testable import HubNATS

@Suite("What the server complains of")
struct NATSComplaintTests {
    private func quoted(_ text: String) -> QuotedSubject { QuotedSubject(Substring(text)) }

    @Test(
        "reads the subject of what is not permitted, behind an address or not",
        arguments: [
            (#"Permissions Violation for Publish to "gohub.topic.a""#, true, "gohub.topic.a"),
            (#"[::1]:4222: Permissions Violation for Subscription to "gohub.unicast.>""#, false, "gohub.unicast.>"),
            (#"Permissions Violation for Subscription to "a" using queue "q""#, false, "a"),
            (#"permissions violation for publish to "a""#, true, "a"),
        ]
    )
    func subjects(words: String, isPublication: Bool, subject: String) {
        let subject = quoted("\(subject)\"")
        #expect(NATSComplaint(words) == (isPublication ? .publish(subject) : .subscription(subject)))
    }

    @Test(
        "takes nothing else for one of these",
        arguments: [
            "", "Permissions Violation", #""""#, #"Slow Consumer "a""#, "Maximum Payload Violation",
            "Authorization Violation", "Permissions Violation for Publish to a",
        ]
    )
    func others(words: String) { #expect(NATSComplaint(words) == .other) }

    @Test(
        "reads what Go quotes",
        arguments: [
            (#"a""#, "a"), (#"a\"b\\c" using"#, #"a"b\c"#), (#"\a\b\f\n\r\t\v""#, "\u{7}\u{8}\u{C}\n\r\t\u{B}"),
            (#"\x7f\u0085\u00a0\U0010ffff""#, "\u{7F}\u{85}\u{A0}\u{10FFFF}"), (#"日本語😀e\u0301""#, "日本語😀e\u{301}"),
            (#"""#, ""),
        ]
    )
    func escapes(text: String, subject: String) {
        #expect(quoted(text).bytes == Array(subject.utf8))
        #expect(quoted(text).isWhole)
        #expect(quoted(text).matches(Subject(subject.utf8)))
        #expect(!quoted(text).matches(Subject("\(subject)x".utf8)))
    }

    @Test("a byte that is no character stays one")
    func noCharacter() { #expect(quoted(#"\xff\xc3""#).bytes == [0xFF, 0xC3]) }

    @Test(
        "a subject that was cut is its beginning, wherever it was cut",
        arguments: [
            ("ab", "ab"), (#"ab\"#, "ab"), (#"ab\u00"#, "ab"), (#"ab\u008"#, "ab"), (#"ab\x8"#, "ab"),
            (#"ab\Uffffffff""#, "ab"),
            ("ab\u{FFFD}", "ab"), (#"ab\q""#, "ab"), ("", ""),
        ]
    )
    func cut(text: String, beginning: String) {
        #expect(quoted(text).bytes == Array(beginning.utf8))
        #expect(!quoted(text).isWhole)
        #expect(quoted(text).matches(Subject("\(beginning)cd".utf8)))
        #expect(beginning.isEmpty || !quoted(text).matches(Subject("a".utf8)))
    }
}
