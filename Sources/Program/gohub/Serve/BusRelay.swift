// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubCore
import HubWire

/// Hands the node's publications to its bus, after their local delivery; the bus counts and warns of what fails.
struct BusRelay: PublicationRelay {
    /// How long the bus may take to answer.
    private static let limit: Duration = .seconds(1)

    let bus: any MessageBus

    func relay(_ publication: Publication) {
        bus.publish(publication.payload, to: publication.topic.text, within: Self.limit, .ignored)
    }
}
