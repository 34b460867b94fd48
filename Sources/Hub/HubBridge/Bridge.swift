// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
package import HubCore
package import HubLog
package import HubMetrics
import HubWire

/// All that a node does on its bus loop: takes what the hub's loops publish to the bus, and what comes from there to the hub.
///
/// Belongs to that loop. ``tick()`` has to be called once in each of its ticks, and at the time that it returns.
package final class Bridge {
    /// How a start ended.
    package enum Start: Sendable {
        /// The node may serve; its clients' ids have their tag.
        case serving
        /// Another node of this name answered first.
        case nameTaken(NodeRecord)
    }

    /// How many commands of one mailbox are done before the next one's.
    private static let commandsAtOnce = 64

    let hub: Hub
    let outbox: Outbox
    let link: BusLink
    let settings: BridgeSettings
    let identity: NodeIdentity
    let clock: BusClock
    let metrics: BusMetrics
    let logger: Logger
    let writer: EnvelopeWriter
    /// What other threads may know.
    package let board = NodeBoard()

    var sequences = SequenceBook()
    var gaps = GapDetector()
    var gapLog: GapLog
    var interest = TopicInterest()
    var members = Membership()
    var requests = RequestTable()
    var buffer: DownBuffer
    /// From so many messages, or bytes, on, what came in a tick is handed on before its end.
    static let batchLimit = 256
    static let batchByteLimit = 1 << 20

    /// What came in this tick and is not handed on yet.
    var incoming: [Publication] = []
    var incomingBytes = 0
    /// The hub has no room for what comes from the bus.
    var isHubFull = false
    /// When this node says again who it is.
    var nextHeartbeat = UInt64.max
    var phase = Phase.idle
    let ownTopic: BusTopic
    private let roomWakeup: Wakeup
    private let nodes: Gauge
    private var commands: [[Outbox.Command]]
    private var nextCommand: [Int]

    enum Phase {
        case idle
        /// Looks for others until the deadline.
        case starting(deadline: UInt64, hasAnnounced: Bool, (Start) -> Void)
        case serving
        case leaving(deadline: UInt64, () -> Void)
        case closed
    }

    /// Puts a hub and a bus together; ``start(_:)`` begins.
    ///
    /// - Parameter outbox: The one that the hub was made with.
    /// - Parameter wakeup: Wakes the bus loop, from any thread.
    package init(
        hub: Hub,
        outbox: Outbox,
        link: BusLink,
        identity: NodeIdentity,
        settings: BridgeSettings,
        metrics: BusMetrics,
        nodes: Gauge,
        logger: Logger,
        clock: BusClock = .system,
        wakeup: Wakeup
    ) {
        self.hub = hub
        self.outbox = outbox
        self.link = link
        self.identity = identity
        self.settings = settings
        self.metrics = metrics
        self.nodes = nodes
        self.logger = logger
        self.clock = clock
        roomWakeup = wakeup
        writer = EnvelopeWriter(identity)
        gapLog = GapLog(logger)
        buffer = DownBuffer(limit: settings.bufferBytes, age: settings.bufferAge)
        ownTopic = .node(identity.id)
        commands = Array(repeating: [], count: outbox.mailboxCount)
        nextCommand = Array(repeating: 0, count: outbox.mailboxCount)
    }

    /// Connects, and looks for other nodes: for a second, also when the bus cannot be reached.
    package func start(_ whenDone: @escaping (Start) -> Void) {
        link.sink = self
        link.interest.want(.broadcast)
        link.interest.want(.nodes)
        link.interest.want(prefix: BusTopic.unicastPrefix)
        phase = .starting(deadline: clock.monotonic() &+ settings.startWindow, hasAnnounced: false, whenDone)
        link.start()
        showNodes()
    }

    /// Does what is to be done now.
    ///
    /// - Returns: When this has to be called again at the latest, nanoseconds of the clock.
    package func tick() -> UInt64 {
        var now = clock.monotonic()
        deliverIncoming()
        let isDone = takeCommands(now)
        tickStart(now)
        tickMembers(now)
        settleInterest(now)
        requests.expire(now)
        expireBuffer(now)
        gapLog.tell(now) { members.record(of: $0)?.id ?? "unknown" }
        if isHubFull, hub.hasRoom(waking: roomWakeup) {
            isHubFull = false
            link.resume()
        }
        now = clock.monotonic()
        let linkDeadline = link.tick(now)
        // After the link's tick, which may have lost the bus or found it.
        outbox.isAvailable = isOpen && link.takesPublications
        metrics.set(buffered: buffer.count)
        metrics.set(.sent, topics: sequences.count, evictions: sequences.evictions)
        metrics.set(.received, topics: gaps.count, evictions: gaps.evictions)
        tickLeaving(now)
        if !isDone, link.hasRoom { return now }
        return [
            linkDeadline, nextHeartbeat, startDeadline, leaveDeadline, interest.nextDeadline, requests.nextDeadline,
            gapLog.nextDeadline,
        ].reduce(now &+ 1_000_000_000, min)
    }

    private var isOpen: Bool {
        switch phase {
        case .starting, .serving: true
        case .idle, .leaving, .closed: false
        }
    }

    // MARK: What the hub's loops ask

    /// Does what waits in the outbox, a few of each mailbox in turn; false when something is left.
    private func takeCommands(_ now: UInt64) -> Bool {
        while link.hasRoom, let publication = link.takesPublications ? buffer.popFirst() : nil {
            send(publication, nil, now)
        }
        var isDone = false
        while !isDone, link.hasRoom {
            isDone = true
            for mailbox in commands.indices where !takeSome(of: mailbox, now) { isDone = false }
        }
        return isDone
    }

    private func takeSome(of mailbox: Int, _ now: UInt64) -> Bool {
        if commands[mailbox].isEmpty { outbox.take(mailbox, &commands[mailbox]) }
        let first = nextCommand[mailbox]
        let end = min(commands[mailbox].count, first + Self.commandsAtOnce)
        guard first < end else { return true }
        for index in first..<end { perform(commands[mailbox][index], now) }
        let isDone = end == commands[mailbox].count
        outbox.finish(mailbox, commands[mailbox][first..<end], isBehind: !isDone)
        nextCommand[mailbox] = isDone ? 0 : end
        if isDone { commands[mailbox].removeAll(keepingCapacity: commands[mailbox].capacity <= 8192) }
        return isDone
    }

    private func perform(_ command: Outbox.Command, _ now: UInt64) {
        switch command {
        case .publish(let publication, let answer): publish(publication, answer, now)
        case .forward(let frame, let id, let completion): forward(frame, to: id, now, completion)
        case .interest(let topic): interestChanged(topic, now)
        }
    }

    func showNodes() {
        nodes.set(members.count + 1)
        board.records = [ownRecord] + members.records
    }

    // MARK: The end

    /// Sends what waits, says that this node leaves, and closes the bus; `done` is called within a second or so.
    package func close(_ done: @escaping () -> Void) {
        switch phase {
        case .leaving, .closed: return done()
        case .idle, .starting, .serving: break
        }
        outbox.isAvailable = false
        _ = takeCommands(clock.monotonic())
        phase = .leaving(deadline: clock.monotonic() &+ settings.closeTimeout, done)
        if link.takesPublications { announce(.leaving) }
    }

    private var leaveDeadline: UInt64 {
        if case .leaving(let deadline, _) = phase { deadline } else { .max }
    }

    private func tickLeaving(_ now: UInt64) {
        guard case .leaving(let deadline, let done) = phase else { return }
        let isIdle = commands.allSatisfy(\.isEmpty) && link.isSettled
        guard isIdle || now >= deadline || !link.takesPublications else { return }
        phase = .closed
        failCommands()
        requests.expire(.max)
        link.close(done)
    }

    /// Answers whoever still waits for what will not be sent.
    private func failCommands() {
        for mailbox in commands.indices {
            outbox.take(mailbox, &commands[mailbox])
            for command in commands[mailbox] {
                if case .forward(_, _, let completion) = command { completion(.busUnavailable) }
            }
            commands[mailbox] = []
        }
    }
}
