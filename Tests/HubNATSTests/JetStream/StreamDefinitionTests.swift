// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import HubWire
import Testing

@testable import HubNATS

@Suite("The stream as it is configured")
struct StreamDefinitionTests {
    private static let subjects = SubjectEncoding(prefix: "gohub").streamSubjects
    private static let own = SubjectEncoding(prefix: "gohub").ownSubjects

    private func definition(_ change: (inout JetStreamSettings) -> Void = { _ in }) -> StreamDefinition {
        var settings = JetStreamSettings()
        change(&settings)
        return StreamDefinition(settings, subjects: Self.subjects, own: Self.own)
    }

    @Test("is written as the server reads it")
    func writes() throws {
        let tree = try JSONTree(parsing: definition { $0.stream = "a\"b" }.json)
        let expected: [String: JSONTree] = [
            "name": .string("a\"b"), "retention": .string("limits"), "storage": .string("file"),
            "subjects": .array(
                ["gohub.broadcast", "gohub.topic.>", "gohub.unicast.>", "gohub.probe.>"].map { .string($0) }
            ),
            "discard": .string("old"), "compression": .string("none"), "max_age": .number(3_600e9),
            "max_msgs": .number(1_000_000), "max_bytes": .number(1_073_741_824), "num_replicas": .number(1),
            "duplicate_window": .number(120e9), "max_consumers": .number(-1), "max_msg_size": .number(-1),
            "max_msgs_per_subject": .number(-1),
        ]
        #expect(tree.object == expected)
    }

    @Test("one that is as configured differs in nothing, whoever reads it back")
    func same() throws {
        for definition in [definition(), definition { $0.compresses = true }, definition { $0.retention = .interest }] {
            let tree = try JSONTree(parsing: definition.json)
            #expect(definition.differences(from: tree) == [])
            #expect(definition.obstacle(in: tree) == nil)
        }
        // Servers before 2.10 know no compression, and say nothing of it.
        var members = try JSONTree(parsing: definition().json).object
        members["compression"] = nil
        #expect(definition().differences(from: .object(members)) == [])
    }

    @Test(
        "what differs is told with what was found, however odd",
        arguments: [
            ("retention", #""interest""#, "interest"), ("storage", #""memory""#, "memory"),
            ("discard", "7", "not there"),
            ("compression", #""s2""#, "s2"), ("max_age", "0", "0"), ("max_age", "3600000000001", "3600000000001"),
            ("max_msgs", "-1", "-1"), ("max_bytes", "1e300", "1e+300"), ("max_bytes", "-1e300", "-1e+300"),
            ("max_msgs_per_subject", "1", "1"),
            ("max_msg_size", "1000", "1000"), ("max_consumers", "2", "2"), ("num_replicas", "1.5", "1.5"),
            ("num_replicas", "{}", "not there"),
            ("duplicate_window", "null", "not there"),
            ("max_msgs", "9223372036854775807", "9.223372036854776e+18"), ("max_msgs", "1e-300", "1e-300"),
        ]
    )
    func differs(option: String, value: String, found: String) throws {
        var members = try JSONTree(parsing: definition().json).object
        members[option] = try JSONTree(parsing: Array(value.utf8))
        let differences = definition().differences(from: .object(members))
        #expect(differences.map(\.option) == [option])
        #expect(differences.map(\.found) == [found])
    }

    @Test("of a configuration that is none, all is told", arguments: ["{}", "[]", "null", "1e300", #""text""#])
    func nothing(text: String) throws {
        let tree = try JSONTree(parsing: Array(text.utf8))
        #expect(definition().differences(from: tree).count == 11)
        #expect(definition().obstacle(in: tree)?.hasPrefix("it does not take gohub.broadcast") == true)
    }

    @Test(
        "what makes it useless is said in words",
        arguments: [
            ("retention", #""workqueue""#, "its retention is workqueue"), ("no_ack", "true", "no_ack"),
            ("sealed", "true", "sealed"), ("subjects", "[]", "it does not take gohub.broadcast, gohub.topic.>"),
            ("subjects", #"["gohub.>"]"#, "it takes gohub.>, to which"), ("subjects", "7", "it does not take"),
            (
                "subjects", #"["gohub.broadcast","gohub.topic.>",7,null,"gohub.probe.>"]"#,
                "it does not take gohub.unicast.>"
            ),
        ]
    )
    func obstacles(option: String, value: String, words: String) throws {
        var members = try JSONTree(parsing: definition().json).object
        members[option] = try JSONTree(parsing: Array(value.utf8))
        #expect(definition().obstacle(in: .object(members))?.contains(words) == true)
    }

    @Test(
        "a stream that takes what servers and nodes answer would feed on itself",
        arguments: [
            (">", false), ("*.*.*.*", false), ("gohub.reply.>", false), ("gohub.*.>", false), ("gohub.pull.*.*", false),
            ("*.receipt.>", false), ("gohub.consumer.>", false), ("gohub.node.>", true), ("gohub.*", true),
            ("*.*.*", true),
            ("gohub2.reply.>", true), ("gohub.reply", true), ("gohub.reply.*.*.*", true), ("", true), ("other.>", true),
        ]
    )
    func feedback(subject: String, isFine: Bool) throws {
        var members = try JSONTree(parsing: definition().json).object
        members["subjects"] = .array((Self.subjects + [subject]).map { .string($0) })
        #expect((definition().obstacle(in: .object(members)) == nil) == isFine)
    }

    @Test("more subjects than are needed, and words of no meaning, are no obstacle")
    func noObstacles() throws {
        var members = try JSONTree(parsing: definition().json).object
        members["subjects"] = .array((Self.subjects + ["other"]).map { .string($0) })
        members["no_ack"] = .string("true")
        members["sealed"] = .number(1)
        members["retention"] = .number(1)
        #expect(definition().obstacle(in: .object(members)) == nil)
    }

    @Test(
        "durations are whole nanoseconds, as many as there can be",
        arguments: [
            (Duration.zero, 0), (.nanoseconds(1), 1), (.milliseconds(1500), 1_500_000_000),
            (.seconds(3600), 3_600_000_000_000),
            (.seconds(9_223_372_036), 9_223_372_036_000_000_000), (.seconds(9_223_372_036) + .milliseconds(999), .max),
            (.seconds(9_223_372_037), .max), (.seconds(Int64.max), .max),
        ] as [(Duration, Int64)]
    )
    func nanoseconds(duration: Duration, expected: Int64) {
        #expect(duration.nanoseconds == expected)
    }
}
