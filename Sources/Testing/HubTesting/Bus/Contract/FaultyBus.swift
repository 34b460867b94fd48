// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
package import HubLoop

/// An adapter that breaks one promise of ``BusContract``, so that the contract is tested as well: it has to be found out.
package final class FaultyBus: BusAdapter {
    private let inner: any BusAdapter
    private let mutant: Mutant?
    private let loop: EventLoop
    weak var events: (any BusEvents)?
    /// What the mutants remember.
    private var received = 0
    private var settlements = 0
    private var confirmations = 0
    private var connections = 0
    private var isConnecting = false
    private var isPaused = false
    private var heldMessage: Copy?
    private var heldConfirmation: UInt64?
    private var waiting: [Copy] = []
    private var own: [Copy: Int] = [:]
    private var deadlines: [UInt64: UInt64] = [:]
    private var names: Set<BusTopic> = []
    private var prefixes: Set<String> = []

    private struct Copy: Hashable {
        var topic: [UInt8]
        var bytes: [UInt8]
    }

    /// Wraps an adapter that keeps all promises.
    ///
    /// - Parameter mutant: What to do wrong; nil for nothing.
    package init(_ inner: any BusAdapter, _ mutant: Mutant?, on loop: EventLoop) {
        self.inner = inner
        self.mutant = mutant
        self.loop = loop
    }

    package var kind: BusKind { inner.kind }
    package var way: String? { inner.way }
    package var isOrdered: Bool { inner.isOrdered }
    package var isBehind: Bool { inner.isBehind }

    private func later(_ job: @escaping () -> Void) { loop.schedule(LoopTimer(job), after: .milliseconds(50)) }

    package func start(_ events: any BusEvents) {
        self.events = events
        inner.start(self)
    }

    package func connect() {
        connections += 1
        isConnecting = true
        isPaused = false
        waiting = []
        if mutant != .connectsOnceOnly || connections == 1 { inner.connect() }
    }

    package func disconnect() {
        guard mutant != .ignoresDisconnect else { return }
        inner.disconnect()
        if mutant == .callsBackAfterDisconnect { events?.link(.down(LinkFault(.closed, "as it was asked to"))) }
    }

    // MARK: What the server is asked

    package func want(_ change: InterestChange) {
        let isFirst = isConnecting
        isConnecting = false
        let change = InterestChange(steps: mutated(change.steps, isFirst: isFirst), generation: change.generation)
        for step in change.steps {
            switch step {
            case .add(let topic): names.insert(topic)
            case .addPrefix(let prefix): prefixes.insert(prefix)
            case .remove(let topic): if mutant != .remembersOldInterests { names.remove(topic) }
            }
        }
        switch mutant {
        case .confirmsTooEarly:
            inner.want(change)
            events?.confirmed(change.generation)
        case .confirmsBeforeAsking:
            events?.confirmed(change.generation)
            later { [self] in inner.want(change) }
        default: inner.want(change)
        }
    }

    private func mutated(_ steps: [InterestChange.Step], isFirst: Bool) -> [InterestChange.Step] {
        switch mutant {
        case .ignoresPrefix:
            steps.filter { if case .addPrefix = $0 { false } else { true } }
        case .takesAllForPrefix:
            steps.map { if case .addPrefix = $0 { .addPrefix("") } else { $0 } }
        case .takesNamesForPatterns:
            steps.flatMap { step -> [InterestChange.Step] in
                guard case .add(let topic) = step, let star = topic.name.firstIndex(of: "*") else { return [step] }
                return [step, .addPrefix(String(topic.name[..<star]))]
            }
        case .deliversAfterUnsubscribe:
            steps.filter { if case .remove = $0 { false } else { true } }
        case .forgetsAnAddition:
            // First what is added, then what is removed, whatever the order was.
            steps.filter { if case .remove = $0 { false } else { true } }
                + steps.filter { if case .remove = $0 { true } else { false } }
        case .forgetsInterestsOnReconnect where isFirst && connections > 1: []
        case .remembersOldInterests where isFirst: names.map { .add($0) } + steps
        default: steps
        }
    }

    package func publish(_ batch: [Outgoing]) {
        for message in batch {
            deadlines[message.id] = message.deadline
            let copy = Copy(topic: Array(message.topic.name.utf8), bytes: message.envelope.bytes)
            if mutant == .dropsOwn { own[copy, default: 0] += 1 }
            if mutant == .deliversWithoutServer, names.contains(message.topic) { hand([copy]) }
        }
        inner.publish(batch)
        if mutant == .settlesWithoutServer { for message in batch { events?.settled(message.id, nil) } }
    }

    package func resume() {
        isPaused = false
        inner.resume()
        let waiting = self.waiting
        self.waiting = []
        hand(waiting.reversed())
    }

    package func close(_ done: @escaping () -> Void) {
        switch mutant {
        case .closeNeverCallsBack: inner.close {}
        case .closeCallsBackTwice:
            inner.close(done)
            loop.post { [events = Held(done)] in events.done() }
        case .tellsAfterClose:
            inner.close { [self] in
                done()
                events?.link(.down(LinkFault(.closed, "closed")))
            }
        default: inner.close(done)
        }
    }

    /// Carried by jobs of the adapter's own loop, and called on that loop only.
    private final class Held: @unchecked Sendable {
        let done: () -> Void
        init(_ done: @escaping () -> Void) { self.done = done }
    }
}

