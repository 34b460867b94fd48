// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import HubWire
import Testing

@Suite("Who may use a NATS server of the tests", .tags(.nats), .needsNATS, .timeLimit(.minutes(1)))
struct NATSServerLoginTests {
    private static let awkward = #"one "two" \three $four"#

    @Test("asks for passwords, and for other ones after a reload and a restart")
    func passwords() async throws {
        try await withNATSServer {
            $0.users = [NATSServer.User("hub", password: Self.awkward)]
        } _: { nats in
            let client = try await nats.client(.user("hub", password: Self.awkward))
            await expectFault("Authorization Violation") { try await nats.client() }
            try nats.rewrite { $0.users = [NATSServer.User("hub", password: "two")] }
            try await client.flush()
            try await nats.reload()
            await expectFault("Authorization Violation") { try await nats.client(.user("hub", password: Self.awkward)) }
            try await nats.client(.user("hub", password: "two")).flush()
            try nats.rewrite { $0.users = [NATSServer.User("hub", password: "three")] }
            try await nats.restart()
            try await nats.client(.user("hub", password: "three")).flush()
            try nats.rewrite { $0.lines = ["no_such_setting: 1"] }
            await expectFault("no_such_setting") { try await nats.reload() }
            try await nats.client(.user("hub", password: "three")).flush()
        }
    }

    @Test("asks for a token")
    func tokens() async throws {
        try await withNATSServer {
            $0.token = "any one"
        } _: { nats in
            try await nats.client(.token("any one")).flush()
            await expectFault("Authorization Violation") { try await nats.client(.token("another")) }
        }
    }

    @Test("users may publish and subscribe as their permissions say")
    func permissions() async throws {
        let permissions = NATSServer.Permissions(
            publish: ["room.>"],
            deniesPublish: ["room.secret"],
            subscribe: ["_INBOX.>", "room.*"],
            deniesSubscribe: ["room.secret"]
        )
        try await withNATSServer {
            $0.users = [
                NATSServer.User("hub", password: "one", permissions: permissions),
                NATSServer.User("all", password: "two"),
            ]
        } _: { nats in
            let hub = try await nats.client(.user("hub", password: "one"))
            try await hub.subscribe("room.1")
            try await hub.publish("room.1", "hello")
            #expect(try await hub.next().text == "hello")
            for subject in ["room.secret", "other"] {
                await expectFault("Permissions Violation for Publish to \"\(subject)\"") {
                    try await hub.publish(subject, "hello")
                    try await hub.flush()
                }
                await expectFault("Permissions Violation for Subscription to \"\(subject)\"") {
                    try await hub.subscribe(subject)
                }
            }
            let all = try await nats.client(.user("all", password: "two"))
            try await all.subscribe("room.secret")
            try await all.publish("room.secret", "hello")
            #expect(try await all.next().subject == "room.secret")
        }
    }

    @Test("a key signs what the server sends")
    func keys() async throws {
        let key = try NATSKey()
        #expect(key.publicKey.first == "U" && key.publicKey.count == 56)
        #expect(key.seed.hasPrefix("SU") && key.seed.count == 58)
        try await withNATSServer {
            $0.users = [NATSServer.User(publicKey: key.publicKey)]
        } _: { nats in
            let client = try await nats.client(.key(key))
            #expect(try await nats.connections().map(\.user) == [key.publicKey])
            try await client.flush()
            let other = try NATSKey()
            await expectFault("Authorization Violation") { try await nats.client(.key(other)) }
        }
    }

    @Test("credentials are good as long as they last, for what they permit, also for streams")
    func credentials() async throws {
        let trusted = try NATSOperator()
        let all = try trusted.user("all")
        #expect(all.text.contains(all.token) && all.text.contains(all.key.seed))
        try await withNATSServer {
            $0.operator = trusted
            $0.jetStream = .init()
        } _: { nats in
            let client = try await nats.client(.credentials(all))
            try await client.jetStream("STREAM.CREATE.rooms", #"{"name":"rooms","subjects":["room.>"]}"#)
            let few = try trusted.user("few", permissions: .init(publish: ["room.1"], subscribe: ["_INBOX.>"]))
            let limited = try await nats.client(.credentials(few))
            #expect(try await limited.request("room.1").text.contains(#""seq":1"#))
            await expectFault("Permissions Violation for Publish to \"room.2\"") {
                try await limited.publish("room.2", "hello")
                try await limited.flush()
            }
            let late = try trusted.user("late", lifetime: .seconds(-10))
            await expectFault("Authorization Violation") { try await nats.client(.credentials(late)) }
            let stranger = try NATSOperator().user("stranger")
            await expectFault("Authorization Violation") { try await nats.client(.credentials(stranger)) }
            let soon = try await nats.client(.credentials(trusted.user("soon", lifetime: .seconds(2))))
            await expectFault("User Authentication Expired") { try await soon.next() }
        }
    }

    @Test("speaks TLS behind its first line, and asks for certificates when it is to", arguments: [false, true])
    func tls(asksForCertificates: Bool) async throws {
        let authority = try TestAuthority()
        let certificate = try authority.issue(["IP:127.0.0.1"])
        try await withNATSServer {
            $0.tls = ServerTLS(
                certificate: certificate.certificateFile,
                key: certificate.keyFile,
                authority: authority.caFile,
                asksForCertificates: asksForCertificates
            )
        } _: { nats in
            let greeting = try await NATSTestClient.greeting(on: nats.port)
            #expect(greeting["tls_required"] == .boolean(true))
            #expect((greeting["tls_verify"] == .boolean(true)) == asksForCertificates)
            await #expect(throws: (any Error).self) { try await nats.client() }
            withExtendedLifetime(authority) {}
        }
    }
}
