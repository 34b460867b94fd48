// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubServer
import HubTesting
import HubWire
import Testing

@Suite("Routes")
struct RoutesTests {
    @Test("every path answers GET with 200", arguments: ["/metrics", "/livez", "/readyz", "/healthz", "/version"])
    func found(path: String) async throws {
        try await withServer { server in
            let reply = try await server.get(path, headers: [patient])
            #expect(reply.status == 200)
            #expect(!reply.body.isEmpty)
            #expect(
                reply["content-type"] == (path == "/metrics" ? Exposition.Format.text.contentType : "application/json")
            )
            #expect(reply["connection"] == "keep-alive")
        }
    }

    @Test("a query changes nothing", arguments: ["/version?a=1", "/livez?", "/metrics?name[]=x"])
    func query(target: String) async throws {
        try await withServer { server in
            let reply = try await server.get(target, headers: [patient])
            #expect(reply.status == 200)
        }
    }

    @Test(
        "any other path answers 404",
        arguments: ["//", "/metrics/", "/Metrics", "/ws/", "/wsx", "/livez/..", "/%6divez"]
    )
    func notFound(path: String) async throws {
        try await withServer { server in
            let reply = try await server.get(path)
            #expect(reply.status == 404)
            #expect(try await server.get(path, method: "POST").status == 404)
            let page = try await server.scrape()
            #expect(page.sum(of: "gohub_http_requests_total", where: ["route": "other", "status": "4xx"]) == 2)
        }
    }

    @Test(
        "another method answers 405 with what is allowed",
        arguments: ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get"]
    )
    func methods(method: String) async throws {
        try await withServer { server in
            for path in ["/metrics", "/livez", "/readyz", "/healthz", "/version"] {
                let reply = try await server.get(path, method: method)
                #expect(reply.status == 405)
                #expect(reply["allow"] == "GET, HEAD")
            }
            let page = try await server.scrape()
            #expect(page.sum(of: "gohub_http_requests_total", where: ["method": "other", "status": "4xx"]) == 5)
        }
    }

    @Test("HEAD has the length of the body and no body", arguments: ["/livez", "/readyz", "/healthz", "/version"])
    func head(path: String) async throws {
        try await withServer { server in
            let get = try await server.get(path)
            let peer = try await server.connect()
            let head = try await peer.get(path, method: "HEAD")
            #expect(head.status == get.status)
            #expect(head["content-length"] == get["content-length"])
            #expect(head["content-type"] == get["content-type"])
            // Had a body come, it would stand before this answer.
            #expect(try await peer.get("/version").status == 200)
            let page = try await server.scrape()
            #expect(page.sum(of: "gohub_http_requests_total", where: ["method": "HEAD", "status": "2xx"]) == 1)
        }
    }

    @Test("HEAD of what is not there has no body either", arguments: ["/nothing", "/ws"])
    func headOfNothing(path: String) async throws {
        try await withServer { server in
            let peer = try await server.connect()
            peer.request(path, method: "HEAD", headers: [("Connection", "close")])
            let reply = try await peer.reply(isHead: true)
            #expect(reply.status == (path == "/ws" ? 405 : 404))
            #expect(try await peer.readToEnd().bytes.isEmpty)
        }
    }

    @Test("the version is what the server was made with")
    func version() async throws {
        try await withServer {
            $0.settings.revision = "0123abc"
        } _: { server in
            let reply = try await server.get("/version")
            let body = try JSONTree(parsing: reply.body)
            #expect(body.object == ["version": .string("1.2.3"), "revision": .string("0123abc")])
            #expect(reply["cache-control"] == "no-store")
        }
    }

    @Test("operators' paths are on their own listener alone when there is one")
    func adminListener() async throws {
        try await withServer {
            $0.hasAdminListener = true
        } _: { server in
            #expect(server.port != server.adminPort)
            for path in ["/metrics", "/livez", "/readyz", "/healthz", "/version"] {
                #expect(try await server.get(path).status == 404)
                #expect(try await server.get(path, headers: [patient], fromAdmin: true).status == 200)
            }
            #expect(try await server.get("/ws", fromAdmin: true).status == 404)
            _ = try await server.client()
        }
    }

    @Test("the page at / names the paths of its own listener and no other", arguments: [false, true])
    func root(hasAdminListener: Bool) async throws {
        try await withServer {
            $0.hasAdminListener = hasAdminListener
        } _: { server in
            let clients = ["/ws"]
            let operators = ["/metrics", "/livez", "/readyz", "/healthz", "/version"]
            func paths(_ reply: HTTPReply) -> [String] {
                reply.text.split(separator: "\n").filter { $0.hasPrefix("/") }.map { String($0.prefix { $0 != " " }) }
            }
            let reply = try await server.get("/")
            #expect(reply.status == 200)
            #expect(reply["content-type"] == "text/plain; charset=utf-8")
            #expect(paths(reply) == (hasAdminListener ? clients : clients + operators))
            #expect(
                paths(try await server.get("/", fromAdmin: true))
                    == (hasAdminListener ? operators : clients + operators)
            )
            let page = try await server.scrape()
            #expect(page.value(of: "gohub_http_requests_total", ["route": "/", "method": "GET", "status": "2xx"]) == 2)
        }
    }

    @Test("the WebSocket's path can be another")
    func otherPath() async throws {
        try await withServer {
            $0.settings.path = "/hub"
        } _: { server in
            _ = try await server.client()
            #expect(try await server.get("/ws").status == 404)
        }
    }
}
