// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus

/// Notes what an adapter tells.
final class BusRecorder: BusEvents {
    private(set) var received: [String] = []
    private(set) var settled: [UInt64: BusError?] = [:]
    private(set) var confirmed: [UInt64] = []
    private(set) var refused: [BusTopic] = []
    private(set) var isConnected = false
    private(set) var faults: [LinkFault] = []
    /// What the adapter hears when it hands on a message.
    var hasRoom = true

    func clearFaults() { faults = [] }

    func received(_ message: Received) -> Bool {
        received.append(
            String(decoding: message.topic, as: UTF8.self) + " " + String(decoding: message.bytes, as: UTF8.self)
        )
        return hasRoom
    }

    func settled(_ id: UInt64, _ error: BusError?) { settled[id] = .some(error) }

    func confirmed(_ generation: UInt64) { confirmed.append(generation) }

    func interestRefused(_ topic: BusTopic, _ reason: String) { refused.append(topic) }

    func link(_ state: LinkState) {
        switch state {
        case .authenticating: break
        case .connected: isConnected = true
        case .down(let fault):
            isConnected = false
            faults.append(fault)
        }
    }
}
