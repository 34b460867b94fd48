// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubServer
import HubWire

/// `/debug/nodes`: the nodes on the bus as this one knows them, this one first.
enum NodeList {
    /// The route, on the operators' own listener only.
    static func route(_ board: NodeBoard) -> Route {
        Route(
            "/debug/nodes",
            RouteLabel("/debug/nodes"),
            "the nodes on the message bus, as JSON",
            on: .operatorsOnly,
            .answer { _ in
                answer(board)
            }
        )
    }

    private static func answer(_ board: NodeBoard) -> HTTPAnswer {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("bus_ready")
            writer.boolean(board.isReady)
            writer.key("nodes")
            writer.array { writer in
                for record in board.records { write(record, &writer) }
            }
        }
        return .json(200, writer.bytes + [UInt8(ascii: "\n")])
    }

    private static func write(_ record: NodeRecord, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.key("id")
            writer.string(record.id)
            writer.key("incarnation")
            writer.string(String(record.incarnation, radix: 16))
            writer.key("phase")
            writer.string(record.phase.rawValue)
            writer.key("admin")
            writer.string(record.admin)
            writer.key("version")
            writer.string(record.version)
            writer.key("clients")
            writer.integer(record.clients)
        }
    }
}
