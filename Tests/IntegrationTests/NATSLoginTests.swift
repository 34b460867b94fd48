// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubNATS
import HubTesting
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("How a node logs in at NATS", .tags(.nats), .needsNATS, .timeLimit(.minutes(2)))
struct NATSLoginTests {
    private static let awkward = #"p@ss:w/rd%20#?&[é😀]{}'!"#

    private static let unreadableSecret: BusSecret.Source = { () throws(BusSecretError) in
        throw BusSecretError("no file there")
    }

    /// What a node is told of a login that is not taken.
    private func expectRefusal(_ fault: LinkFault?, _ nats: NATSServer, without secrets: String...) {
        #expect(fault?.reason == .refused, "\(fault?.message ?? "connected")")
        #expect(fault?.message.contains("127.0.0.1:\(nats.port)") == true, "\(fault?.message ?? "")")
        for secret in secrets { #expect(fault?.message.contains(secret) == false) }
    }

    /// Connects, publishes and receives.
    private func expectWork(_ settings: NATSSettings) async throws {
        try await withNATSNode(settings) { node in
            let fault = try await node.connect()
            #expect(fault == nil, "\(fault?.message ?? "")")
            try await node.want([.add(.broadcast)])
            #expect(try await node.publish([(.broadcast, [1])]) == [nil])
            _ = try await eventually("a message") { node.story.receivedCount == 1 ? true : nil }
            #expect(node.story.received == ["broadcast": [[1]]])
        }
    }

    @Test("a wrong password is refused at each attempt, and the right one taken as soon as the node reads it")
    func passwords() async throws {
        try await withNATSServer {
            $0.users = [NATSServer.User("hub", password: Self.awkward)]
        } _: { nats in
            let box = SecretBox("wrong-secret")
            let settings = NATSSettings([nats.port], login: .password(user: "hub") { box.read() })
            try await withNATSNode(settings) { node in
                for attempt in 1...4 {
                    expectRefusal(try await node.connect(), nats, without: "wrong-secret", Self.awkward)
                    #expect(box.reads.withLock { $0 } == attempt)
                }
                #expect(node.story.faults.count == 4)
                box.value.withLock { $0 = Self.awkward }
                #expect(try await node.connect() == nil)
                #expect(try await nats.connections().map(\.user) == ["hub"])
            }
        }
    }

    @Test("a password that is taken back ends the connection as refused")
    func revoked() async throws {
        try await withNATSServer {
            $0.users = [NATSServer.User("hub", password: "one")]
        } _: { nats in
            let settings = NATSSettings([nats.port], login: .password(user: "hub") { BusSecret("one") })
            try await withNATSNode(settings) { node in
                #expect(try await node.connect() == nil)
                try nats.rewrite { $0.users = [NATSServer.User("hub", password: "two")] }
                try await nats.reload()
                expectRefusal(try await node.fault(), nats, without: "one", "two")
                for _ in 0..<3 { expectRefusal(try await node.connect(), nats, without: "one", "two") }
            }
        }
    }

    @Test("a server that asks for a login refuses nobody's name, and one that asks for none takes any")
    func none() async throws {
        try await withNATSServer {
            $0.users = [NATSServer.User("hub", password: "one")]
        } _: { nats in
            try await withNATSNode(NATSSettings([nats.port])) { node in
                for _ in 0..<3 { expectRefusal(try await node.connect(), nats) }
            }
        }
        try await withNATSServer { nats in
            try await expectWork(NATSSettings([nats.port], login: .password(user: "hub") { BusSecret("one") }))
        }
    }

    @Test("logs in with a token")
    func tokens() async throws {
        try await withNATSServer {
            $0.token = Self.awkward
        } _: { nats in
            try await expectWork(NATSSettings([nats.port], login: .token { BusSecret(Self.awkward) }))
            try await withNATSNode(NATSSettings([nats.port], login: .token { BusSecret("other-secret") })) { node in
                for _ in 0..<3 { expectRefusal(try await node.connect(), nats, without: "other-secret") }
            }
        }
    }

    @Test("logs in with a key, whose seed is in a file that is read at each attempt")
    func keys() async throws {
        let (key, other) = (try NATSKey(), try NATSKey())
        let directory = try TemporaryDirectory()
        let file = try directory.write(key.seed.utf8, to: "seed")
        try await withNATSServer {
            $0.users = [NATSServer.User(publicKey: key.publicKey)]
        } _: { nats in
            let settings = NATSSettings([nats.port], login: .nkey(key.publicKey, seedFile: file))
            try await expectWork(settings)
            try await withNATSNode(settings) { node in
                _ = try directory.write(other.seed.utf8, to: "seed")
                for _ in 0..<3 { expectRefusal(try await node.connect(), nats, without: key.seed, other.seed) }
                _ = try directory.write("no seed at all".utf8, to: "seed")
                expectRefusal(try await node.connect(), nats, without: "no seed at all")
                _ = try directory.write(key.seed.utf8, to: "seed")
                #expect(try await node.connect() == nil)
            }
            let absent = NATSSettings([nats.port], login: .nkey(key.publicKey, seedFile: "\(file)-not-there"))
            try await withNATSNode(absent) { node in
                let fault = try await node.connect()
                expectRefusal(fault, nats)
            }
        }
    }

    @Test("logs in with credentials, until they end")
    func credentials() async throws {
        let trusted = try NATSOperator()
        let directory = try TemporaryDirectory()
        let good = try directory.write(trusted.user("hub").text.utf8, to: "good.creds")
        let late = try directory.write(trusted.user("late", lifetime: .seconds(-10)).text.utf8, to: "late.creds")
        let soon = try directory.write(trusted.user("soon", lifetime: .seconds(3)).text.utf8, to: "soon.creds")
        try await withNATSServer {
            $0.operator = trusted
        } _: { nats in
            try await expectWork(NATSSettings([nats.port], login: .credentials(file: good)))
            try await withNATSNode(NATSSettings([nats.port], login: .credentials(file: late))) { node in
                for _ in 0..<3 { expectRefusal(try await node.connect(), nats) }
            }
            try await withNATSNode(NATSSettings([nats.port], login: .credentials(file: soon))) { node in
                #expect(try await node.connect() == nil)
                let fault = try await node.fault()
                expectRefusal(fault, nats)
                #expect(fault.message.contains("User Authentication Expired"), "\(fault.message)")
            }
            try await withNATSNode(NATSSettings([nats.port], login: .credentials(file: "\(good)-not-there"))) { node in
                let fault = try await node.connect()
                expectRefusal(fault, nats)
                #expect(fault?.message.contains("\(good)-not-there") == true, "\(fault?.message ?? "")")
            }
        }
    }

    @Test("a pipe in place of a file with credentials is a refusal, and nobody waits for what is written into it")
    func pipe() async throws {
        let directory = try TemporaryDirectory()
        let pipe = "\(directory.path)/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        try await withNATSServer { nats in
            for login in [NATSSettings.Login.credentials(file: pipe), .nkey("UABC", seedFile: pipe)] {
                try await withNATSNode(NATSSettings([nats.port], login: login)) { node in
                    let fault = try await node.connect()
                    expectRefusal(fault, nats)
                    #expect(
                        fault?.message.contains("\(pipe) cannot be used: it is not a regular file") == true,
                        "\(fault?.message ?? "")"
                    )
                }
            }
        }
    }

    @Test("a secret that cannot be read is a refusal without a connection")
    func unreadable() async throws {
        try await withNATSServer { nats in
            let settings = NATSSettings([nats.port], login: .token(Self.unreadableSecret))
            try await withNATSNode(settings) { node in
                for _ in 0..<3 {
                    let fault = try await node.connect()
                    #expect(fault == LinkFault(.refused, "no file there"))
                }
                let connections = try await nats.connections()
                #expect(connections.isEmpty)
            }
        }
    }
}

/// A secret that changes, and how often it was read.
private final class SecretBox: Sendable {
    let value: Mutex<String>
    let reads = Mutex(0)

    init(_ value: String) { self.value = Mutex(value) }

    func read() -> BusSecret {
        reads.withLock { $0 += 1 }
        return BusSecret(value.withLock { $0 })
    }
}
