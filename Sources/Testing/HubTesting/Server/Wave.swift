// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// Many clients that come together, subscribe, talk and leave, each in one of four ways.
package enum Wave {
    /// Lets clients come and go in batches.
    ///
    /// - Parameter count: How many there are in all.
    /// - Parameter batch: How many are open at once.
    package static func run(_ peers: PeerLoop, port: Int, count: Int, batch: Int) async throws {
        for start in stride(from: 0, to: count, by: batch) {
            try await withThrowingTaskGroup(of: HubPeer.self) { group in
                let numbers = start..<min(start + batch, count)
                for number in numbers {
                    group.addTask { try await arrive(peers, port, number) }
                }
                var clients: [HubPeer] = []
                for try await client in group { clients.append(client) }
                for (number, client) in zip(numbers, clients) { try await leave(client, by: number) }
            }
        }
    }

    private static func arrive(_ peers: PeerLoop, _ port: Int, _ number: Int) async throws -> HubPeer {
        let peer = try await Peer.connect(peers, port: port)
        let client = try await HubPeer(over: peer)
        try await client.subscribe("wave/\(number % 50)")
        try await client.subscribe("own/\(number)")
        client.publish("[\(number)]", to: "own/\(number)")
        _ = try await client.payload()
        return client
    }

    private static func leave(_ client: HubPeer, by number: Int) async throws {
        switch number % 4 {
        case 0:
            client.socket.sendClose(1000)
            _ = try await client.socket.rest()
        case 1: client.socket.peer.close()
        case 2: client.socket.peer.reset()
        default:
            client.socket.peer.endWriting()
            _ = try await client.socket.rest()
        }
    }
}

extension HubPeer {
    /// Opens a WebSocket over a connection and waits for the welcome.
    package convenience init(over peer: Peer, headers: [(String, String)] = []) async throws(PeerFault) {
        let request = WebSocketClientHandshake(subprotocols: ["gohub.v1.json"])
        peer.send(request.request(target: "/ws", host: "hub.example.org", headers: headers))
        try await self.init(WebSocketPeer(peer, request))
    }
}
