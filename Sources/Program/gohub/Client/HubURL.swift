// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// Where a hub is: `ws://host:port/path`.
struct HubURL: Sendable, Equatable {
    /// The server's host and port.
    let address: SocketAddress
    /// The path and query of the WebSocket.
    let target: String
    /// What the `Host` header says.
    let host: String

    /// A hub on this machine with its default port.
    static let `default` = "ws://127.0.0.1:8080/ws"

    /// The flag that names a hub.
    static let flag = Arguments.Flag(
        name: "url",
        value: "URL",
        purpose: "the hub's WebSocket (default: \(HubURL.default))"
    )

    /// Reads a URL; the port is 80 and the path `/ws` when they are left out.
    init(_ text: String) throws(Arguments.Fault) {
        func fault(_ reason: String) -> Arguments.Fault {
            Arguments.Fault(message: "\"\(text)\" is no address of a hub: \(reason)")
        }
        let scheme = text.prefix { $0 != "/" }.lowercased()
        guard scheme == "ws:", text.dropFirst(3).hasPrefix("//") else {
            throw fault(scheme == "wss:" ? "this version speaks no TLS" : "it must begin with ws://")
        }
        let rest = text.dropFirst(5)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        guard !authority.isEmpty else { throw fault("the host is missing") }
        guard !authority.utf8.contains(where: "?#@\\".utf8.contains) else {
            throw fault("the host has a character that hosts cannot have")
        }
        let path = String(rest[slash...])
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
            throw fault("the path has a character that must be escaped")
        }
        let bracket = authority.lastIndex(of: "]") ?? authority.startIndex
        let hasPort = authority[bracket...].contains(":")
        do throws(LoopError) {
            address = try SocketAddress.parse(hasPort ? String(authority) : "\(authority):80")
        } catch {
            throw fault(error.message)
        }
        guard !address.host.isEmpty else { throw fault("the host is missing") }
        guard address.port != 0 else { throw fault("the port has to be a number from 1 to 65535") }
        target = path.isEmpty ? "/ws" : path
        host = String(authority)
    }
}
