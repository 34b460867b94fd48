// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

@testable import HubNATS

@Suite("Subjects for answers")
struct ReplySubjectsTests {
    private let encoding = SubjectEncoding(prefix: "hub.of.ours")

    @Test("each says what it answers", arguments: [0, 1, 42, UInt64.max])
    func reads(number: UInt64) throws {
        let replies = ReplySubjects(encoding, "reply")
        for purpose in [ReplySubjects.Purpose.publication, .request, .ack, .receipt] {
            let subject = replies.subject(purpose, number)
            #expect(subject.description.hasPrefix("hub.of.ours.reply."))
            let read = try #require(subject.cString.withUnsafeBufferPointer { replies.read($0.baseAddress!) })
            #expect(read.0 == purpose && read.1 == number)
            #expect(subject.cString.withUnsafeBufferPointer { replies.covers($0.baseAddress!) })
        }
        #expect(replies.wildcard.description.hasSuffix(".*"))
    }

    @Test("those of another connection, and what is none, are no answers")
    func refuses() {
        let replies = ReplySubjects(encoding, "reply")
        let other = ReplySubjects(encoding, "reply")
        #expect(replies.wildcard != other.wildcard)
        #expect(other.subject(.request, 1).cString.withUnsafeBufferPointer { replies.read($0.baseAddress!) } == nil)
        let base = String(replies.wildcard.description.dropLast())
        for token in [
            "", "p", "x1", "1", "p-1", "p1x", "p 1", "p1.2", "p18446744073709551616", "P1", "p\u{e9}", "*", ">",
        ] {
            #expect((base + token).withCString { replies.read($0) } == nil, "\(token)")
        }
        for end in 0..<base.utf8.count {
            let beginning = String(decoding: Array(base.utf8)[..<end], as: UTF8.self)
            #expect(beginning.withCString { replies.read($0) } == nil)
            #expect(!beginning.withCString { replies.covers($0) })
        }
    }
}
