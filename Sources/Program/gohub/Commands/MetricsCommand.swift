// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubCore
import HubLog
import HubMetrics
import HubNATS
import HubServer

extension Command {
    /// Prints every metric family there is.
    static let metrics = Command(
        name: "metrics",
        synopsis: "[--json]",
        summary: "Prints the catalogue of metrics, as Markdown or JSON, without a server.",
        flags: [Arguments.Flag(name: "json", value: nil, purpose: "print JSON")],
        run: { arguments throws(Arguments.Fault) in
            guard arguments.rest.isEmpty else {
                throw Arguments.Fault(message: "metrics takes no arguments beside flags: \(arguments.rest[0])")
            }
            let catalogue = NodeMetricsCatalogue.make()
            let isJSON = arguments.switches.contains("json")
            return Output.write(isJSON ? Catalogue.json(catalogue) : Catalogue.markdown(catalogue)) ?? .success
        }
    )
}

/// The families of a node, registered as a node registers them, for each bus that there is.
enum NodeMetricsCatalogue {
    static func make() -> [FamilyDescription] {
        let registry = Registry()
        Node.registerCommon(registry, log: Logger())
        let fixed = FixedBusMetrics(registry)
        _ = BusMetrics(registry: registry, fixed: fixed, bus: .redis, mode: "single", naming: [.redis, .nats])
        _ = NATSMetrics(registry, fixed: fixed)
        _ = BridgeMetrics.nodes(registry)
        _ = CanaryMetrics(registry, hasBus: true)
        let routes = [NodeList.route(NodeBoard())]
        _ = ServerMetrics(registry, settings: ServerSettings(), hub: HubSettings(), routes: routes)
        return registry.catalogue
    }
}
