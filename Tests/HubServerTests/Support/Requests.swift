// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import HubWire

/// Upgrades an open connection.
func upgrade(_ peer: Peer, headers: [(String, String)] = []) async throws(PeerFault) -> WebSocketPeer {
    let request = WebSocketClientHandshake(subprotocols: ["gohub.v1.json"])
    peer.send(request.request(target: "/ws", host: "hub.example.org", headers: headers))
    return try await WebSocketPeer(peer, request)
}

/// The header of a scrape that waits for its page, however slow the machine is.
let patient = ("X-Prometheus-Scrape-Timeout-Seconds", "600")

/// The fields of an upgrade request that the hub accepts.
let upgradeFields = [
    ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
]
