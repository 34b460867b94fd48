// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import HubLoop
import Testing

@testable import gohub

@Suite("Where a node says that it listens")
struct ListeningNoticeTests {
    private func notice(_ clients: String, _ operators: String) throws -> ListeningNotice {
        ListeningNotice(
            address: try SocketAddress.parse(clients),
            adminAddress: try SocketAddress.parse(operators),
            maxConnections: 7
        )
    }

    @Test(
        "the URLs are those of this machine where it listens on every interface",
        arguments: [
            (":8080", ":8080", "localhost:8080", "localhost:8080"),
            ("[::]:80", "0.0.0.0:81", "localhost:80", "localhost:81"),
            ("10.0.0.1:80", "[::1]:81", "10.0.0.1:80", "[::1]:81"),
        ]
    )
    func urls(clients: String, operators: String, shownClients: String, shownOperators: String) throws {
        let notice = try notice(clients, operators)
        let shown = Dictionary(uniqueKeysWithValues: notice.fields.map { ($0.key.description, $0.value) })
        #expect(shown["clients"] == .string("ws://\(shownClients)/ws"))
        for (key, path) in [
            "overview": "/", "metrics": "/metrics", "ready": "/readyz", "live": "/livez", "version": "/version",
        ] {
            #expect(shown[key] == .string("http://\(shownOperators)\(path)"))
        }
        #expect(shown["max_connections"] == .int(7))
        let screen = notice.screen(program: "gohub")
        #expect(screen.contains(" ws://\(shownClients)/ws\n"))
        #expect(screen.contains(" http://\(shownOperators)/metrics\n"))
    }

    @Test("the commands to try name the hub unless it is the one that they take by themselves")
    func commands() throws {
        let usual = try notice(":8080", ":8080").screen(program: "./gohub")
        #expect(usual.contains("  ./gohub sub news\n  ./gohub pub news hello\n"))
        let other = try notice("127.0.0.1:9000", "127.0.0.1:9000").screen(program: "./gohub")
        #expect(other.contains("  ./gohub sub news --url ws://127.0.0.1:9000/ws\n"))
    }
}
