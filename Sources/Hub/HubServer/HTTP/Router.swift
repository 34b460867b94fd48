// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// Which routes a listener has.
package struct Router: Sendable {
    /// A route on this listener, with what each request looks at by itself, as to copy a route costs.
    final class Entry: Sendable {
        let path: RoutePath
        let methods: HTTPMethods
        /// A WebSocket refuses other methods by itself.
        private let takesAnyMethod: Bool
        /// The number of its label.
        let label: Int
        let isHealth: Bool
        let maxBodyBytes: Int
        let admit: (@Sendable (RouteRequest) -> HTTPAnswer?)?
        let action: Route.Action

        init(_ route: Route, label: Int) {
            path = route.path
            methods = route.methods
            takesAnyMethod = if case .webSocket = route.action { true } else { false }
            self.label = label
            isHealth = route.label.isHealth
            maxBodyBytes = route.maxBodyBytes
            admit = route.admit
            action = route.action
        }

        /// Whether a request is the route's; nil is a method that no route can take.
        func takes(_ method: HTTPMethods?) -> Bool { takesAnyMethod || method.map(methods.contains) ?? false }
    }

    /// The route of one request.
    struct Match {
        let entry: Entry
        let parameters: [(name: String, value: String)]
    }

    struct Refusal: Error {
        let label: Int
        let answer: HTTPAnswer
    }

    /// Routes by paths without parameters.
    private let exact: [String: [Entry]]
    /// Routes with parameters, those whose literal segments come first before the others.
    private let templates: [Entry]
    /// The most segments of a template.
    private let width: Int
    /// Whether a route takes a body.
    let takesBodies: Bool

    /// Makes a router, with a page at `/` that names every path; of two routes with one path and method the last counts.
    ///
    /// - Parameter labels: Those of the routes.
    init(_ routes: [Route], labels: RouteLabels) {
        let page = Self.page(of: routes)
        let routes = [Route("/", .root, "this page", .answer { _ in page })] + routes
        var exact: [String: [Entry]] = [:]
        var templates: [Entry] = []
        // The last of one path and method is to be found first.
        for route in routes.reversed() {
            let entry = Entry(route, label: labels.number(of: route.label))
            if route.path.segments.isEmpty {
                exact[route.path.text, default: []].append(entry)
            } else {
                templates.append(entry)
            }
        }
        self.exact = exact
        self.templates = templates.enumerated().sorted {
            (Self.rank($0.element) + [$0.offset]).lexicographicallyPrecedes(Self.rank($1.element) + [$1.offset])
        }.map(\.element)
        width = templates.map(\.path.segments.count).max() ?? 0
        takesBodies = routes.contains { $0.maxBodyBytes > 0 }
    }

    /// Orders templates that may match one path: a parameter comes behind a literal segment.
    private static func rank(_ entry: Entry) -> [Int] {
        entry.path.segments.map { segment in
            if case .literal = segment { 0 } else { 1 }
        }
    }

    private static func page(of routes: [Route]) -> HTTPAnswer {
        let width = routes.map(\.path.text.utf8.count).max() ?? 0
        let lines = routes.map { route in
            let path = route.path.text
            let methods = route.methods == .get ? "" : route.methods.names.joined(separator: ", ") + ": "
            return path + String(repeating: " ", count: width - path.utf8.count + 2) + methods + route.summary
        }
        return .text(200, (["gohub, a WebSocket message hub. What is here:", ""] + lines).joined(separator: "\n"))
    }

    /// The route for a request, or the refusal.
    ///
    /// - Parameter method: The request's; nil for one that no route can take.
    func route(_ head: HTTPRequestHead, _ method: HTTPMethods?) -> Result<Match, Refusal> {
        let entries = exact[head.path] ?? []
        for entry in entries where entry.takes(method) { return .success(Match(entry: entry, parameters: [])) }
        guard !templates.isEmpty else { return refuse(entries) }
        // A path of thousands of segments costs no more than one of a few.
        let parts = head.path.utf8.split(
            separator: UInt8(ascii: "/"),
            maxSplits: width + 1,
            omittingEmptySubsequences: false
        )
        let matching = templates.filter { $0.path.matches(parts) }
        guard let entry = matching.first(where: { $0.takes(method) }) else { return refuse(entries + matching) }
        guard let parameters = entry.path.parameters(parts) else {
            return .failure(Refusal(label: entry.label, answer: .text(400, "a part of the path is not UTF-8")))
        }
        return .success(Match(entry: entry, parameters: parameters))
    }

    /// The refusal of a method that none of the routes of a path takes, or of a path that has none.
    private func refuse(_ entries: [Entry]) -> Result<Match, Refusal> {
        guard let first = entries.first else {
            return .failure(Refusal(label: RouteLabels.unknown, answer: .text(404, "there is nothing at this path")))
        }
        let methods = entries.reduce(into: HTTPMethods()) { $0.formUnion($1.methods) }
        let allow = ("Allow", methods.names.joined(separator: ", "))
        return .failure(Refusal(label: first.label, answer: .text(405, "only \(methods.words)", headers: [allow])))
    }
}
