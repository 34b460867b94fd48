// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubNATS
import HubTesting
import HubWire
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("A stream without room", .needsNATS, .tags(.nats), .timeLimit(.minutes(1)))
struct JetStreamFullTests {
    private static let stream = JetStreamNode.stream

    private static func definition(_ options: String = "") -> String {
        """
        {"name":"\(stream)","subjects":["gohub.broadcast","gohub.topic.>","gohub.unicast.>","gohub.probe.>"]\(options)}
        """
    }

    @Test("forgets its oldest messages, and goes on")
    func old() async throws {
        try await withNATSServer {
            $0.jetStream = .init()
        } _: { server in
            let nodes = try ["a", "b"].map { name in
                try JetStreamNode(name, on: [server.port], link: nil) { $0.maxBytes = 256 << 10 }
            }
            for node in nodes { try await node.harness.connect(wanting: [.add(JetStreamNode.news)]) }
            let messages = (0..<400).map { [UInt8](repeating: UInt8($0 & 0xFF), count: 2000) }
            for start in stride(from: 0, to: 400, by: 40) {
                try await nodes[0].harness.publish(messages[start..<start + 40].map { (JetStreamNode.news, $0) })
            }
            #expect(try await nodes[0].harness.run { $0.tap.failures }.isEmpty)
            let state = try await server.client().jetStream("STREAM.INFO.\(Self.stream)")["state"]
            #expect(state?["bytes"]?.number ?? .infinity <= 262_144)
            #expect(state?["first_seq"]?.number ?? 0 > 200)
            try await nodes[1].harness.receive(400, on: JetStreamNode.news)
            for node in nodes { try await node.finish() }
        }
    }

    /// A server, the stream that somebody has made there, and the words of the server when it is full.
    private static let limits: [(maxFile: Int, options: String, words: String)] = [
        (256 << 20, #","discard":"new","max_msgs":100"#, "maximum messages exceeded"),
        (256 << 20, #","discard":"new","max_bytes":100000"#, "maximum bytes exceeded"),
        (2 << 20, "", "resource"),
    ]

    @Test("that takes no more is told of, and a node is back once it has room", arguments: limits.indices)
    func new(index: Int) async throws {
        let limit = Self.limits[index]
        try await withNATSServer { options in
            options.jetStream = .init()
            options.jetStream?.maxFile = limit.maxFile
        } _: { server in
            let client = try await server.client()
            try await client.jetStream("STREAM.CREATE.\(Self.stream)", Self.definition(limit.options))
            let node = try JetStreamNode("a", on: [server.port])
            try await node.begin()
            try await node.publish()
            for size in [64 << 10, 1024, 1] {
                let payload = [UInt8](repeating: 0x78, count: size)
                for _ in 0..<2000 {
                    let answer = try await client.request("gohub.topic.other", payload).text
                    if answer.contains("error") { break }
                }
            }
            // Not one alone: a node that was not ready at that moment would not have sent it.
            try await node.load()
            let isRefused = { @Sendable (error: BusError) in error.code == .rejected }
            try await node.harness.wait(for: "a refused publication") { $0.tap.failures.contains(where: isRefused) }
            try await node.pause()
            let failure = try #require(try await node.harness.run { $0.tap.failures.first(where: isRefused) })
            #expect(failure.message.contains("the stream GOHUB_BUS takes no message"), "\(failure.message)")
            #expect(failure.message.contains(limit.words), "\(failure.message)")
            try await node.waitUntilDown()
            try await client.jetStream("STREAM.PURGE.\(Self.stream)")
            try await node.waitUntilReady()
            try await node.publish()
            try await node.finish()
        }
    }

    #if canImport(Glibc)
        /// A file system in memory that holds little.
        private static func withFullDisk(_ body: (String) async throws -> Void) async throws {
            let directory = try TemporaryDirectory()
            try #require(mount("tmpfs", directory.path, "tmpfs", 0, "size=8m") == 0)
            defer {
                umount2(directory.path, CInt(MNT_DETACH))
                withExtendedLifetime(directory) {}
            }
            try await body(directory.path)
        }

        private static let canMount: Bool = {
            guard let directory = try? TemporaryDirectory() else { return false }
            guard mount("tmpfs", directory.path, "tmpfs", 0, "size=64k") == 0 else { return false }
            return umount2(directory.path, CInt(MNT_DETACH)) == 0
        }()

        @Test(
            "on a full disk is told of, and a node is back once the server has room",
            .enabled(if: canMount, "it takes the right to mount a file system")
        )
        func disk() async throws {
            try await Self.withFullDisk { path in
                try await withNATSServer { options in
                    options.jetStream = .init()
                    options.jetStream?.storeDirectory = "\(path)/store"
                } _: { server in
                    let node = try JetStreamNode("a", on: [server.port])
                    try await node.begin()
                    try await node.load()
                    let client = try await server.client()
                    let payload = [UInt8](repeating: 0x78, count: 256 << 10)
                    // As much as the stream may have, which the disk has not.
                    var taken = 0
                    while taken < 256 {
                        // Some servers say no word of it: publications have no answer then.
                        let answer = try? await client.request("gohub.topic.other", payload, within: .seconds(1))
                        guard answer?.text.contains(#""seq":"#) == true else { break }
                        taken += 1
                    }
                    #expect(taken < 256, "the server says that it has all of it")
                    try await node.waitUntilDown()
                    try await node.pause()
                    #expect(mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT), "size=64m") == 0)
                    try await server.restart()
                    try await node.waitUntilReady()
                    try await node.publish()
                    try await node.finish()
                }
            }
        }
    #endif
}
