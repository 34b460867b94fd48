// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// The subscribers that one shard has for a topic, and the batch that they will get at the end of the tick.
final class Topic {
    let name: TopicName
    let scope: DeliveryScope
    /// Dense, in no order: a leaving client's place is taken by the last one.
    var subscribers: ContiguousArray<Subscriber> = []
    var batch: FrameBatch?
    /// Frames of the batch that must not reach their own publisher, in order.
    var exclusions: [Exclusion] = []
    /// It is in the shard's list of topics with something pending.
    var isDirty = false
    /// Whether other nodes' messages to it arrive.
    var reach = TopicTable.Reach.confirmed
    /// Requests to subscribe that wait until that is known, by their clients' handles: each client's in order.
    var waiting: [ObjectIdentifier: [PendingAnswer]] = [:]
    /// The name as messages carry it.
    let encodedName: EncodedString

    init(name: TopicName, scope: DeliveryScope) {
        self.name = name
        encodedName = EncodedString(name.text)
        self.scope = scope
    }
}

/// One membership, as the topic's list holds it.
struct Subscriber {
    /// Alive while it is in the list: the shard's table holds it.
    let client: Unmanaged<Client>
    /// Where the topic stands in the client's list; not used among all clients.
    var slot: Int
}

/// A frame that one client must not get.
struct Exclusion {
    let client: Unmanaged<Client>
    let frame: UInt32
}
