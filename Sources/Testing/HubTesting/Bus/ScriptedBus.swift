// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus

/// An adapter without a server: writes down what it is asked, and leaves it to the test to answer.
package final class ScriptedBus: BusAdapter {
    /// What it was asked.
    package enum Call: Equatable, Sendable {
        case start, connect, disconnect, resume, close
        /// Names as `+name`, `-name`, and prefixes as `+name*`.
        case want([String], generation: UInt64)
        case publish([UInt64])
    }

    package let kind: BusKind
    package var way: String?
    package var isOrdered = true
    package var isBehind = false
    private var calls: [Call] = []
    /// All that was published.
    package private(set) var published: [Outgoing] = []
    /// Whether an attempt to connect waits for its end.
    package var isConnecting = false
    private var done: [() -> Void] = []

    /// Makes an adapter of a kind.
    package init(kind: BusKind) { self.kind = kind }

    /// What it was asked since this was last called.
    package func takeCalls() -> [Call] {
        defer { calls = [] }
        return calls
    }

    /// Calls back from close.
    package func finishClosing() {
        for done in done { done() }
        done = []
    }

    package func start(_ events: any BusEvents) { calls.append(.start) }

    package func connect() {
        isConnecting = true
        calls.append(.connect)
    }

    package func disconnect() {
        isConnecting = false
        calls.append(.disconnect)
    }

    package func want(_ change: InterestChange) {
        let steps = change.steps.map { step in
            switch step {
            case .add(let topic): "+\(topic)"
            case .addPrefix(let prefix): "+\(prefix)*"
            case .remove(let topic): "-\(topic)"
            }
        }
        calls.append(.want(steps, generation: change.generation))
    }

    package func publish(_ batch: [Outgoing]) {
        calls.append(.publish(batch.map(\.id)))
        published += batch
    }

    package func resume() { calls.append(.resume) }

    package func close(_ done: @escaping () -> Void) {
        calls.append(.close)
        self.done.append(done)
    }
}
