// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubTesting
import Testing

@testable import HubNATS

@Suite("Subjects in a stream, and the names of consumers")
struct StreamSubjectsTests {
    private let encoding = SubjectEncoding(prefix: "gohub")

    private func topic(_ name: String) throws -> BusTopic {
        try #require(Array(name.utf8).withUnsafeBytes { BusTopic($0) })
    }

    private func read(_ subject: Subject) -> String? {
        var name: [UInt8] = []
        let isRead = subject.cString.withUnsafeBufferPointer { encoding.readStream($0.baseAddress!, into: &name) }
        return isRead ? String(decoding: name, as: UTF8.self) : nil
    }

    @Test(
        "a probe lies apart from what others ask its node",
        arguments: [
            ("node/a", "gohub.probe.a"), ("node/a.b", "gohub.probe.a.b"), ("node/.", "gohub.probe.%2E"),
            ("node/probe", "gohub.probe.probe"), ("node/é *", "gohub.probe.é%20%2A"),
            ("topic/node", "gohub.topic.node"),
            ("topic/a b", "gohub.topic.a%20b"), ("broadcast", "gohub.broadcast"), ("unicast/1", "gohub.unicast.1"),
        ]
    )
    func subjects(name: String, subject: String) throws {
        let written = encoding.streamSubject(of: try topic(name))
        #expect(written.description == subject)
        #expect(read(written) == name)
    }

    @Test("any name comes back, and lies below what the stream takes")
    func random() throws {
        var random = SplitMix64(seed: 1)
        let pieces = ["a", ".", "..", "%", "*", ">", " ", "\u{7f}", "é", "probe", "/", "\\", "\"", "0", "🦉"]
        for _ in 0..<2000 {
            let count = Int.random(in: 0..<8, using: &random)
            let suffix = (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            for kind in ["topic", "unicast", "node"] {
                guard let topic = Array("\(kind)/\(suffix)".utf8).withUnsafeBytes({ BusTopic($0) }) else { continue }
                let subject = encoding.streamSubject(of: topic)
                #expect(read(subject) == topic.name)
                let tokens = subject.description.split(separator: ".", omittingEmptySubsequences: false)
                #expect(!tokens.contains(""), "\(subject)")
                #expect(!tokens.contains { $0.contains("*") || $0.contains(">") || $0.contains(" ") }, "\(subject)")
                #expect(encoding.streamSubjects.contains("gohub.\(tokens[1]).>"), "\(subject)")
            }
        }
    }

    @Test(
        "what is no name is none",
        arguments: ["", "gohub", "gohub.", "other.topic.a", "gohub.topic.%x", "gohub.topic.%2"]
    )
    func refuses(subject: String) { #expect(read(Subject(subject.utf8)) == nil) }

    @Test(
        "a consumer's name has what a server takes, and no two nodes have the same",
        arguments: [
            ("node-1_A", "node-1_A"), ("a.b", "a=2Eb"), ("a=2Eb", "a=3D2Eb"), ("", ""), ("é", "=C3=A9"),
            ("a b*>/\\\t", "a=20b=2A=3E=2F=5C=09"),
        ]
    )
    func consumers(node: String, name: String) { #expect(encoding.consumerName(node) == name) }
}
