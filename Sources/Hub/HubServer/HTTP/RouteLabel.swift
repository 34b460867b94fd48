// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics

/// A route's name in metrics: a text of the program's, so that the label is a closed set, whatever is asked for.
///
/// Several routes may share one, such as all methods of an API.
package struct RouteLabel: Hashable, Sendable {
    package let value: String

    /// A label; 1 to 64 characters, such as the route's path with its parameters as they are written.
    package init(_ value: StaticString) { self.value = value.description }

    package static let root = RouteLabel("/")
    package static let webSocket = RouteLabel("/ws")
    package static let metrics = RouteLabel("/metrics")
    package static let live = RouteLabel("/livez")
    package static let ready = RouteLabel("/readyz")
    package static let health = RouteLabel("/healthz")
    package static let version = RouteLabel("/version")
    /// No such path.
    package static let unknown = RouteLabel("other")

    /// Whether it tells of the node's health, which is told even to those for whom there is no room.
    var isHealth: Bool { self == .live || self == .ready || self == .health }
}

/// All labels of a server's routes, each with a number by which its requests are counted.
struct RouteLabels: Sendable {
    /// How many labels the routes from outside may have.
    static let mostFromOutside = 32
    /// The server's own, which have the same numbers in every server.
    static let own: [RouteLabel] = [.root, .webSocket, .metrics, .live, .ready, .health, .version, .unknown]
    /// The number of ``RouteLabel/unknown``.
    static let unknown = own.count - 1

    /// The labels by their numbers.
    let all: [RouteLabel]
    /// Those whose requests are timed each by itself.
    ///
    /// The pages that the server has ready, and those that only operators see, are timed together with what is at no path:
    /// a histogram of each would be a tenth of all series.
    let timed: [RouteLabel]
    /// Which methods the routes with each label take.
    private let methods: [HTTPMethods]

    /// The labels of the server's own routes and of those from outside.
    init(_ routes: [Route] = []) {
        var all = Self.own
        var methods = all.map { _ in HTTPMethods.get }
        for route in routes {
            if let index = all.firstIndex(of: route.label) {
                methods[index].formUnion(route.methods)
            } else {
                all.append(route.label)
                methods.append(route.methods)
            }
        }
        // What the program's parts bring, which is known when it is built.
        precondition(
            all.count - Self.own.count <= Self.mostFromOutside,
            "the routes have \(all.count - Self.own.count) labels, and may have \(Self.mostFromOutside)"
        )
        self.all = all
        self.methods = methods
        let others = routes.filter { $0.listeners != .operatorsOnly }.map(\.label)
        timed = [.webSocket, .metrics, .unknown] + all[Self.own.count...].filter(others.contains)
    }

    /// Which of ``timed`` a label's requests are timed with.
    func timing(of number: Int) -> Int {
        timed.firstIndex(of: all[number]) ?? timed.firstIndex(of: .unknown) ?? 0
    }

    /// The number of a label; that of ``RouteLabel/unknown`` if no route has it.
    func number(of label: RouteLabel) -> Int { all.firstIndex(of: label) ?? Self.unknown }

    /// How requests with a label can be answered, by the class of the status.
    func statuses(_ number: Int, _ method: MethodLabel) -> [StatusClass] {
        let label = all[number]
        if number >= Self.own.count {
            let isTaken = methods[number].isSuperset(of: method.methods) && method != .other
            if isTaken { return [.success, .clientError, .serverError] }
            return [.get, .head, .other].contains(method) ? [.clientError, .serverError] : []
        }
        switch method {
        case .post, .put, .patch, .delete: return []
        case .get where label == .webSocket: return [.switching, .clientError, .serverError]
        case .other where label.isHealth: return [.clientError]
        // Whoever is beyond a limit is told so whatever it asked for, but for the node's health.
        case _ where label == .unknown || label == .webSocket || method == .other: return [.clientError, .serverError]
        // A body is refused.
        default: return [.success, .clientError, .serverError]
        }
    }
}
