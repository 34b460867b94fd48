// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubWire
import Synchronization

/// The hub of one node: publish, push and disconnect from any thread.
///
/// Each shard owns the clients of one loop; the hub holds what all share: the directory, the settings, the numbering of
/// messages. Nothing here waits for a loop.
package final class Hub: Sendable {
    /// What the hub allows.
    package let settings: HubSettings
    let directory = Directory()
    let environment: HubEnvironment
    private let ports: Mutex<[Inbox]> = Mutex([])
    /// The inboxes once all shards exist; read without a lock.
    private let sealed = AtomicLazyReference<Ports>()
    private let messageIDs = Atomic<Int64>(0)
    private let pushErrors = Mutex<[HubError.Code: UInt64]>([:])
    /// Where publications go after their local delivery; nil without a bus.
    package let outbox: Outbox?
    /// Which shards have subscribers; kept where there is more than one, or a bus.
    let topicTable = TopicTable()
    /// What the ids of this node's clients end with, plus 1; 0 for none.
    private let nodeTag = Atomic<UInt32>(0)

    /// What the ids of clients that come from now on end with, so that other nodes know whose they are.
    package var tag: UInt16? {
        get {
            let tag = nodeTag.load(ordering: .relaxed)
            return tag == 0 ? nil : UInt16(tag - 1)
        }
        set { nodeTag.store(newValue.map { UInt32($0) + 1 } ?? 0, ordering: .relaxed) }
    }

    /// Makes a hub without shards; add them, then ``seal()`` it.
    package init(
        settings: HubSettings = HubSettings(),
        environment: HubEnvironment = .system,
        outbox: Outbox? = nil
    ) {
        self.settings = settings
        self.environment = environment
        self.outbox = outbox
    }

    /// How many shards, and so loops, a hub can have.
    package static let mostShards = ShardSet.limit

    /// Makes the shard of the next loop; there are ``mostShards`` at most, which stops a program that makes more.
    ///
    /// - Parameter wake: Makes that loop tick soon; called from any thread.
    package func makeShard(wake: @escaping @Sendable () -> Void) -> Shard {
        let inbox = Inbox(.inbox, Wakeup(wake))
        let index = ports.withLock { ports in
            // As many as there are loops, which is checked where their number is taken.
            precondition(ports.count < Self.mostShards, "a hub has \(Self.mostShards) shards at most")
            ports.append(inbox)
            return ports.count - 1
        }
        return Shard(hub: self, index: index, inbox: inbox)
    }

    /// Declares that all shards are made; publications reach those that exist now.
    package func seal() {
        _ = sealed.storeIfNil(Ports(inboxes: ports.withLock { $0 }))
    }

    var inboxes: [Inbox] { sealed.load()?.inboxes ?? ports.withLock { $0 } }

    /// Whether a client is on this node.
    package func isLocal(_ id: ClientID) -> Bool { directory[id] != nil }

    /// How many clients are registered.
    package var clientCount: Int { directory.count }

    /// Sends a frame to every client of the hub.
    ///
    /// - Returns: Whether the inboxes have room for more; one who goes on regardless fills memory.
    @discardableResult
    package func broadcast(_ frame: Frame) -> Bool {
        publish(.broadcast, frame)
    }

    /// Sends a frame to the subscribers of a topic.
    ///
    /// - Returns: Whether the inboxes have room for more; one who goes on regardless fills memory.
    /// - Throws: ``HubError`` `.badTopic` when the name is none.
    @discardableResult
    package func publish(_ frame: Frame, to topic: String) throws(HubError) -> Bool {
        let name: TopicName
        do throws(MessageError) { name = try TopicName(topic).publishable() } catch {
            throw HubError(code: .badTopic, message: error.reason)
        }
        return publish(name, frame)
    }

    private func publish(_ topic: TopicName, _ frame: Frame) -> Bool {
        let publication = Publication(
            topic: topic,
            opcode: frame.opcode,
            payload: frame.payload,
            ingress: environment.monotonicNanoseconds()
        )
        let hasRoom = deliver(publication)
        if outbox?.publish(publication, from: nil).isFull == true { return false }
        return hasRoom
    }

    /// Takes in a publication that another node made; it is not sent to the bus again.
    ///
    /// - Returns: Whether the inboxes have room for more; one who goes on regardless fills memory.
    @discardableResult
    package func deliver(_ publication: Publication) -> Bool {
        let inboxes = inboxes
        var hasRoom = true
        receivers(of: publication.topic, among: inboxes.count).forEach { shard in
            if case .full = inboxes[shard].append(.publish(publication)) { hasRoom = false }
        }
        return hasRoom
    }

    /// Takes in publications that other nodes made, in order, with one wake-up a loop at the most.
    ///
    /// - Returns: Whether the inboxes have room for more.
    package func deliver(_ publications: [Publication]) -> Bool {
        guard publications.count > 1 else { return publications.first.map { deliver($0) } ?? true }
        let inboxes = inboxes
        let receivers = publications.map { self.receivers(of: $0.topic, among: inboxes.count) }
        var hasRoom = true
        for (shard, inbox) in inboxes.enumerated() {
            var own: [ShardCommand] = []
            for (publication, shards) in zip(publications, receivers) where shards.contains(shard) {
                own.append(.publish(publication))
            }
            if !own.isEmpty, case .full = inbox.append(own) { hasRoom = false }
        }
        return hasRoom
    }

    /// The shards that have receivers of a topic.
    func receivers(of topic: TopicName, among count: Int) -> ShardSet {
        if !topic.isBroadcast, usesTable { return topicTable.shards(of: topic) }
        var all = ShardSet()
        for shard in 0..<count { all.insert(shard) }
        return all
    }

    /// Whether it matters which shards have subscribers.
    var usesTable: Bool { outbox != nil || inboxes.count > 1 }

    /// Whether a topic has a subscriber on the node.
    package func wants(_ topic: TopicName) -> Bool { !topicTable.shards(of: topic).isEmpty }

    /// Tells the subscribers who wait for it whether other nodes' messages to a topic arrive.
    package func settle(_ topic: TopicName, isConfirmed: Bool) {
        let inboxes = inboxes
        topicTable.settle(topic, isConfirmed ? .confirmed : .unavailable).forEach { shard in
            inboxes[shard].append(.reach(topic, isConfirmed: isConfirmed))
        }
    }

    /// Whether the inboxes have room; if not, who asks is woken when one of them has.
    package func hasRoom(waking wakeup: Wakeup) -> Bool {
        for inbox in inboxes where inbox.isFull(waking: wakeup) { return false }
        return true
    }

    /// Puts a frame into one client's queue.
    ///
    /// - Parameter completion: Called once, on the client's loop, when the frame was handed to the socket or given up.
    /// A client of another node gets it from there: what that node refuses comes to the completion only.
    ///
    /// - Throws: ``HubError`` `.clientNotFound`, `.busUnavailable`, or `.sendBufferFull` when the client's queue, or that of
    ///   the bus, has no room: the caller decides then.
    package func push(
        _ frame: Frame,
        to id: ClientID,
        completion: (@Sendable (HubError?) -> Void)? = nil
    ) throws(HubError) {
        guard let handle = directory[id] else { return try forward(frame, to: id, completion) }
        try push(frame, to: handle, ingress: environment.monotonicNanoseconds(), completion: completion)
    }

    /// Puts a frame into the queue of a client of this node.
    ///
    /// - Returns: Whether the inbox of the client's loop has room for more.
    /// - Throws: ``HubError`` `.clientNotFound` or `.sendBufferFull`; neither is counted as a refused push here.
    package func pushLocally(_ frame: Frame, to id: ClientID) throws(HubError) -> Bool {
        guard let handle = directory[id] else { throw .clientNotFound }
        return try land(frame, handle, ingress: environment.monotonicNanoseconds(), nil)
    }

    /// Hands a frame on to the node of a client that is not on this one; the refusal may come later.
    private func forward(
        _ frame: Frame,
        to id: ClientID,
        _ completion: (@Sendable (HubError?) -> Void)?
    ) throws(HubError) {
        guard let outbox else { throw refused(.clientNotFound) }
        guard !outbox.isFull else { throw refused(.sendBufferFull) }
        let outcome = outbox.forward(frame, to: id, from: nil) { [self] error in
            if let error { _ = refused(error) }
            completion?(error)
        }
        if !outcome.isReachable { throw refused(unreachable(id)) }
    }

    /// Why a client that is not here cannot be reached while other nodes cannot: one whose id has this node's tag has gone.
    func unreachable(_ id: ClientID) -> HubError { id.tag == tag ? .clientNotFound : .busUnavailable }

    /// Puts a frame into the inbox of its client's shard; false when that is full, which is no refusal.
    @discardableResult
    func push(
        _ frame: Frame,
        to handle: ClientHandle,
        ingress: UInt64,
        completion: (@Sendable (HubError?) -> Void)? = nil
    ) throws(HubError) -> Bool {
        do throws(HubError) { return try land(frame, handle, ingress: ingress, completion) } catch {
            throw refused(error)
        }
    }

    private func land(
        _ frame: Frame,
        _ handle: ClientHandle,
        ingress: UInt64,
        _ completion: (@Sendable (HubError?) -> Void)?
    ) throws(HubError) -> Bool {
        guard handle.reserve(frame.wireByteCount, within: settings.queue) else { throw .sendBufferFull }
        switch inboxes[handle.shard].append(.push(handle, frame, ingress: ingress, completion: completion)) {
        case .accepted: return true
        case .full: return false
        case .closed:
            // Its loop has ended, and the client with it.
            handle.release(frame.wireByteCount)
            throw .clientNotFound
        }
    }

    /// Puts a frame into one client's queue and returns when it was written to the socket.
    ///
    /// - Throws: ``HubError`` as ``push(_:to:completion:)``, and `.connectionClosed` when the connection ended first.
    package func pushAndWait(_ frame: Frame, to id: ClientID) async throws(HubError) {
        let failure: HubError? = await withCheckedContinuation { continuation in
            do throws(HubError) {
                try push(frame, to: id) { continuation.resume(returning: $0) }
            } catch {
                continuation.resume(returning: error)
            }
        }
        if let failure { throw failure }
    }

    /// Closes a client's connection.
    ///
    /// - Throws: ``HubError`` `.clientNotFound`.
    package func disconnect(_ id: ClientID, _ reason: CloseReason = .kicked) throws(HubError) {
        guard let handle = directory[id] else { throw .clientNotFound }
        inboxes[handle.shard].append(.disconnect(handle, reason))
    }

    /// The wall clock, milliseconds since 1970.
    package func unixMilliseconds() -> Int64 { environment.unixMilliseconds() }

    /// The next number for a message of the hub's own.
    package func nextMessageID() -> Int64 { messageIDs.add(1, ordering: .relaxed).newValue }

    /// Counts a push that was refused, and hands the error on.
    func refused(_ error: HubError) -> HubError {
        pushErrors.withLock { $0[error.code, default: 0] += 1 }
        return error
    }

    /// How many pushes were refused for `code`.
    package func refusedPushes(_ code: HubError.Code) -> UInt64 {
        pushErrors.withLock { $0[code] ?? 0 }
    }
}

/// The inboxes of all shards, fixed.
private final class Ports: Sendable {
    let inboxes: [Inbox]
    init(inboxes: [Inbox]) { self.inboxes = inboxes }
}
