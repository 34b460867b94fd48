// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import HubWire
import Testing

@testable import HubServer

@Suite("Finding routes")
struct RouterTests {
    /// A router of paths and methods; each route answers with its own path.
    private func router(_ routes: [(String, HTTPMethods)]) -> Router {
        let made = routes.map { path, methods in
            Route(path, RouteLabel("/test"), "a test", methods: methods, .answer { _ in .text(200, path) })
        }
        return Router(made, labels: RouteLabels(made))
    }

    /// What a request finds: the path of the route and the values of its parameters, or the status of the refusal.
    private func find(_ router: Router, _ method: String, _ path: String) -> (
        path: String, values: [String], status: Int
    ) {
        switch router.route(HTTPRequestHead(method: method, path: path), HTTPMethods(named: method)) {
        case .success(let match): (match.entry.path.text, match.parameters.map(\.value), 200)
        case .failure(let refusal): ("", [], refusal.answer.status)
        }
    }

    private static let paths: [(String, HTTPMethods)] = [
        ("/cluster/publish", .post), ("/api/v1/{method}", .post), ("/api/v1/topics/{name}", [.get, .delete]),
        ("/api/v1/topics/{name}/members/{id}", .get), ("/api/v1/topics/all", .get),
        ("/api/{version}/topics/{name}", .put),
        ("/debug/nodes", .get),
    ]

    @Test(
        "a path finds its route, literal segments before parameters, and methods by themselves",
        arguments: [
            ("POST", "/cluster/publish", "/cluster/publish", []),
            ("POST", "/api/v1/publish", "/api/v1/{method}", ["publish"]),
            ("GET", "/api/v1/topics/news", "/api/v1/topics/{name}", ["news"]),
            ("HEAD", "/api/v1/topics/news", "/api/v1/topics/{name}", ["news"]),
            ("GET", "/api/v1/topics/all", "/api/v1/topics/all", []),
            ("DELETE", "/api/v1/topics/all", "/api/v1/topics/{name}", ["all"]),
            ("PUT", "/api/v1/topics/all", "/api/{version}/topics/{name}", ["v1", "all"]),
            ("GET", "/api/v1/topics/a/members/b", "/api/v1/topics/{name}/members/{id}", ["a", "b"]),
            ("GET", "/debug/nodes", "/debug/nodes", []), ("GET", "/", "/", []),
        ] as [(String, String, String, [String])]
    )
    func found(method: String, path: String, route: String, values: [String]) {
        let found = find(router(Self.paths), method, path)
        #expect(found.path == route)
        #expect(found.values == values)
    }

    @Test(
        "a parameter is one segment, unescaped, and holds a slash only if that came as %2F",
        arguments: [
            ("news", "news"), ("a%2Fb", "a/b"), ("a%2fb", "a/b"), ("%41", "A"), ("%25", "%"), ("a+b", "a+b"),
            (".", "."),
            ("..", ".."), ("%C3%A4", "\u{e4}"), ("%E2%82%AC", "\u{20ac}"), ("%20", " "), ("a:b@c;d=e,f", "a:b@c;d=e,f"),
            ("%7B", "{"),
        ]
    )
    func parameters(segment: String, value: String) {
        #expect(find(router(Self.paths), "GET", "/api/v1/topics/\(segment)").values == [value])
    }

    @Test(
        "a parameter that is not UTF-8 is refused",
        arguments: ["%FF", "%C3", "%C0%AF", "%ED%A0%80", "a%80", "%", "%4", "%zz"]
    )
    func badParameters(segment: String) {
        #expect(find(router(Self.paths), "GET", "/api/v1/topics/\(segment)").status == 400)
    }

    @Test(
        "what is not quite a path finds nothing",
        arguments: [
            "/api/v1/topics/", "/api/v1/topics//", "/api/v1/topics", "/api/v1/topics/a/", "/api/v1/topics/a/members/",
            "/api/v1/topics//members/b", "//api/v1/topics/a", "/API/v1/topics/a", "/api/v1/topics/a/b/c/d/e/f/g",
            "/api/v1/%74opics/a/members/b", "*", "/cluster/publish/", "/debug/nodes/x",
        ]
    )
    func notFound(path: String) {
        let expected = path == "/api/v1/topics" ? 405 : 404
        #expect(find(router(Self.paths), "GET", path).status == expected)
    }

