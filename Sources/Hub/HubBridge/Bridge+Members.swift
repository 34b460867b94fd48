// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubCore

/// Which other nodes there are.
extension Bridge {
    /// Between two answers to nodes that join.
    private static let answerInterval: UInt64 = 50_000_000
    /// How far apart two ticks, of which there is one a second, may be before the node counts as having stood still.
    private static let standstill: UInt64 = 2_000_000_000

    var startDeadline: UInt64 {
        if case .starting(let deadline, _) = phase { deadline } else { .max }
    }

    var ownRecord: NodeRecord {
        var record = NodeRecord(identity)
        record.admin = adminAddress
        record.version = settings.version
        record.way = link.way ?? ""
        record.clients = hub.clientCount
        record.tag = hub.tag
        if case .starting = phase { record.phase = .starting }
        return record
    }

    package func flows(_ isReady: Bool) {
        board.flows = isReady
        guard isReady else { return }
        if case .starting(_, let whenDone) = phase {
            phase = .starting(deadline: clock.monotonic() &+ settings.startWindow, whenDone)
        }
        announce()
        let waiters = readinessWaiters
        readinessWaiters = []
        for waiter in waiters { waiter() }
    }

    /// Calls once when messages flow: at once if they do.
    package func whenReady(_ body: @escaping () -> Void) {
        if board.flows { body() } else { readinessWaiters.append(body) }
    }

    /// Takes where operators reach this node, which is known once it listens, and tells the others.
    package func listens(at address: String) {
        adminAddress = address
        showNodes()
        announce()
    }

    /// Says who this node is, as long as it takes part, and then that it leaves.
    func announce(_ phase: NodeRecord.Phase? = nil) {
        guard link.takesPublications else { return }
        var record = ownRecord
        switch self.phase {
        case .starting, .serving: break
        case .leaving where phase == .leaving: record.phase = .leaving
        case .idle, .refused, .leaving, .closed: return
        }
        for topic in [BusTopic.broadcast] + members.records.map({ .node($0.id) }) {
            record.heads[topic] = sequences.head(topic)
        }
        var fields = EnvelopeWriter.Fields(.node, to: .nodes)
        fields.publishTime = clock.unixMicroseconds()
        link.publish(writer.encode(fields, payload: record.json), .node, to: .nodes)
        lastAnnounced = clock.monotonic()
        // A tenth of it is random, so that nodes that started together do not speak together.
        let early = UInt64.random(in: 0...settings.heartbeat / 10, using: &random)
        nextHeartbeat = lastAnnounced &+ settings.heartbeat &- early
    }

    func received(record envelope: Envelope) {
        guard envelope.payload.count <= NodeRecord.maximumBytes else { return link.dropped(.tooLarge, envelope) }
        guard let record = NodeRecord(json: envelope.payload), record.incarnation == envelope.incarnation else {
            return link.dropped(.decode, envelope)
        }
        if record.phase != .leaving, record.id == identity.id { sameName(record) }
        let change = members.received(record, clock.monotonic())
        board.show(members.record(of: record.incarnation), of: record.incarnation)
        showNodes()
        switch change {
        case .joined:
            memberLog.joined(record, nodes: nodeCount)
            if let way = link.way, !record.way.isEmpty, record.way != way {
                memberLog.anotherWay(record, way, nodes: nodeCount)
            }
            answerSoon()
        case .left: memberLog.left(record, nodes: nodeCount)
        case .tooMany: memberLog.ignored(record, nodes: nodeCount)
        case .stayed: break
        }
        // A record that may overtake broadcasts says nothing of those that are still on their way.
        for (topic, head) in record.heads where topic == ownTopic || topic == .broadcast && link.isOrdered {
            let missing = gaps.announced(record.incarnation, topic, head)
            if missing > 0 { lost(missing, of: record.incarnation, record.id, on: topic) }
        }
    }

    /// Says who this node is, once to all who join within a moment: many nodes may start together, and each answers each.
    private func answerSoon() {
        nextHeartbeat = min(nextHeartbeat, max(clock.monotonic(), lastAnnounced &+ Self.answerInterval))
    }

    /// This one included.
    var nodeCount: Int { members.count + 1 }

    /// Another node has this node's name: the later one of them must not serve.
    private func sameName(_ record: NodeRecord) {
        switch (phase, record.phase) {
        case (.starting(_, let whenDone), _):
            // Of two that start together one goes on.
            if record.phase == .starting, record.incarnation < identity.incarnation { return }
            phase = .refused
            whenDone(.nameTaken(record))
        case (.serving, .serving):
            // Once, however often it says who it is.
            guard members.record(of: record.incarnation)?.phase != .serving else { return }
            memberLog.sameName(record, nodes: nodeCount)
        default: break
        }
    }

    /// Ends the look for others when it is time.
    func tickStart(_ now: UInt64) {
        guard case .starting(let deadline, let whenDone) = phase, now >= deadline else { return }
        phase = .serving
        hub.tag = members.freeTag(using: &random)
        announce()
        showNodes()
        whenDone(.serving)
    }

    /// Notes that the node itself stood still, which is no silence of the others either.
    func noteStandstill(_ now: UInt64) {
        if now - min(now, lastTick) > Self.standstill { deafSince = deafSince ?? lastTick }
        lastTick = now
        board.turned(at: now)
    }

    /// Whether the others can be heard now; the time in which they could not is no silence of theirs.
    private func isHearing(_ now: UInt64) -> Bool {
        guard link.isReady, !isHubFull else {
            deafSince = deafSince ?? now
            return false
        }
        if let since = deafSince {
            members.forgive(now &- since, now)
            deafSince = nil
        }
        return true
    }

    func tickMembers(_ now: UInt64) {
        if now >= nextHeartbeat {
            nextHeartbeat = now &+ settings.heartbeat
            announce()
            showNodes()
        }
        guard isHearing(now) else { return }
        let due = now - min(now, settings.heartbeat)
        let gone = members.expire(before: now - min(now, settings.memberTimeout), due: due)
        guard !gone.isEmpty else { return }
        for record in gone {
            board.show(nil, of: record.incarnation)
            memberLog.silent(record, nodes: nodeCount)
        }
        showNodes()
    }
}
