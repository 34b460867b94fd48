// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
package import HubWire

/// A request as a route gets it.
package struct RouteRequest: Sendable {
    /// Where it came from.
    private enum Source: Sendable {
        case owner(PlaceOwner)
        case peer(SocketAddress)
        case address(String)
    }

    /// Its first line and headers.
    package let head: HTTPRequestHead
    /// What stands for the parameters of the route's path, unescaped, in their order; never empty.
    package let parameters: [(name: String, value: String)]
    private let source: Source
    private let kept: RequestBody?

    init(
        _ head: HTTPRequestHead,
        _ parameters: [(name: String, value: String)],
        owner: PlaceOwner?,
        peer: SocketAddress,
        body: RequestBody? = nil
    ) {
        self.head = head
        self.parameters = parameters
        source = owner.map(Source.owner) ?? .peer(peer)
        kept = body
    }

    /// A request that did not come from the wire, for tests.
    package init(
        _ head: HTTPRequestHead,
        parameters: [(name: String, value: String)] = [],
        address: String = "",
        body: [UInt8] = []
    ) {
        self.head = head
        self.parameters = parameters
        source = .address(address)
        kept = body.isEmpty ? nil : RequestBody(body)
    }

    private init(_ request: RouteRequest, body: RequestBody) {
        head = request.head
        parameters = request.parameters
        source = request.source
        kept = body
    }

    /// The same request with its body.
    func with(_ body: RequestBody) -> RouteRequest { RouteRequest(self, body: body) }

    /// The body, whole; empty when none came, and before the route has let the request in.
    ///
    /// It counts among the bytes of bodies in memory for as long as this request or a copy of it is kept; the bytes alone
    /// do not.
    package var body: [UInt8] { kept?.bytes ?? [] }

    /// What the connection is counted by in limits of an address: an IPv4 address, or the first 64 bits of one of IPv6.
    package var address: String {
        switch source {
        case .owner(let owner): owner.address
        case .peer(let peer): peer.limitKey
        case .address(let address): address
        }
    }

    /// What stands for a parameter of the route's path; nil if it has none of that name.
    package func parameter(_ name: String) -> String? { parameters.first { $0.name == name }?.value }
}