extension FaultyBus: BusEvents {
    package func received(_ message: Received) -> Bool {
        let copies = mutated(Copy(topic: Array(message.topic), bytes: Array(message.bytes)))
        switch mutant {
        case .losesWithoutRoom where isPaused: return true
        case .reordersWithoutRoom where isPaused: waiting += copies
        case .ignoresBackPressure, .losesWithoutRoom, .reordersWithoutRoom: isPaused = !hand(copies) || isPaused
        default: return hand(copies)
        }
        return true
    }

    /// Hands messages on, one after the other.
    @discardableResult
    private func hand(_ copies: [Copy]) -> Bool {
        copies.reduce(true) { hasRoom, copy in
            copy.topic.withUnsafeBytes { topic in
                copy.bytes.withUnsafeBytes { bytes in
                    events?.received(Received(topic: topic, bytes: bytes)) ?? true
                }
            } && hasRoom
        }
    }

    private func mutated(_ copy: Copy) -> [Copy] {
        received += 1
        var changed = copy
        switch mutant {
        case .swapsMessages:
            defer { heldMessage = received % 10 == 3 ? copy : nil }
            return received % 10 == 3 ? [] : [copy] + (heldMessage.map { [$0] } ?? [])
        case .dropsOne: return received % 10 == 3 ? [] : [copy]
        case .duplicatesOne: return received % 10 == 3 ? [copy, copy] : [copy]
        case .truncatesBytes: changed.bytes = copy.bytes.dropLast()
        case .upperCasesTopic: changed.topic = copy.topic.map { (97...122).contains($0) ? $0 - 32 : $0 }
        case .trimsTopic: changed.topic = Array(copy.topic.reversed().drop { $0 == 32 }.reversed())
        case .dropsOwn:
            guard let count = own[copy], count > 0 else { return [copy] }
            own[copy] = count - 1
            return []
        case .deliversWithoutServer: return []
        case .forgetsWhatCameMeanwhile: return isConnecting || confirmations < connections ? [] : [copy]
        case .deliversTwiceByPrefix:
            let ways =
                names.count { $0.name.utf8.elementsEqual(copy.topic) }
                + prefixes.count { copy.topic.starts(with: $0.utf8) }
            return Array(repeating: copy, count: max(1, ways))
        default: break
        }
        return [changed]
    }

    package func settled(_ id: UInt64, _ error: BusError?) {
        let deadline = deadlines.removeValue(forKey: id) ?? 0
        settlements += 1
        switch mutant {
        case .settlesSomeThousands where settlements > 5000: return
        case .neverSettles, .settlesWithoutServer: return
        case .settlesTwice: events?.settled(id, error)
        case .settlesForeign: events?.settled(id &+ 1_000_000, nil)
        case .failsAll: events?.settled(id, BusError(.failed, "always"))
        case .takesTooLarge: events?.settled(id, nil)
        case .settlesLate:
            let time = MonotonicTime(nanoseconds: deadline &+ 20_000_000)
            return loop.schedule(LoopTimer { [self] in events?.settled(id, error) }, at: time)
        case .callsFromAnotherThread:
            let pair = Elsewhere(events)
            return Blocking.detach { pair.events?.settled(id, error) }
        default: break
        }
        switch mutant {
        case .failsAll, .takesTooLarge: return
        default: events?.settled(id, error)
        }
    }

    /// Told from another thread on purpose: that is the fault of one mutant, which the contract has to find.
    private final class Elsewhere: @unchecked Sendable {
        let events: (any BusEvents)?
        init(_ events: (any BusEvents)?) { self.events = events }
    }

    package func confirmed(_ generation: UInt64) {
        confirmations += 1
        switch mutant {
        case .confirmsTooEarly, .confirmsBeforeAsking, .neverConfirms: break
        case .confirmsTooMuch: events?.confirmed(generation + 1)
        case .confirmsOutOfOrder:
            // The seventh comes after the eighth.
            if confirmations == 7 { return heldConfirmation = generation }
            events?.confirmed(generation)
            if let held = heldConfirmation { events?.confirmed(held) }
            heldConfirmation = nil
        default: events?.confirmed(generation)
        }
    }

    package func interestRefused(_ topic: BusTopic, _ reason: String) { events?.interestRefused(topic, reason) }

    package func link(_ state: LinkState) {
        switch (state, mutant) {
        case (.connected, .neverConnects), (.down, .forgetsDown): return
        case (.down, .forgetsRefusal) where isConnecting: return
        case (.connected, .connectsTwice), (.down, .tellsDownTwice): events?.link(state)
        case (.down, .settlesAfterDown):
            events?.link(state)
            for id in deadlines.keys { events?.settled(id, .disconnected) }
            deadlines = [:]
            return
        case (.down, .connectsByItself):
            events?.link(state)
            return inner.connect()
        default: break
        }
        events?.link(state)
    }
}
