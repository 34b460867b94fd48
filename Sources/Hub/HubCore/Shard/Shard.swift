// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// The part of the hub that one loop owns: its clients, their topics and queues.
///
/// Everything here runs on that loop. A tick goes: sockets are read, which calls ``receive`` and ``publish``; then
/// ``tick(until:)`` takes in what other threads asked, gives each topic's batch to its subscribers, writes every client that
/// has something once, and closes those that have to go. What it has no time for waits for the next tick, and the clients
/// that publish wait with it.
package final class Shard {
    /// The hub that it is a part of.
    package unowned let hub: Hub
    /// Its number among the hub's shards.
    package let index: Int
    let inbox: Inbox
    let settings: HubSettings
    let environment: HubEnvironment

    /// All attached clients by slot, those that are closing included.
    private(set) var clients: [Client?] = []
    private var freeSlots: [Int] = []
    private(set) var attachedCount = 0

    /// All registered clients; its batch is the broadcasts.
    let everyone = Topic(name: .broadcast, scope: .broadcast)
    var topics: [TopicName: Topic] = [:]
    var dirtyTopics: [Topic] = []
    var dirtyClients: [Unmanaged<Client>] = []
    /// How many of the dirty clients were written already.
    var nextDirtyClient = 0
    /// Clients with an answer, while many wait for their turn to be written: these are written first.
    var answeredClients: [Client] = []
    var markedClients: [Client] = []
    /// Clients that were detached, kept alive until no list of a tick names them.
    private var departed: [Client] = []
    /// Clients that are on their way out of their topics.
    var leavingClients: [Client] = []
    /// Clients that are not read until there is room for what they publish.
    var pausedClients: [Client] = []
    /// Requests that are answered later.
    var answers = AnswerTable()
    private var commands: [ShardCommand] = []
    private var nextCommand = 0
    /// What is done when the inbox has been taken in as far as it was filled then.
    private var marks: [() -> Void] = []
    /// Canaries that wait until all before them is written.
    private var canaries: [Canary] = []
    /// When the present tick has to end, monotonic nanoseconds.
    private(set) var deadline = UInt64.max
    /// Deliveries that were taken in since all clients were last written.
    var pendingDeliveries = 0
    /// The last tick had no time to write every client.
    private(set) var isBehind = false
    /// What the inbox was told of that.
    private var isInboxBehind = false
    /// What writing has taken since the start, in units of about a microsecond.
    package internal(set) var work = 0

    var slices = SlicePool()
    let batches = BatchPool()
    /// Holds the replies of this tick.
    var replies: FrameBatch?
    /// Memory to encode into.
    var scratch: [UInt8] = []
    let vectors = UnsafeMutableBufferPointer<OutboundVector>.allocate(capacity: 64)
    /// The books and distributions; a pointer, so that hot paths pay no exclusivity checks.
    let counts: UnsafeMutablePointer<ShardCounts>
    /// How many writes may go by on one reading of the clock.
    var clockCredit = 0
    var lastClock: UInt64 = 0
    /// The slot at which the next snapshot begins its sample of what the kernel holds.
    var unsentCursor = 0

    init(hub: Hub, index: Int, inbox: Inbox) {
        self.hub = hub
        self.index = index
        self.inbox = inbox
        settings = hub.settings
        environment = hub.environment
        counts = .allocate(capacity: 1)
        counts.initialize(to: ShardCounts())
        scratch.reserveCapacity(4096)
    }

    deinit {
        abandon()
        vectors.deallocate()
        counts.deinitialize(count: 1)
        counts.deallocate()
    }

    /// Answers whoever still waits for a write, and lets go of all batches: nothing will be written any more.
    private func abandon() {
        abandonCommands()
        commands = inbox.close()
        abandonCommands()
        for case let client? in clients { discardQueue(of: client, .closed) }
        for topic in dirtyTopics {
            if let batch = topic.batch { batches.release(batch) }
            topic.batch = nil
        }
        if let replies { batches.release(replies) }
        replies = nil
    }

    private func abandonCommands() {
        for case .push(let handle, let frame, _, let completion) in commands[nextCommand...] {
            handle.release(frame.wireByteCount)
            completion?(.connectionClosed)
        }
        commands = []
        nextCommand = 0
    }

    // MARK: Coming and going

    /// Gives a transport a client with a new id; it gets nothing before ``register(_:)``.
    ///
    /// - Parameter share: What the client's subscriptions are counted against together with those of others.
    package func attach(_ transport: any ClientTransport, share: SubscriptionShare? = nil) -> Client {
        let slot = freeSlots.popLast() ?? clients.count
        let id = ClientID(unixMilliseconds: environment.unixMilliseconds(), tag: hub.tag)
        let client = Client(handle: ClientHandle(id: id, shard: index, slot: slot), transport: transport, share: share)
        if slot == clients.count { clients.append(client) } else { clients[slot] = client }
        attachedCount += 1
        return client
    }

    /// Puts a client into the directory and among the receivers of broadcasts.
    package func register(_ client: Client) {
        guard !client.isRegistered, client.closeReason == nil else { return }
        settle(everyone)
        client.isRegistered = true
        client.position = Int32(truncatingIfNeeded: everyone.subscribers.count)
        everyone.subscribers.append(Subscriber(client: .passUnretained(client), slot: -1))
        hub.directory.insert(client.handle)
    }

    /// Takes a client out of every topic and table; what is queued for it stays queued.
    ///
    /// Its topics are left in the ticks that follow when they are many; the caller has given it a closeReason, so that it gets
    /// nothing from them meanwhile.
    private func unregister(_ client: Client) {
        guard client.isRegistered else { return }
        settleAll()
        client.isRegistered = false
        hub.directory.remove(client.handle)
        if leaveSome(client) { leavingClients.append(client) }
        let moved = everyone.subscribers.removeLast()
        let position = Int(client.position)
        if position < everyone.subscribers.count {
            everyone.subscribers[position] = moved
            moved.client._withUnsafeGuaranteedRef { $0.position = client.position }
        }
        client.position = -1
    }

    /// Stops deliveries to a client that is about to close; what is queued for it stays queued.
    package func beginClosing(_ client: Client, _ reason: CloseReason) {
        // What is pending still reaches it.
        if client.isRegistered { settleAll() }
        if client.closeReason == nil { client.closeReason = reason }
        unregister(client)
    }

    /// Forgets a client whose socket is gone; what is still queued counts as dropped.
    package func detach(_ client: Client, _ reason: DropReason = .closed) {
        beginClosing(client, .abnormal)
        discardQueue(of: client, reason)
        let slot = client.handle.slot
        guard slot < clients.count, clients[slot] === client else { return }
        clients[slot] = nil
        stopAwaiting(client)
        freeSlots.append(slot)
        attachedCount -= 1
        // A list of this tick may still name it.
        departed.append(client)
    }

    /// Asks for a client to be closed at the end of the tick.
    package func markForClosing(_ client: Client, _ reason: CloseReason) {
        guard client.closeReason == nil else { return }
        client.closeReason = reason
        markedClients.append(client)
    }

    // MARK: The tick

    /// Does what is pending: commands, batches, writes, closings.
    ///
    /// - Parameter deadline: When to stop, monotonic nanoseconds; overrun by the writes to a few clients at the most.
    /// - Returns: Whether something is left for another tick, which should follow soon.
    @discardableResult
    package func tick(until deadline: UInt64 = .max) -> Bool {
        self.deadline = deadline
        // All that was read for the bus goes to it together, and before the clients here are written to.
        hub.outbox?.wake(from: index)
        expireAnswers()
        flushAnswered()
        // What the last tick left is written before more is taken in.
        var isDone = flushDirty()
        if isDone {
            // Those who waited for it are read again, however much others have for this shard.
            isBehind = false
            resumePaused()
            passCanaries()
        }
        while isDone {
            let isEmpty = takeCommands()
            settleAll()
            isDone = flushDirty()
            if isDone { passCanaries() }
            if isEmpty, dirtyTopics.isEmpty, dirtyClients.isEmpty { break }
            isDone = isDone && hasTime
        }
        isDone = closeMarked() && isDone
        isDone = leaveTopics() && isDone
        isBehind = !dirtyClients.isEmpty
        noteInbox()
        if let replies {
            self.replies = nil
            batches.release(replies)
        }
        clockCredit = 0
        if !isBehind, dirtyTopics.isEmpty { departed.removeAll(keepingCapacity: departed.count <= 1024) }
        resumePaused()
        hub.outbox?.wake(from: index)
        return isBehind || !isDone
    }

    /// Whether the tick may go on.
    var hasTime: Bool { deadline == .max || environment.monotonicNanoseconds() < deadline }

    /// Takes in what other threads asked, as much as may be pending at once; false when something is left.
    private func takeCommands() -> Bool {
        if commands.isEmpty { inbox.swap(&commands) }
        guard !commands.isEmpty else { return true }
        let first = nextCommand
        var bytes = 0
        var looked = (command: nextCommand, work: work)
        while nextCommand < commands.count, pendingDeliveries < Shard.deliveriesAtOnce {
            if nextCommand - looked.command >= 32 || work &- looked.work >= 64 {
                guard hasTime else { break }
                looked = (nextCommand, work)
            }
            let command = commands[nextCommand]
            nextCommand += 1
            bytes += command.byteCount
            perform(command)
        }
        let (count, isDone) = (nextCommand - first, nextCommand == commands.count)
        if isDone {
            // Given up before the inbox says that there is room: the next ones come in at once.
            commands.removeAll(keepingCapacity: true)
            nextCommand = 0
        }
        isInboxBehind = !isDone
        inbox.finish(count, bytes: bytes, isBehind: isInboxBehind)
        return isDone
    }

    /// Does something when all that was published here, and that other loops have asked so far, is in its clients' queues.
    package func whenTakenIn(_ body: @escaping () -> Void) {
        marks.append(body)
        inbox.append(.mark)
    }

    /// Lets those who fill the inbox wait while there is more to do than gets done, and no longer.
    private func noteInbox() {
        let isFull = isBehind || !commands.isEmpty
        guard isFull != isInboxBehind else { return }
        isInboxBehind = isFull
        inbox.finish(isBehind: isFull)
    }

    private func perform(_ command: ShardCommand) {
        switch command {
        case .publish(let publication): deliver(publication)
        case .push(let handle, let frame, let ingress, let completion): land(handle, frame, ingress, completion)
        case .disconnect(let handle, let reason):
            if let client = client(for: handle) { markForClosing(client, reason) }
        case .answer(let answer, let content): give(answer, content)
        case .reach(let name, let isConfirmed): note(name, isConfirmed: isConfirmed)
        case .canary(let canary): canaries.append(canary)
        case .mark:
            settleAll()
            marks.removeFirst()()
        }
    }

    /// Ends the way of canaries through this loop: what was in front of them is written.
    private func passCanaries() {
        guard !canaries.isEmpty else { return }
        let now = environment.monotonicNanoseconds()
        for canary in canaries { canary.passed(now) }
        canaries.removeAll(keepingCapacity: true)
    }

    /// Closes those that have to go; false when some are left for the next tick.
    private func closeMarked() -> Bool {
        var closed = 0
        while let client = markedClients.popLast() {
            // A client that is detached has no transport any more.
            guard let reason = client.closeReason, self.client(for: client.handle) != nil else { continue }
            unregister(client)
            if reason == .slow { discardUnbegun(of: client, .closed) }
            if reason == .writeError { discardQueue(of: client, .writeError) }
            client.transport.close(reason)
            closed += 1
            guard closed & 7 == 0 else { continue }
            guard flushDirty(), hasTime else { return false }
        }
        // Their close frames; to write them may show that more connections are broken.
        guard closed > 0 else { return true }
        return flushDirty() && markedClients.isEmpty
    }

    /// Gives back the memory of lists that a burst made long.
    func trimLists() {
        if commands.isEmpty, commands.capacity > 1024 { commands = [] }
        if dirtyClients.isEmpty, dirtyClients.capacity > 4096 { dirtyClients = [] }
        if dirtyTopics.isEmpty, dirtyTopics.capacity > 4096 { dirtyTopics = [] }
        topics.dropSlack()
    }

    /// The attached client that a handle means, nil when it is gone.
    func client(for handle: ClientHandle) -> Client? {
        guard handle.slot < clients.count, let client = clients[handle.slot], client.handle === handle else {
            return nil
        }
        return client
    }
}
