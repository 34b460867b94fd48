// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
package import HubWire

/// A path and what is there.
package struct Route: Sendable {
    /// What a request to the path does.
    package enum Action: Sendable {
        /// Answers on the loop; must be quick.
        case answer(@Sendable (HTTPRequestHead) -> HTTPAnswer)
        /// Answers later, from any thread, once; gets the address that the request is counted for as well.
        case answerLater(@Sendable (HTTPRequestHead, String, @escaping @Sendable (HTTPAnswer) -> Void) -> Void)
        /// Opens a WebSocket.
        case webSocket
    }

    /// The path, without a query.
    package let path: String
    /// Its name in metrics.
    package let label: RouteLabel
    /// What is there, for those who ask at `/`; a few words.
    package let summary: String
    package let action: Action

    /// Makes a route for GET and HEAD.
    package init(_ path: String, _ label: RouteLabel, _ summary: String, _ action: Action) {
        self.path = path
        self.label = label
        self.summary = summary
        self.action = action
    }
}

/// The routes as a label: a closed set, whatever is asked for.
package enum RouteLabel: UInt8, MetricLabel {
    case root, webSocket, metrics, live, ready, health, version
    /// No such path.
    case unknown

    package static let labelName = "route"
    package var labelValue: String {
        switch self {
        case .root: "/"
        case .webSocket: "/ws"
        case .metrics: "/metrics"
        case .live: "/livez"
        case .ready: "/readyz"
        case .health: "/healthz"
        case .version: "/version"
        case .unknown: "other"
        }
    }

    /// Whether it tells of the node's health, which is told even to those for whom there is no room.
    var isHealth: Bool {
        switch self {
        case .live, .ready, .health: true
        default: false
        }
    }

    /// How requests to the route can be answered, by the class of the status.
    func statuses(_ method: MethodLabel) -> [StatusClass] {
        switch (self, method) {
        case (.webSocket, .get): [.switching, .clientError, .serverError]
        case (_, .other) where isHealth: [.clientError]
        // Whoever is beyond a limit is told so whatever it asked for, but for the node's health.
        case (.unknown, _), (.webSocket, _), (_, .other): [.clientError, .serverError]
        // A body is refused.
        default: [.success, .clientError, .serverError]
        }
    }
}

/// The methods as a label.
package enum MethodLabel: UInt8, MetricLabel {
    case get, head, other

    package static let labelName = "method"
    package var labelValue: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .other: "other"
        }
    }

    init(_ method: String) {
        switch method {
        case "GET": self = .get
        case "HEAD": self = .head
        default: self = .other
        }
    }
}

/// The classes of statuses as a label: by whose fault it was, so 501 and 505, which clients cause, are ``clientError``.
package enum StatusClass: UInt8, MetricLabel {
    case switching, success, redirection, clientError, serverError

    package static let labelName = "status"
    package var labelValue: String {
        switch self {
        case .switching: "1xx"
        case .success: "2xx"
        case .redirection: "3xx"
        case .clientError: "4xx"
        case .serverError: "5xx"
        }
    }

    init(_ status: Int) {
        switch status {
        case ..<200: self = .switching
        case ..<300: self = .success
        case ..<400: self = .redirection
        case ..<500, 501, 505: self = .clientError
        default: self = .serverError
        }
    }
}
