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
        /// It was closed before.
        case closed
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
    let writer: EnvelopeWriter
    /// Draws this node's tag, and when it says again who it is.
    var random: any RandomNumberGenerator
    /// What other threads may know.
    package let board: NodeBoard

    var sequences = SequenceBook()
    var gaps = GapDetector()
    var gapLog: GapLog
    var interest = TopicInterest()
    var members = Membership()
    let memberLog: MemberLog
    var requests = RequestTable()
    var buffer: DownBuffer
    var canary: BusCanary
    /// Where canaries count; none are sent without.
    let canaryMetrics: CanaryMetrics?
    /// From so many messages, or bytes, on, what came in a tick is handed on before its end.
    static let batchLimit = 256
    static let batchByteLimit = 1 << 20

    /// How many topics' comings and goings are dealt with in a tick, as clients that leave may have many.
    static let interestsAtOnce = 1024
    private var interestsLeft = interestsAtOnce

    /// What came in this tick and is not handed on yet.
    var incoming: [Publication] = []
    var incomingBytes = 0
    /// The hub has no room for what comes from the bus.
    var isHubFull = false
    /// When this node says again who it is.
    var nextHeartbeat = UInt64.max
    var lastAnnounced: UInt64 = 0
    /// Since when this node hears nobody: for want of a bus or of room, or because it stands still.
    var deafSince: UInt64?
    /// When ``tick()`` was called last, which is every second.
    var lastTick = UInt64.max
    var phase = Phase.idle
    /// Where operators reach this node, for other nodes' operators; empty until it listens.
    var adminAddress = ""
    let ownTopic: BusTopic
    private let wakeup: Wakeup
    private let nodes: Gauge
    /// What was taken of each mailbox and is not done, the next one last: what is done is taken off and let go of.
    var commands: [[Outbox.Command]]
    /// Which mailbox is next.
    private var turn = 0
    /// Who waits until messages flow.
    var readinessWaiters: [() -> Void] = []
    /// Who waits for the end.
    var closings: [() -> Void] = []
    var hasEnded = false

    enum Phase {
        case idle
        /// Looks for others until the deadline.
        case starting(deadline: UInt64, (Start) -> Void)
        case serving
        /// Another node has its name: it takes no part.
        case refused
        /// Sends what waits; then says that it leaves, and waits for that.
        case leaving(deadline: UInt64, hasAnnounced: Bool)
        case closed
    }

    /// Puts a hub and a bus together; ``start(_:)`` begins.
    ///
    /// - Parameter outbox: The one that the hub was made with.
    /// - Parameter canary: Where canaries count; nil sends none.
    /// - Parameter random: Draws what differs from node to node; a test's own determines it.
    /// - Parameter wakeup: Wakes the bus loop, from any thread.
    package init(
        hub: Hub,
        outbox: Outbox,
        link: BusLink,
        identity: NodeIdentity,
        settings: BridgeSettings,
        metrics: BusMetrics,
        nodes: Gauge,
        canary: CanaryMetrics? = nil,
        logger: Logger,
        clock: BusClock = .system,
        random: any RandomNumberGenerator = SystemRandomNumberGenerator(),
        wakeup: Wakeup
    ) {
        self.hub = hub
        self.outbox = outbox
        self.link = link
        self.identity = identity
        self.settings = settings
        self.metrics = metrics
        self.nodes = nodes
        canaryMetrics = canary
        self.canary = BusCanary(interval: CanaryMetrics.interval, patience: CanaryMetrics.patience)
        self.clock = clock
        self.random = random
        self.wakeup = wakeup
        board = NodeBoard(clock: clock) { hub.clientCount }
        writer = EnvelopeWriter(identity)
        gapLog = GapLog(logger)
        memberLog = MemberLog(logger, clock: clock.monotonic)
        buffer = DownBuffer(limit: settings.bufferBytes, age: settings.bufferAge)
        ownTopic = .node(identity.id)
        commands = Array(repeating: [], count: outbox.mailboxCount)
    }

    /// Connects, and looks for other nodes: for a second, also when the bus cannot be reached.
    ///
    /// - Parameter whenDone: Called once on the bus loop.
    package func start(_ whenDone: @escaping (Start) -> Void) {
        link.sink = self
        link.interest.want(.broadcast)
        link.interest.want(.nodes)
        link.interest.want(prefix: BusTopic.unicastPrefix)
        phase = .starting(deadline: clock.monotonic() &+ settings.startWindow, whenDone)
        link.start()
        showNodes()
    }

    /// Does what is to be done now.
    ///
    /// - Returns: When this has to be called again at the latest, nanoseconds of the clock.
    package func tick() -> UInt64 {
        var now = clock.monotonic()
        noteStandstill(now)
        deliverIncoming()
        let isDone = takeCommands(now)
        tickStart(now)
        tickMembers(now)
        settleInterest(now)
        requests.expire(now)
        tickCanary(now)
        link.refused(outbox.takeRefused())
        gapLog.tell(now)
        let hasResumed = isHubFull && hub.hasRoom(waking: wakeup)
        if hasResumed {
            isHubFull = false
            link.resume()
        }
        tickLeaving(now, hasSentAll: isDone && buffer.count == 0)
        now = clock.monotonic()
        let linkDeadline = link.tick(now)
        // After the link's tick, which may have lost the bus or found it.
        outbox.isAvailable = isOpen && link.takesPublications
        outbox.keepsPublications = isOpen && settings.bufferBytes > 0
        metrics.set(buffered: buffer.count)
        metrics.set(.sent, topics: sequences.count, evictions: sequences.evictions)
        metrics.set(.received, topics: gaps.count, evictions: gaps.evictions)
        // What waited in the adapter may have filled the hub again: then nobody wakes this loop before it has asked.
        if !isDone && link.hasRoom || hasResumed && isHubFull { return now }
        return [
            linkDeadline, nextHeartbeat, startDeadline, leaveDeadline, interest.nextDeadline, requests.nextDeadline,
            gapLog.nextDeadline, buffer.nextDeadline, canaryDeadline,
        ].reduce(now &+ 1_000_000_000, min)
    }

    private var isOpen: Bool {
        switch phase {
        case .starting, .serving: true
        case .idle, .refused, .leaving, .closed: false
        }
    }

    // MARK: What the hub's loops ask

    /// Does what waits in the outbox, a few of each mailbox in turn; false when something is left.
    func takeCommands(_ now: UInt64) -> Bool {
        emptyBuffer(now)
        interestsLeft = Self.interestsAtOnce
        // How many mailboxes in a row had nothing left.
        var done = 0
        while done < commands.count, link.hasRoom, interestsLeft > 0 {
            done = takeSome(of: turn, now) ? done + 1 : 0
            turn = (turn + 1) % commands.count
        }
        return done == commands.count
    }

    /// Does a few commands of a mailbox, so that they are sent together; false when something is left.
    private func takeSome(of mailbox: Int, _ now: UInt64) -> Bool {
        if commands[mailbox].isEmpty {
            outbox.take(mailbox, &commands[mailbox])
            commands[mailbox].reverse()
        }
        let count = commands[mailbox].count
        guard count > 0 else { return true }
        var done = 0
        while done < min(count, Self.commandsAtOnce), !link.isOverfull, interestsLeft > 0 {
            done += 1
            perform(commands[mailbox][count - done], now)
        }
        let isDone = done == count
        // What is left is done at once, as long as the link has room.
        outbox.finish(mailbox, commands[mailbox].suffix(done), isBehind: !isDone && !link.hasRoom)
        commands[mailbox].removeLast(done)
        if isDone, commands[mailbox].capacity > 8192 { commands[mailbox] = [] }
        return isDone
    }

    private func perform(_ command: Outbox.Command, _ now: UInt64) {
        switch command {
        case .publish(let publication, let answer): publish(publication, answer, now)
        case .forward(let frame, let id, let completion): forward(frame, to: id, now, completion)
        case .interest(let topic):
            interestsLeft -= 1
            interestChanged(topic, now)
        }
    }

    /// Shows how many nodes there are, and what this one says of itself.
    func showNodes() {
        nodes.set(nodeCount)
        board.show(own: ownRecord)
    }
}
