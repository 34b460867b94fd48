// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// A path, the methods that it takes, and what is there.
package struct Route: Sendable {
    /// What a request to the path does.
    package enum Action: Sendable {
        /// Answers on the loop; must be quick.
        case answer(@Sendable (RouteRequest) -> HTTPAnswer)
        /// Answers later, from any thread, once; the client may have gone by then, which changes nothing.
        ///
        /// A request whose closure is let go without an answer gets 500.
        case answerLater(@Sendable (RouteRequest, @escaping @Sendable (HTTPAnswer) -> Void) -> Void)
        /// Opens a WebSocket.
        case webSocket
    }

    /// On which listeners a route stands.
    package struct Listeners: OptionSet, Sendable {
        package let rawValue: UInt8

        /// A set by its bits.
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Where clients connect.
        package static let clients = Listeners(rawValue: 1)
        /// Where operators connect, which is where clients do unless operators have a listener of their own.
        package static let operators = Listeners(rawValue: 2)
        /// The operators' own listener; the route stands nowhere when there is none.
        package static let operatorsOnly = Listeners(rawValue: 4)
    }

    /// The path, without a query.
    package let path: RoutePath
    /// Its name in metrics.
    package let label: RouteLabel
    /// What is there, for those who ask at `/`; a few words.
    package let summary: String
    package let methods: HTTPMethods
    package let listeners: Listeners
    /// The most bytes of a request's body; 0 takes none.
    package let maxBodyBytes: Int
    /// Refuses a request by its head alone, before its body is read; nil lets it in.
    package let admit: (@Sendable (RouteRequest) -> HTTPAnswer?)?
    package let action: Action

    /// Makes a route.
    ///
    /// Of two routes with one path and method the last counts; where templates meet, the one whose literal segments come
    /// first.
    ///
    /// - Parameter path: The program's own text; braces that are no parameters stop it. See ``RoutePath``.
    /// - Parameter maxBodyBytes: A longer body is refused with 413 before it is read, for whichever of the methods.
    /// - Parameter admit: Runs on the loop, first of all; must be quick. A refused request whose body was announced ends its
    ///   connection.
    package init(
        _ path: String,
        _ label: RouteLabel,
        _ summary: String,
        methods: HTTPMethods = .get,
        on listeners: Listeners = .clients,
        maxBodyBytes: Int = 0,
        admit: (@Sendable (RouteRequest) -> HTTPAnswer?)? = nil,
        _ action: Action
    ) {
        do throws(RoutePath.Fault) {
            self.path = try RoutePath(path)
        } catch {
            // A path of the program's, known when it is built.
            preconditionFailure("\(path) is no path of a route: \(error.code)")
        }
        self.label = label
        self.summary = summary
        self.methods = methods
        self.listeners = listeners
        self.maxBodyBytes = max(0, maxBodyBytes)
        self.admit = admit
        self.action = action
    }
}
