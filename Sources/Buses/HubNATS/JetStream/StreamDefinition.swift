// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubWire

/// The stream as the configuration wants it, and how one that is there differs.
struct StreamDefinition {
    /// One option that another value was found for.
    struct Difference: Equatable {
        let option: String
        let wanted: String
        let found: String
    }

    private let settings: JetStreamSettings
    private let subjects: [String]
    private let own: [String]

    /// - Parameter subjects: What the stream has to take.
    /// - Parameter own: Examples of what it may not take.
    init(_ settings: JetStreamSettings, subjects: [String], own: [String] = []) {
        self.settings = settings
        self.subjects = subjects
        self.own = own
    }

    /// What the server is asked to create.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            func member(_ key: String, _ value: Int64) {
                writer.key(key)
                writer.integer(value)
            }
            writer.key("name")
            writer.string(settings.stream)
            writer.key("subjects")
            writer.array { writer in
                for subject in subjects { writer.string(subject) }
            }
            for (key, value) in [
                ("retention", settings.retention.rawValue), ("storage", "file"), ("discard", "old"),
                ("compression", settings.compresses ? "s2" : "none"),
            ] {
                writer.key(key)
                writer.string(value)
            }
            member("max_age", settings.maxAge.nanoseconds)
            member("max_msgs", Int64(settings.maxMessages))
            member("max_bytes", Int64(settings.maxBytes))
            member("num_replicas", Int64(settings.replicas))
            member("duplicate_window", settings.duplicateWindow.nanoseconds)
            member("max_consumers", -1)
            member("max_msg_size", -1)
            member("max_msgs_per_subject", -1)
        }
        return writer.bytes
    }

    /// Why a stream that is there cannot carry the hub's messages; nil when it can.
    func obstacle(in config: JSONTree) -> String? {
        let found = Set(config["subjects"]?.array.compactMap(\.string) ?? [])
        if let answers = found.sorted().first(where: { pattern in own.contains { Self.covers(pattern, $0) } }) {
            return "it takes \(answers), to which servers and nodes answer"
        }
        let missing = subjects.filter { !found.contains($0) }
        if !missing.isEmpty { return "it does not take \(missing.joined(separator: ", "))" }
        if config["retention"]?.string == "workqueue" {
            return "its retention is workqueue, which gives a message to one node only"
        }
        if config["no_ack"]?.boolean == true { return "it answers to no publication (no_ack)" }
        if config["sealed"]?.boolean == true { return "it is sealed" }
        return nil
    }

    /// What is not as configured, and changes nothing but how much is kept, how long and how safely.
    func differences(from config: JSONTree) -> [Difference] {
        let texts: [(String, String)] = [
            ("retention", settings.retention.rawValue), ("storage", "file"), ("discard", "old"),
            // Servers before 2.10 do not know it.
            ("compression", settings.compresses ? "s2" : "none"),
        ]
        let numbers: [(String, Int64)] = [
            ("max_age", settings.maxAge.nanoseconds), ("max_msgs", Int64(settings.maxMessages)),
            ("max_bytes", Int64(settings.maxBytes)), ("num_replicas", Int64(settings.replicas)),
            ("duplicate_window", settings.duplicateWindow.nanoseconds), ("max_msgs_per_subject", -1),
            ("max_msg_size", -1), ("max_consumers", -1),
        ]
        return texts.compactMap { option, wanted in
            Self.difference(option, wanted, config[option]?.string ?? (option == "compression" ? "none" : "not there"))
        }
            + numbers.compactMap { option, wanted in
                let found = config[option]?.number
                return found == Double(wanted)
                    ? nil
                    : Difference(
                        option: option,
                        wanted: "\(wanted)",
                        found: found.map { Int64(exactly: $0).map(String.init) ?? "\($0)" } ?? "not there"
                    )
            }
    }

    /// Whether a subject with wildcards covers one without.
    private static func covers(_ pattern: String, _ subject: String) -> Bool {
        let (parts, tokens) = (pattern.split(separator: "."), subject.split(separator: "."))
        guard parts.last == ">" ? parts.count <= tokens.count : parts.count == tokens.count else { return false }
        return zip(parts, tokens).allSatisfy { $0 == ">" || $0 == "*" || $0 == $1 }
    }

    private static func difference(_ option: String, _ wanted: String, _ found: String) -> Difference? {
        wanted == found ? nil : Difference(option: option, wanted: wanted, found: found)
    }
}

extension Duration {
    /// Whole nanoseconds, as the server counts them; 292 years at the most.
    var nanoseconds: Int64 { Int64(clamping: wholeNanoseconds) }
}
