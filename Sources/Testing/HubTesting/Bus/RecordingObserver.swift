// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
import Synchronization

/// Keeps the answers to publications by their tokens, and lets a test wait for them.
package final class RecordingObserver: PublishObserver {
    private struct State {
        var answers: [UInt64: [BusError.Code?]] = [:]
        var count = 0
        var waiters: [(count: Int, gate: Gate)] = []
    }

    private let state = Mutex(State())

    /// Starts empty.
    package init() {}

    /// The answers to each token in their order; nil is success.
    package var answers: [UInt64: [BusError.Code?]] { state.withLock { $0.answers } }

    package func published(_ token: UInt64, _ error: BusError?) {
        let ready = state.withLock { state in
            state.answers[token, default: []].append(error?.code)
            state.count += 1
            let count = state.count
            let ready = state.waiters.filter { $0.count <= count }
            state.waiters.removeAll { $0.count <= count }
            return ready
        }
        for waiter in ready { waiter.gate.open() }
    }

    /// Returns as soon as there are so many answers, or when the time is over; what there is then.
    package func answers(atLeast count: Int, within limit: Duration = .seconds(10)) async -> [UInt64: [BusError.Code?]]
    {
        let gate = Gate()
        let isReady = state.withLock { state in
            if state.count < count { state.waiters.append((count, gate)) }
            return state.count >= count
        }
        if !isReady { await gate.wait(atMost: limit) }
        return answers
    }
}
