// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
package import HubLog

extension BridgeHarness.Node {
    /// The value of one of the bus's families, named without `gohub_bus_`; 0 where it is not on the page.
    package func bus(_ name: String, _ labels: [String: String] = [:]) -> Int {
        value("gohub_bus_" + name, labels.merging(["bus": BusKind.redis.rawValue]) { own, _ in own })
    }

    /// The value of a family; 0 where it is not on the page.
    package func value(_ name: String, _ labels: [String: String] = [:]) -> Int {
        guard let page = try? Exposition(scraping: registry) else { return -1 }
        return Int(page.value(of: name, labels) ?? 0)
    }

    /// The records that were logged with a message.
    package func logged(_ message: String) -> [LogRecord] { log.records.filter { $0.message.contains(message) } }

    /// The names of the nodes that it knows, itself first.
    package var knownNodes: [String] { bridge.board.records.map(\.id) }
}
