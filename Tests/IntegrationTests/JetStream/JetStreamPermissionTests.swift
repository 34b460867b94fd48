// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubNATS
import HubTesting
import Testing

@Suite("A node on JetStream that lacks rights", .needsNATS, .tags(.nats), .timeLimit(.minutes(1)))
struct JetStreamPermissionTests {
    private static let login = NATSSettings.Login.password(user: "hub") { BusSecret("secret") }

    private static func user(denied subject: String) -> NATSServer.User {
        .init("hub", password: "secret", permissions: .init(deniesPublish: [subject]))
    }

    private func run(
        denied subject: String,
        _ body: (NATSServer, JetStreamNode) async throws -> Void
    ) async throws {
        try await withNATSServer {
            $0.jetStream = .init()
            $0.users = [Self.user(denied: subject)]
        } _: { server in
            let node = try JetStreamNode("a", on: [server.port], login: Self.login)
            try await node.begin()
            try await body(server, node)
            try await node.finish()
        }
    }

    private static let warning = "NATS refuses what this node publishes"

    @Test("acknowledgements that the server does not take are counted, and their refusal is told")
    func acknowledgements() async throws {
        try await run(denied: "$JS.ACK.>") { _, node in
            try await node.publish()
            _ = try await eventually("an acknowledgement that was not taken") {
                try node.value("ack_errors_total") >= 1 ? true : nil
            }
            #expect(node.warnings.contains(Self.warning))
        }
    }

    @Test(
        "a node that is brought the same again and again, as its acknowledgements are lost, connects anew and gets what is next"
    )
    func redelivery() async throws {
        try await withNATSServer {
            $0.jetStream = .init()
            $0.users = [Self.user(denied: "$JS.ACK.>")]
        } _: { server in
            let node = try JetStreamNode("a", on: [server.port], login: Self.login) {
                $0.maxAckPending = 10
                $0.ackWait = .milliseconds(500)
                $0.maxDeliver = 1000
            }
            try await node.begin()
            let client = try await server.client(.user("hub", password: "secret"))
            for number in 0..<30 { try await client.store("news", "\(number)") }
            #expect(try await node.waitForBare(30) == (0..<30).map(String.init))
            #expect(try await node.harness.run { $0.tap.faults.map(\.reason) }.allSatisfy { $0 == .timeout })
            #expect(try node.value("redelivered_total") > 0)
            try await node.finish()
        }
    }

    @Test(
        "what a node cannot do without ends the link as refused, with the server's words",
        arguments: ["STREAM.INFO", "STREAM.CREATE", "CONSUMER.DURABLE.CREATE"]
    )
    func essential(operation: String) async throws {
        try await withNATSServer {
            $0.jetStream = .init()
            $0.users = [Self.user(denied: "$JS.API.\(operation).>")]
        } _: { server in
            let node = try JetStreamNode("a", on: [server.port], login: Self.login)
            try await node.start()
            let fault = try await node.waitForFault(operation)
            #expect(fault.reason == .refused)
            #expect(fault.message.contains("Permissions Violation"), "\(fault.message)")
            try await node.finish()
        }
    }

    @Test("a node that may make no consumer any more leaves the one before, with what was not taken of it")
    func consumerStays() async throws {
        let denied = "$JS.API.CONSUMER.DURABLE.CREATE.>"
        try await withNATSServer {
            $0.jetStream = .init()
            $0.users = [Self.user(denied: "nothing")]
        } _: { server in
            try await withFaultProxy(to: server.port) { proxy in
                let node = try JetStreamNode("a", on: [proxy.port], login: Self.login)
                try await node.begin()
                let client = try await server.client(.user("hub", password: "secret"))
                let consumers = try await client.consumers()
                #expect(consumers.count == 1)
                try server.rewrite { $0.users = [Self.user(denied: denied)] }
                try await server.reload()
                await proxy.cut()
                try await node.waitUntilDown()
                await proxy.heal()
                let fault = try await node.waitForFault("CONSUMER.DURABLE.CREATE")
                #expect(fault.reason == .refused)
                let attempts = try await node.harness.run { $0.tap.downs }
                try await node.harness.wait(for: "more attempts") { $0.tap.downs >= attempts + 3 }
                #expect(try await client.consumers() == consumers)

                try server.rewrite { $0.users = [Self.user(denied: "nothing")] }
                try await server.reload()
                try await node.waitUntilReady()
                _ = try await eventually("one consumer, another one") { () -> Bool? in
                    let now = try await client.consumers()
                    return now.count == 1 && now != consumers ? true : nil
                }
                try await node.finish()
            }
        }
    }

    @Test("publications that the server does not take fail, and their refusal is told")
    func publications() async throws {
        try await run(denied: "gohub.topic.news") { _, node in
            try await node.harness.run { $0.publish(JetStreamNode.news) }
            try await node.harness.wait(for: "the answer") { $0.answers.isComplete }
            #expect(try await node.harness.run { $0.answers.last.map(\.code) } == [.rejected])
            #expect(node.warnings.contains(Self.warning))
        }
    }
}
