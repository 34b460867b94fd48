// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubCore

/// What a node sends to itself, to see how its clients' messages would fare on the bus.
extension Bridge {
    package func canaryReturned(_ number: UInt64, at now: UInt64) -> Bool {
        guard let latency = canary.returned(number, now) else { return false }
        canaryMetrics?.arrived(.bus, after: latency)
        return true
    }

    /// Sends a canary when it is time, while the node serves.
    func tickCanary(_ now: UInt64) {
        guard let canaryMetrics else { return }
        if canary.expire(now) { canaryMetrics.failed(.bus, .timeout) }
        guard case .serving = phase, let number = canary.due(now) else { return }
        let observer = CanaryObserver { [weak self] in self?.canaryRefused(number) }
        if !link.sendCanary(number, observer) { canaryRefused(number) }
    }

    var canaryDeadline: UInt64 {
        guard case .serving = phase, canaryMetrics != nil else { return .max }
        return canary.nextDeadline
    }

    private func canaryRefused(_ number: UInt64) {
        if canary.refused(number) { canaryMetrics?.failed(.bus, .refused) }
    }
}

/// Learns that the bus refused a canary.
private final class CanaryObserver: PublishObserver {
    private let refused: () -> Void

    init(_ refused: @escaping () -> Void) { self.refused = refused }

    func published(_ error: BusError?) {
        // One that the bus has not answered for may still come; the end of the bus refuses nothing.
        if let error, error.code != .timeout, error.code != .closed { refused() }
    }
}
