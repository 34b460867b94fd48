// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// Which routes a listener has.
package struct Router: Sendable {
    private let routes: [String: Route]

    /// Makes a router; of two routes with one path the last counts.
    package init(_ routes: [Route]) {
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
