// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// Which routes a listener has.
package struct Router: Sendable {
    private let routes: [String: Route]

    /// Makes a router, with a page at `/` that names every path; of two routes with one path the last counts.
    package init(_ routes: [Route]) {
        let width = routes.map(\.path.utf8.count).max() ?? 0
        let lines = routes.map { route in
            route.path + String(repeating: " ", count: width - route.path.utf8.count + 2) + route.summary
        }
        let page = HTTPAnswer.text(
            200,
            (["gohub, a WebSocket message hub. What is here:", ""] + lines).joined(separator: "\n")
        )
        let routes = [Route("/", .root, "this page", .answer { _ in page })] + routes
        self.routes = Dictionary(routes.map { ($0.path, $0) }, uniquingKeysWith: { _, last in last })
    }

    /// The route for a request, or the refusal.
    func route(_ head: HTTPRequestHead) -> Result<Route, Refusal> {
        guard let route = routes[head.path] else {
            return .failure(Refusal(.unknown, .text(404, "there is nothing at this path")))
        }
        if case .webSocket = route.action { return .success(route) }
        guard head.method == "GET" || head.method == "HEAD" else {
            return .failure(Refusal(route.label, .text(405, "only GET and HEAD", headers: [("Allow", "GET, HEAD")])))
        }
        return .success(route)
    }

    struct Refusal: Error {
        let label: RouteLabel
        let answer: HTTPAnswer

        init(_ label: RouteLabel, _ answer: HTTPAnswer) {
            self.label = label
            self.answer = answer
        }
    }
}
