// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import HubLoop

/// Where a node can be reached, as URLs: one log line for programs, a first screen for people.
struct ListeningNotice: Sendable {
    /// Where clients connect.
    let address: SocketAddress
    /// Where operators connect; the same unless there is a listener of their own.
    let adminAddress: SocketAddress
    /// How many connections the node takes.
    let maxConnections: Int

    /// The URL at which clients connect.
    private var clients: String { "ws://\(Self.reachable(address))/ws" }

    /// A URL for operators.
    private func operators(_ path: String) -> String { "http://\(Self.reachable(adminAddress))\(path)" }

    /// The fields of the log line.
    var fields: [LogField] {
        [
            LogField("addr", address.description),
            LogField("admin_addr", adminAddress.description),
            LogField("clients", clients),
            LogField("overview", operators("/")),
            LogField("metrics", operators("/metrics")),
            LogField("ready", operators("/readyz")),
            LogField("live", operators("/livez")),
            LogField("version", operators("/version")),
            LogField("max_connections", maxConnections),
        ]
    }

    /// The first screen.
    ///
    /// - Parameter program: How the program was called, for the commands to try.
    func screen(program: String) -> String {
        let isDefault = "ws://\(Self.reachable(address, as: "127.0.0.1"))/ws" == HubURL.default
        let url = isDefault ? "" : " --url \(clients)"
        return """
            gohub \(Version.current) is running

              clients    \(clients)
              overview   \(operators("/"))
              metrics    \(operators("/metrics"))
              health     \(operators("/readyz"))

            Try it, in two other terminals:

              \(program) sub news\(url)
              \(program) pub news hello\(url)

            Ctrl-C closes all connections in order and ends the hub; a second one ends it at once.


            """
    }

    /// The address that a program on this machine connects to: one that stands for every interface is no place to go.
    private static func reachable(_ address: SocketAddress, as own: String = "localhost") -> String {
        guard ["", "0.0.0.0", "::"].contains(address.host) else { return address.description }
        return SocketAddress(host: own, port: address.port).description
    }
}