    @Test("a path of very many segments is refused like any other")
    func manySegments() {
        #expect(find(router(Self.paths), "GET", String(repeating: "/a", count: 8000)).status == 404)
    }

    @Test(
        "a method that no route of a path takes is refused with exactly those that one takes",
        arguments: [
            ("/cluster/publish", "POST", "only POST"), ("/api/v1/publish", "POST", "only POST"),
            ("/api/v1/topics/a", "GET, HEAD, PUT, DELETE", "only GET, HEAD, PUT and DELETE"),
            ("/debug/nodes", "GET, HEAD", "only GET and HEAD"), ("/api/v2/topics/a", "PUT", "only PUT"),
        ]
    )
    func allow(path: String, methods: String, text: String) {
        for method in ["OPTIONS", "PATCH", "get", "TRACE"] {
            let head = HTTPRequestHead(method: method, path: path)
            guard case .failure(let refusal) = router(Self.paths).route(head, HTTPMethods(named: method))
            else {
                Issue.record("\(method) is taken")
                continue
            }
            #expect(refusal.answer.status == 405)
            #expect(refusal.answer.headers.first { $0.0 == "Allow" }?.1 == methods)
            #expect(String(decoding: refusal.answer.body, as: UTF8.self) == text + "\n")
        }
    }

    @Test("of two routes with one path and method the last counts, also where the parameters have other names")
    func last() {
        let routes = router([
            ("/a", .get), ("/a/{b}", .get), ("/a/{c}", [.get, .post]), ("/a", .post), ("/a/{d}", .get),
        ])
        #expect(find(routes, "GET", "/a/x").path == "/a/{d}")
        #expect(find(routes, "POST", "/a/x").path == "/a/{c}")
        #expect(find(routes, "GET", "/a").path == "/a")
        #expect(find(routes, "POST", "/a").path == "/a")
    }

    @Test(
        "a text that is no template is refused",
        arguments: [
            ("/a/{", .badParameter), ("/a/}", .badParameter), ("/a/{}", .badParameter), ("/a/x{b}", .badParameter),
            ("/a/{b}x", .badParameter), ("/a/{b}{c}", .badParameter), ("/a/{1}", .badParameter),
            ("/{a b}", .badParameter),
            ("/a/{b}/{b}", .duplicateParameter), ("a/{b}", .badSegment), ("/a//{b}", .badSegment),
            ("/{b}/", .badSegment),
        ] as [(String, RoutePath.Fault.Code)]
    )
    func badTemplates(text: String, code: RoutePath.Fault.Code) {
        #expect(throws: RoutePath.Fault(code: code)) { try RoutePath(text) }
    }

    @Test("a segment may stand twice, and a path without parameters is taken as it is")
    func goodTemplates() throws {
        let template = try RoutePath("/a/a/{b}")
        #expect(template.segments.count == 3)
        for text in ["/", "/a/", "/a//b"] {
            let path = try RoutePath(text)
            #expect(path.segments.isEmpty)
        }
    }

    @Test("labels are numbered once, the server's own first, and share a number when they are equal")
    func labels() {
        let routes = [
            Route("/a", RouteLabel("/api"), "", methods: .post, .webSocket),
            Route("/b", RouteLabel("/api"), "", methods: .delete, .webSocket),
            Route("/c", RouteLabel("/c"), "", .webSocket), Route("/d", .metrics, "", .webSocket),
        ]
        let labels = RouteLabels(routes)
        #expect(labels.all == RouteLabels.own + [RouteLabel("/api"), RouteLabel("/c")])
        #expect(labels.number(of: .metrics) == 2)
        #expect(labels.number(of: RouteLabel("/x")) == RouteLabels.unknown)
        #expect(labels.timed == [.webSocket, .metrics, .unknown, RouteLabel("/api"), RouteLabel("/c")])
        let api = labels.number(of: RouteLabel("/api"))
        #expect(labels.statuses(api, .post) == [.success, .clientError, .serverError])
        #expect(labels.statuses(api, .get) == [.clientError, .serverError])
        #expect(labels.statuses(api, .put) == [])
        #expect(labels.statuses(labels.number(of: RouteLabel("/c")), .head) == [.success, .clientError, .serverError])
    }
}
