// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics

/// The methods as a label; a method that the route does not take is ``other``, unless it is GET or HEAD.
package enum MethodLabel: UInt8, MetricLabel {
    case get, head, post, put, patch, delete, other

    package static let labelName = "method"
    package var labelValue: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .other: "other"
        }
    }

    /// The label of a request to a route that takes some methods.
    ///
    /// - Parameter method: The request's; nil for one that no route can take.
    init(_ method: HTTPMethods?, takenBy methods: HTTPMethods = .get) {
        guard let method, methods.union(.get).contains(method) else {
            self = .other
            return
        }
        switch method {
        case .headAlone: self = .head
        case .post: self = .post
        case .put: self = .put
        case .patch: self = .patch
        case .delete: self = .delete
        default: self = .get
        }
    }

    /// The methods that the label stands for; none for ``other``.
    var methods: HTTPMethods { HTTPMethods(named: labelValue) ?? [] }
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
