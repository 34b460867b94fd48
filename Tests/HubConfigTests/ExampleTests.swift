// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Foundation
import Testing

@testable import HubConfig

/// The examples in `configs`, one for each bus.
@Suite("Examples of a configuration")
struct ExampleTests {
    @Test("the example for Redis is taken, and logs in")
    func redis() throws {
        let bus = try ConfigurationLoader.load(file: Self.path(of: "redis")).bus
        #expect(bus.type == .redis)
        #expect(bus.redis.user == "gohub")
        #expect(bus.redis.keyPrefix == RedisSection().keyPrefix)
    }

    @Test("the examples for NATS are taken, with and without JetStream", arguments: ["nats", "jetstream"])
    func nats(example: String) throws {
        let bus = try ConfigurationLoader.load(file: Self.path(of: example)).bus
        #expect(bus.type == .nats)
        #expect(bus.nats.jetstream == (example == "jetstream"))
        #expect(bus.nats.subjectPrefix == NATSSection().subjectPrefix)
    }

    @Test("every key of Redis stands in its example", arguments: keys(of: ["bus.redis", "bus.redis.tls"]))
    func redisHas(path: String) throws {
        #expect(try Self.has(path, in: "redis"))
    }

    @Test("every key of NATS stands in its example", arguments: keys(of: ["bus.nats", "bus.nats.tls"]))
    func natsHas(path: String) throws {
        #expect(try Self.has(path, in: "nats"))
    }

    @Test(
        "every key of the stream stands in the example for JetStream",
        arguments: keys(of: ["bus.nats.stream", "bus.nats.consumer"])
    )
    func jetStreamHas(path: String) throws {
        #expect(try Self.has(path, in: "jetstream"))
    }

    private static func keys(of sections: [String]) -> [String] {
        ConfigurationKey.all.filter { sections.contains($0.section) }.map(\.path)
    }

    private static func path(of example: String) -> String {
        ReferenceTests.root.appendingPathComponent("configs/\(example).yaml").path
    }

    private static func has(_ path: String, in example: String) throws -> Bool {
        let text = try String(contentsOfFile: Self.path(of: example), encoding: .utf8)
        var node = try #require(YAMLDocument(Array(text.utf8)).root)
        for name in path.split(separator: ".") {
            guard case .mapping(let entries) = node.content,
                let inner = entries.first(where: { $0.key == name })?.value
            else { return false }
            node = inner
        }
        return !node.isNull
    }
}
