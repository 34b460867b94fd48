// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubServer
import HubTesting
import HubWire
import Testing

@Suite("Routes from outside")
struct OutsideRoutesTests {
    private static let topics = Route(
        "/api/v1/topics/{name}",
        RouteLabel("/api/v1/topics/{name}"),
        "a topic",
        methods: [.get, .put, .delete],
        maxBodyBytes: 10,
        .answer { request in
            .text(200, "\(request.head.method) \(request.parameter("name") ?? "-") \(request.address)")
        }
    )

    @Test("each method of a route is answered, HEAD without a body", arguments: ["GET", "HEAD", "PUT", "DELETE"])
    func methods(method: String) async throws {
        try await withServer {
            $0.routes = [Self.topics]
        } _: { server in
            let peer = try await server.connect()
            let reply = try await peer.get("/api/v1/topics/a%2Fb?x=y", method: method)
            #expect(reply.status == 200)
            #expect(reply.text == (method == "HEAD" ? "" : "\(method) a/b 127.0.0.1\n"))
            #expect(reply["connection"] == "keep-alive")
            #expect(try await peer.get("/version").status == 200)
            let labels = ["route": "/api/v1/topics/{name}", "method": method, "status": "2xx"]
            let page = try await server.scrape()
            #expect(page.value(of: "gohub_http_requests_total", labels) == 1)
            let route = ["route": "/api/v1/topics/{name}"]
            #expect(page.histogram(of: "gohub_http_request_duration_seconds", route)?.count == 1)
        }
    }

