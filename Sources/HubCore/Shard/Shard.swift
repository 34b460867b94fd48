// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// The part of the hub that one loop owns: its clients, their topics and queues.
///
/// Everything here runs on that loop. A tick goes: sockets are read, which calls ``receive`` and ``publish``; then
/// ``tick()`` takes in what other threads asked, gives each topic's batch to its subscribers, writes every client that
/// has something once, and closes those that have to go.
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
    var doomedClients: [Client] = []
    /// Clients that were detached in this tick, kept alive to its end.
    private var departed: [Client] = []
    private var commands: [ShardCommand] = []

    let slices = SlicePool()
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
    private var generator = SystemRandomNumberGenerator()

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
        inbox.swap(&commands)
        for case .push(let handle, let frame, _, let completion) in commands {
            handle.release(frame.wireByteCount)
            completion?(.connectionClosed)
        }
        for case let client? in clients { discardQueue(of: client, .closed) }
        for topic in dirtyTopics {
            if let batch = topic.batch { batches.release(batch) }
            topic.batch = nil
        }
        if let replies { batches.release(replies) }
        replies = nil
    }

    // MARK: Coming and going

    /// Gives a transport a client with a new id; it gets nothing before ``register(_:)``.
    package func attach(_ transport: any ClientTransport) -> Client {
        let slot = freeSlots.popLast() ?? clients.count
        let id = ClientID(unixMilliseconds: environment.unixMilliseconds(), using: &generator)
        let client = Client(handle: ClientHandle(id: id, shard: index, slot: slot), transport: transport)
        if slot == clients.count { clients.append(client) } else { clients[slot] = client }
        attachedCount += 1
        return client
    }

    /// Puts a client into the directory and among the receivers of broadcasts.
    package func register(_ client: Client) {
        guard !client.isRegistered, client.fate == nil else { return }
        settle(everyone)
        client.isRegistered = true
        client.position = everyone.subscribers.count
        everyone.subscribers.append(Subscriber(client: .passUnretained(client), slot: -1))
        hub.directory.insert(client.handle)
    }

    /// Takes a client out of every topic and table; what is queued for it stays queued.
    package func unregister(_ client: Client) {
        guard client.isRegistered else { return }
        settleAll()
        client.isRegistered = false
        hub.directory.remove(client.handle)
        while let last = client.subscriptions.last { leave(client, last.topic, slot: client.subscriptions.count - 1) }
        let moved = everyone.subscribers.removeLast()
        if client.position < everyone.subscribers.count {
            everyone.subscribers[client.position] = moved
            moved.client._withUnsafeGuaranteedRef { $0.position = client.position }
        }
        client.position = -1
    }

    /// Stops deliveries to a client that is about to close; what is queued for it stays queued.
    package func beginClosing(_ client: Client, _ reason: CloseReason) {
        unregister(client)
        if client.fate == nil { client.fate = reason }
    }

    /// Forgets a client whose socket is gone; what is still queued counts as dropped.
    package func detach(_ client: Client, _ reason: DropReason = .closed) {
        beginClosing(client, .abnormal)
        discardQueue(of: client, reason)
        let slot = client.handle.slot
        guard slot < clients.count, clients[slot] === client else { return }
        clients[slot] = nil
        freeSlots.append(slot)
        attachedCount -= 1
        // A list of this tick may still name it.
        departed.append(client)
    }

    /// Asks for a client to be closed at the end of the tick.
    package func doom(_ client: Client, _ reason: CloseReason) {
        guard client.fate == nil else { return }
        client.fate = reason
        doomedClients.append(client)
    }

    // MARK: The tick

    /// Does everything that is pending: commands, batches, writes, closings.
    package func tick() {
        takeCommands()
        repeat {
            settleAll()
            flushDirty()
        } while !dirtyTopics.isEmpty || !dirtyClients.isEmpty
        closeDoomed()
        if let replies {
            self.replies = nil
            batches.release(replies)
        }
        clockCredit = 0
    }

    private func takeCommands() {
        inbox.swap(&commands)
        guard !commands.isEmpty else { return }
        for command in commands {
            switch command {
            case .publish(let publication): deliver(publication)
            case .push(let handle, let frame, let ingress, let completion):
                land(handle, frame, ingress, completion)
            case .disconnect(let handle, let reason):
                if let client = client(for: handle) { doom(client, reason) }
            }
        }
        commands.removeAll(keepingCapacity: true)
    }

    private func closeDoomed() {
        while let client = doomedClients.popLast() {
            // A client that is detached has no transport any more.
            guard let reason = client.fate, self.client(for: client.handle) != nil else { continue }
            unregister(client)
            if reason == .slow { discardUnbegun(of: client, .closed) }
            if reason == .writeError { discardQueue(of: client, .writeError) }
            client.transport.close(reason)
            flushDirty()
        }
        departed.removeAll(keepingCapacity: true)
    }

    /// The attached client that a handle means, nil when it is gone.
    func client(for handle: ClientHandle) -> Client? {
        guard handle.slot < clients.count, let client = clients[handle.slot], client.handle === handle else {
            return nil
        }
        return client
    }
}
