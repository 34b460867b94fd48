// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubTesting

/// A node that the test plays, byte for byte.
struct Stranger {
    let identity: NodeIdentity
    let harness: BridgeHarness

    init(_ harness: BridgeHarness, id: String = "stranger", incarnation: UInt64 = 7) {
        self.harness = harness
        identity = NodeIdentity(id: id, incarnation: incarnation)
    }

    /// Sends a publication with a number of its own choice.
    func publish(_ text: String, to topic: BusTopic, _ sequence: UInt64, epoch: UInt32 = 1) {
        var fields = EnvelopeWriter.Fields(.publication, to: topic)
        (fields.sequence, fields.epoch) = (sequence, epoch)
        send(fields, Array(text.utf8))
    }

    /// Says who it is.
    func announce(_ change: (inout NodeRecord) -> Void = { _ in }) {
        var record = NodeRecord(identity)
        change(&record)
        send(EnvelopeWriter.Fields(.node, to: .nodes), record.json)
    }

    func send(_ fields: EnvelopeWriter.Fields, _ payload: [UInt8]) {
        harness.broker.publishBare(encode(fields, payload), to: fields.topic)
        harness.settle()
    }

    func encode(_ fields: EnvelopeWriter.Fields, _ payload: [UInt8]) -> [UInt8] {
        EnvelopeWriter(identity).encode(fields, payload: payload).bytes
    }
}