    @Test("what operators alone see is counted by its route, and timed with what has none of its own")
    func operators() async throws {
        let page = Route(
            "/debug",
            RouteLabel("/debug"),
            "a page",
            on: .operatorsOnly,
            .answer { _ in .text(200, "ok") }
        )
        try await withServer {
            $0.routes = [page, Self.topics]
            $0.hasAdminListener = true
        } _: { server in
            let peer = try await server.connect(toAdmin: true)
            for path in ["/debug", "/livez", "/nothing"] { _ = try await peer.get(path) }
            let scraped = try await server.scrape()
            let counted = ["route": "/debug", "method": "GET", "status": "2xx"]
            #expect(scraped.value(of: "gohub_http_requests_total", counted) == 1)
            let durations = "gohub_http_request_duration_seconds"
            #expect(scraped.histogram(of: durations, ["route": "other"])?.count == 3)
            for route in ["/debug", "/livez"] { #expect(scraped.histogram(of: durations, ["route": route]) == nil) }
        }
    }

    @Test("any other method gets 405 with what is allowed", arguments: ["POST", "PATCH", "OPTIONS", "put"])
    func otherMethods(method: String) async throws {
        try await withServer {
            $0.routes = [Self.topics]
        } _: { server in
            let reply = try await server.get("/api/v1/topics/a", method: method)
            #expect(reply.status == 405)
            #expect(reply["allow"] == "GET, HEAD, PUT, DELETE")
            #expect(reply["connection"] == "keep-alive")
            let labels = ["route": "/api/v1/topics/{name}", "method": "other", "status": "4xx"]
            #expect(try await server.scrape().value(of: "gohub_http_requests_total", labels) == 1)
        }
    }

    @Test(
        "a parameter that is empty finds nothing, and one that cannot be text is refused",
        arguments: [
            ("", 404), ("a/b", 404), ("%00", 400), ("%FF", 400), ("%C3", 400), ("%", 400), ("%4", 400), ("%zz", 400),
        ]
    )
    func parameters(segment: String, status: Int) async throws {
        try await withServer {
            $0.routes = [Self.topics]
        } _: { server in
            let reply = try await server.get("/api/v1/topics/\(segment)")
            #expect(reply.status == status)
        }
    }

    @Test("a route stands where it was put, and the pages at / say so", arguments: [false, true])
    func listeners(hasAdminListener: Bool) async throws {
        try await withServer {
            $0.hasAdminListener = hasAdminListener
            $0.routes = [
                .echo("/clients"), .echo("/operators", methods: .get, on: .operators),
                .echo("/own", on: .operatorsOnly),
                .echo("/both", methods: [.get, .post], on: [.clients, .operators]),
            ]
        } _: { server in
            let paths = ["/clients", "/operators", "/own", "/both"]
            func found(_ fromAdmin: Bool) async throws -> [String] {
                var found: [String] = []
                for path in paths where try await server.get(path, fromAdmin: fromAdmin).status != 404 {
                    found.append(path)
                }
                return found
            }
            func shown(_ fromAdmin: Bool) async throws -> [String] {
                let lines = try await server.get("/", fromAdmin: fromAdmin).text.split(separator: "\n")
                return paths.filter { path in lines.contains { $0.hasPrefix(path + " ") } }
            }
            let clients = hasAdminListener ? ["/clients", "/both"] : ["/clients", "/operators", "/both"]
            let operators = hasAdminListener ? ["/operators", "/own", "/both"] : clients
            #expect(try await found(false) == clients)
            #expect(try await found(true) == operators)
            #expect(try await shown(false) == clients)
            #expect(try await shown(true) == operators)
            let page = try await server.get("/").text
            let width = hasAdminListener ? 10 : 12
            func padded(_ path: String) -> String { path + String(repeating: " ", count: width - path.count) }
            #expect(page.contains(padded("/clients") + "POST: answers"))
            #expect(page.contains(padded("/both") + "GET, HEAD, POST: answers"))
        }
    }

    @Test("a route that answers later answers from whatever thread")
    func later() async throws {
        let pending = PendingAnswers()
        try await withServer {
            $0.routes = [pending.route()]
        } _: { server in
            let peer = try await server.connect()
            peer.request("/later")
            peer.request("/version")
            try await server.eventually("the request") { $0.awaitedAnswers == 1 && $0.requestsInFlight == 1 }
            pending.answer(202)
            #expect(try await peer.reply().status == 202)
            #expect(try await peer.reply().status == 200)
        }
    }

    @Test("a second answer changes nothing, nor one to a client that has gone", arguments: [true, false])
    func answeredTwice(isGone: Bool) async throws {
        try await withServer {
            $0.routes = [
                Route(
                    "/twice",
                    RouteLabel("/twice"),
                    "",
                    .answerLater { _, reply in
                        reply(.text(200, "once"))
                        reply(.text(500, "twice"))
                    }
                )
            ]
        } _: { server in
            let peer = try await server.connect(sending: "GET /twice HTTP/1.1\r\nHost: a\r\n\r\n")
            if isGone {
                peer.reset()
                try await server.eventually("the end") { $0.accepted == 1 && $0.httpConnections == 0 }
            } else {
                #expect(try await peer.reply().text == "once\n")
                #expect(try await peer.get("/version").status == 200)
            }
        }
    }

    @Test("a request that its route forgets is answered all the same")
    func forgotten() async throws {
        try await withServer {
            $0.routes = [Route("/forgets", RouteLabel("/forgets"), "", .answerLater { _, _ in })]
        } _: { server in
            let peer = try await server.connect()
            #expect(try await peer.get("/forgets").status == 500)
            #expect(try await peer.get("/version").status == 200)
        }
    }

    @Test("beyond a limit of connections a route is refused before it is asked, body or not")
    func beyondLimit() async throws {
        try await withServer {
            $0.settings.maxConnections = 1
            $0.routes = [.echo(admit: { _ in .text(401, "who are you?") })]
        } _: { server in
            let first = try await server.connect()
            #expect(try await first.get("/version").status == 200)
            let peer = try await server.connect()
            peer.post("/echo", "hello")
            #expect(try await peer.reply().status == 503)
            #expect(try await peer.readToEnd().bytes.isEmpty)
        }
    }

    @Test("without routes from outside there is no family and no label of theirs")
    func none() async throws {
        try await withServer { server in
            let page = try await server.scrape()
            #expect(!page.samples.contains { $0.name.hasPrefix("gohub_http_bod") })
            let routes = Set(page.samples.flatMap { $0.labels.filter { $0.name == "route" }.map(\.value) })
            #expect(routes == ["/", "/ws", "/metrics", "/livez", "/readyz", "/healthz", "/version", "other"])
            #expect(!page.samples.contains { $0.labels.contains { $0.name == "method" && $0.value == "POST" } })
        }
    }
}
