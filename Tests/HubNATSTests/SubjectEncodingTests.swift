// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubTesting
import Testing

@testable import HubNATS

@Suite("Names on the bus as subjects")
struct SubjectEncodingTests {
    private let encoding = SubjectEncoding(prefix: "gohub")

    private func topic(_ name: String) throws -> BusTopic {
        try #require(Array(name.utf8).withUnsafeBytes { BusTopic($0) }, "\(name.debugDescription) is no name")
    }

    private func read(_ subject: Subject, _ encoding: SubjectEncoding) -> [UInt8]? {
        var name: [UInt8] = [1, 2, 3]
        return subject.cString.withUnsafeBufferPointer { bytes in
            bytes.baseAddress.flatMap { encoding.read($0, into: &name) ? name : nil }
        }
    }

    /// What is wrong with a subject that somebody publishes to; empty when nothing is.
    private func faults(_ subject: Subject) -> [String] {
        var faults: [String] = []
        let bytes = subject.cString.dropLast().map { UInt8(bitPattern: $0) }
        if subject.cString.last != 0 || bytes.contains(0) { faults.append("ends elsewhere") }
        if bytes.contains(where: { $0 <= 0x20 || $0 == 0x7F }) { faults.append("has a space or control character") }
        if bytes.contains(UInt8(ascii: "*")) || bytes.contains(UInt8(ascii: ">")) { faults.append("has a wildcard") }
        let tokens = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if tokens.contains(where: \.isEmpty) { faults.append("has an empty token") }
        // A line of the protocol has 4096 bytes.
        if bytes.count > 4000 { faults.append("is too long") }
        return faults
    }

    @Test(
        "a name keeps what a subject can have",
        arguments: [
            ("broadcast", "gohub.broadcast"), ("nodes", "gohub.nodes"), ("topic/", "gohub.topic.%"),
            ("topic/news", "gohub.topic.news"), ("topic/a.b.c", "gohub.topic.a.b.c"), ("topic/a/b", "gohub.topic.a/b"),
            ("topic/.", "gohub.topic.%2E"), ("topic/..", "gohub.topic.%2E%2E"), ("topic/a..b", "gohub.topic.a%2E%2Eb"),
            ("topic/.a.", "gohub.topic.%2Ea%2E"), ("topic/*", "gohub.topic.%2A"), ("topic/a.>", "gohub.topic.a.%3E"),
            ("topic/a b\t%", "gohub.topic.a%20b%09%25"), ("topic/\u{0}\u{7F}", "gohub.topic.%00%7F"),
            ("unicast/ö😀", "gohub.unicast.ö😀"), ("node/host-1", "gohub.node.host-1"), ("topic/$JS", "gohub.topic.$JS"),
        ]
    )
    func examples(name: String, subject: String) throws {
        let topic = try topic(name)
        #expect(encoding.subject(of: topic).description == subject)
        #expect(read(encoding.subject(of: topic), encoding) == Array(name.utf8))
    }

    @Test("any name comes back as it was, by a subject that no other name has and that is no wildcard")
    func roundTrip() throws {
        var random = SplitMix64(seed: 11)
        let odd = Array("..  **>>%%aAzZ09-_/\\\"'$\u{0}\u{1}\n\r\t\u{7F}\u{85}\u{A0}éß日😀".unicodeScalars)
        var names: [String: String] = [:]
        for _ in 0..<20_000 {
            var name = ["topic/", "unicast/", "node/"].randomElement(using: &random) ?? ""
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                let any = Unicode.Scalar(UInt32.random(in: 0...0x10FFFF, using: &random))
                let scalar = Bool.random(using: &random) ? odd.randomElement(using: &random) : any
                name.unicodeScalars.append(scalar ?? "x")
            }
            let subject = encoding.subject(of: try topic(name))
            #expect(faults(subject) == [], "\(name.debugDescription)")
            #expect(read(subject, encoding) == Array(name.utf8), "\(name.debugDescription)")
            let other = names.updateValue(name, forKey: subject.description)
            // Names are compared byte by byte, unlike strings.
            if let other { #expect(Array(other.utf8) == Array(name.utf8)) }
        }
    }

    @Test("short names of awkward characters have different subjects, all of them")
    func injective() throws {
        var all: Set<[CChar]> = []
        var names = [""]
        for _ in 0..<4 {
            names += names.flatMap { name in [".", "%", "2", "E", "*", "a", "/"].map { name + $0 } }
            names = Array(Set(names))
        }
        for name in names {
            let subject = encoding.subject(of: try topic("topic/\(name)"))
            #expect(faults(subject) == [], "\(name)")
            #expect(all.insert(subject.cString).inserted, "\(name) has the subject of another name")
        }
    }

    @Test("the longest name fits, whatever is in it", arguments: ["a", " ", ".", "*", "\u{0}"])
    func longest(letter: String) throws {
        let topic = try topic("topic/" + String(repeating: letter, count: 512 - "topic/".utf8.count))
        let subject = encoding.subject(of: topic)
        #expect(faults(subject) == [])
        #expect(read(subject, encoding) == Array(topic.name.utf8))
    }

    @Test("a prefix may have several tokens")
    func prefixes() throws {
        let encoding = SubjectEncoding(prefix: "company.hub-1")
        let subject = encoding.subject(of: try topic("topic/a.b"))
        #expect(subject.description == "company.hub-1.topic.a.b")
        #expect(read(subject, encoding) == Array("topic/a.b".utf8))
        #expect(encoding.subject("receipt.1").description == "company.hub-1.receipt.1")
    }

    @Test(
        "names that begin alike have a wildcard",
        arguments: [
            ("unicast/", "gohub.unicast.>"), ("topic/a", "gohub.topic.>"), ("", "gohub.>"), ("node", "gohub.>"),
        ]
    )
    func wildcards(beginning: String, subject: String) {
        #expect(encoding.subject(ofNamesWith: beginning).description == subject)
    }

    @Test(
        "reads no subject of others, and none with half a byte",
        arguments: [
            "", "g", "gohub", "gohub.", "gohubs.topic.a", "other.topic.a", "GOHUB.topic.a", "gohub.topic.%2",
            "gohub.topic.a%", "gohub.topic.%%", "gohub.topic.%2e", "gohub.topic.%G0", "gohub.topic.%0G",
            "gohub.topic.a.%", "gohub.topic.% 1",
        ]
    )
    func foreign(subject: String) {
        #expect(read(Subject(subject.utf8), encoding) == nil)
    }

    @Test(
        "reads what other programs write with more escapes than are needed, or without a name",
        arguments: [
            ("gohub.topic.%61", "topic/a"), ("gohub.topic.a%2Eb", "topic/a.b"), ("gohub.topic", "topic"),
            ("gohub.%41.b", "%41/b"), ("gohub.topic.%", "topic/"),
        ]
    )
    func lenient(subject: String, name: String) {
        #expect(read(Subject(subject.utf8), encoding) == Array(name.utf8))
    }
}
