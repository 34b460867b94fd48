// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

@testable import HubNATS

@Suite("Publications that the server has refused")
struct NATSDenialsTests {
    private func quoted(_ name: String) -> QuotedSubject { QuotedSubject("\(name)\"") }
    private func subject(_ name: String) -> Subject { Subject(name.utf8) }

    @Test("a subject counts as refused until all is confirmed that was published before, and from each refusal on")
    func expires() {
        var denials = NATSDenials()
        #expect(denials.isEmpty)
        denials.add(quoted("a"), "no", until: 7)
        #expect(denials.reason(for: subject("b")) == nil)
        denials.confirmed(6)
        #expect(denials.reason(for: subject("a")) == "no")
        denials.add(quoted("a"), "still no", until: 9)
        denials.confirmed(8)
        #expect(denials.reason(for: subject("a")) == "still no")
        denials.confirmed(9)
        #expect(denials.reason(for: subject("a")) == nil)
        #expect(denials.isEmpty)
    }

    @Test("no more than 16,384 are known at a time, and those stay")
    func bounded() {
        var denials = NATSDenials()
        for number in 0..<16_384 { denials.add(quoted("\(number)"), "no", until: 1) }
        denials.add(quoted("one more"), "no", until: 1)
        #expect(denials.reason(for: subject("0")) == "no")
        #expect(denials.reason(for: subject("16383")) == "no")
        #expect(denials.reason(for: subject("one more")) == nil)
    }

    @Test("of a long subject the beginning counts, for as long")
    func beginnings() {
        var denials = NATSDenials()
        denials.add(QuotedSubject("gohub.topic.abc"), "no", until: 1)
        #expect(!denials.isEmpty)
        #expect(denials.reason(for: subject("gohub.topic.abcd")) == "no")
        #expect(denials.reason(for: subject("gohub.topic.ab")) == nil)
        denials.confirmed(1)
        #expect(denials.reason(for: subject("gohub.topic.abcd")) == nil)
        #expect(denials.isEmpty)
    }

    @Test("subjects are told apart by their bytes, not by what they look like")
    func bytes() {
        var denials = NATSDenials()
        denials.add(quoted("\u{E9}"), "no", until: 1)
        #expect(denials.reason(for: subject("e\u{301}")) == nil)
        #expect(denials.reason(for: subject("\u{E9}")) == "no")
    }
}
