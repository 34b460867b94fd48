// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CNats
import HubLoop

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One connection to one server, from the attempt to its one end; it does not reconnect.
///
/// The library neither reads nor writes by itself: the loop does when the socket is ready (its "event loop" mode), so that no
/// publication waits for a server that takes nothing. Connecting and the last clean-up block, and have a thread each time. The socket
/// is watched by a second descriptor, as the library closes its own whenever it likes.
///
/// Belongs to the loop.
final class NATSConnection: SocketHandler {
    /// What a connection tells, on the loop; nothing after its end or ``close(_:)``.
    protocol Owner: AnyObject {
        func connectionOpened(_ connection: NATSConnection)
        /// The messages that have come were taken, as far as there were room and time.
        func connectionTookMessages(_ connection: NATSConnection)
        /// The server, or the library, complains in these words; the connection goes on.
        func connection(_ connection: NATSConnection, complained words: String, _ error: NATSError)
        /// What the server refused before a ``NATSFence`` is told.
        func connectionPassedFence(_ connection: NATSConnection)
        /// Messages were dropped, as too many waited.
        func connection(_ connection: NATSConnection, dropped count: UInt64)
        /// Knows more servers than when it was opened.
        func connectionDiscovered(_ connection: NATSConnection)
        func connectionIsLameDuck(_ connection: NATSConnection)
        func connection(_ connection: NATSConnection, closed error: NATSError)
    }

    let address: SocketAddress
    private let loop: EventLoop
    private let outboxBytes: Int
    private weak var owner: (any Owner)?
    private let inbox: NATSInbox
    /// The library's handle, while the connection stands.
    private var handle: OpaquePointer?
    private var watch: SocketWatch?
    private var batch = NATSInbox.Batch()
    private var nextMessage = 0
    /// The messages that were handed over and are still to be given back.
    private var handed: [NATSInbox.Arrival] = []
    private let attemptGuard = NATSAttemptGuard()
    /// Ends the attempt; the library's own time limit ends with what the server says first.
    private var deadline: LoopTimer?
    private(set) var isClosed = false
    /// Takes no messages, as the hub has no room; replies and all else come all the same.
    private(set) var isPaused = false
    /// All that the library holds and that has to be given up before the connection.
    private var subscriptions: [ObjectIdentifier: NATSSubscription] = [:]

    /// Begins to connect.
    ///
    /// - Throws: ``NATSError`` when there is no thread for it, or a file or secret cannot be had.
    init(_ settings: NATSSettings, to address: SocketAddress, loop: EventLoop, owner: any Owner) throws(NATSError) {
        self.address = address
        self.loop = loop
        self.owner = owner
        outboxBytes = settings.outboxBytes
        let box = LoopBound(WeakConnection(), on: loop)
        inbox = NATSInbox(byteLimit: settings.inboxBytes) {
            loop.post { box.value.connection?.look() }
        }
        box.value.connection = self
        let attempt = NATSAttempt(settings, address, try NATSLogin(settings.login), inbox, attemptGuard)
        do throws(LoopError) {
            try DetachedThread.run("nats-connect") {
                let result = attempt.run()
                let isPosted = loop.post {
                    guard let connection = box.value.connection, !connection.isClosed else { return result.abandon() }
                    connection.attempted(result)
                }
                if !isPosted { result.abandon() }
            }
        } catch {
            throw NATSError(.other, "\(address): \(error.message)")
        }
        let timer = LoopTimer { [weak self] in
            self?.end(NATSError(.timedOut, "\(address): no connection within \(settings.connectTimeout)"))
        }
        deadline = timer
        // A moment for the library to say itself what it has waited for.
        loop.schedule(timer, after: settings.connectTimeout + .milliseconds(200))
    }

    private func attempted(_ result: NATSAttempt.Outcome) {
        deadline.take().map { loop.cancel($0) }
        switch result {
        case .failed(let error): end(error)
        case .connected(let connected):
            handle = connected.handle
            do throws(LoopError) {
                watch = try SocketWatch(loop: loop, descriptor: connected.socket, handler: self)
            } catch {
                NATSAttemptGuard.leave(connected.socket)
                Socket.close(connected.socket)
                return end(NATSError(.other, "\(address): \(error.message)"))
            }
            // Before anything is told: the owner writes at once.
            updateWatch()
            owner?.connectionOpened(self)
            look()
        }
    }

    // MARK: What the session asks

    /// The most bytes that a message may have: what the server says, as far as the library can count.
    var maxPayload: Int { min(max(0, Int(natsConnection_GetMaxPayload(handle))), Int(Int32.max)) }

    /// Whether the server has ever refused something of this connection; the complaint may still be on its way here.
    var wasRefused: Bool {
        var words: UnsafePointer<CChar>?
        return natsConnection_GetLastError(handle, &words) == NATS_NOT_PERMITTED
    }

    /// Whether so much waits to be written that no more is taken.
    var isFull: Bool { Int(natsConnection_Buffered(handle)) >= outboxBytes }

    /// Servers of the same cluster that this one has named; 64 at the most.
    var discovered: [SocketAddress] {
        var list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        var count: Int32 = 0
        guard natsConnection_GetDiscoveredServers(handle, &list, &count) == NATS_OK, let list else { return [] }
        defer {
            for index in 0..<Int(count) { free(list[index]) }
            free(list)
        }
        return (0..<min(64, Int(count))).compactMap { index in
            list[index].flatMap { Self.address(ofURL: String(cString: $0)) }
        }
    }

    private static func address(ofURL text: String) -> SocketAddress? {
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        return parts.last.flatMap { try? SocketAddress.parse(String($0)) }
    }

    /// Publishes; it goes out with the next ``flush()``.
    func publish(_ subject: Subject, _ bytes: [UInt8]) throws(NATSError) {
        try check(natsConnection_Publish(handle, subject.cString, bytes, Int32(clamping: bytes.count)), subject)
    }

    /// Publishes what is to be answered.
    func publish(_ subject: Subject, _ bytes: [UInt8], replyTo reply: Subject) throws(NATSError) {
        let count = Int32(clamping: bytes.count)
        try check(natsConnection_PublishRequest(handle, subject.cString, reply.cString, bytes, count), subject)
    }

    /// Publishes what a stream is to keep, once for its id.
    func publish(_ subject: Subject, _ bytes: [UInt8], replyTo reply: Subject, id: String) throws(NATSError) {
        var message: OpaquePointer?
        let status = bytes.withUnsafeBytes { bytes in
            let text = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            return natsMsg_Create(&message, subject.cString, reply.cString, text, Int32(clamping: bytes.count))
        }
        try check(status, subject)
        defer { natsMsg_Destroy(message) }
        try check(natsMsgHeader_Set(message, "Nats-Msg-Id", id), subject)
        try check(natsConnection_PublishMsg(handle, message), subject)
    }

    private func check(_ status: natsStatus, _ subject: Subject) throws(NATSError) {
        guard status == NATS_OK else { throw NATSError(status, doing: "\(address): publish to \(subject)") }
    }

    /// Subscribes; the server is told with the next ``flush()``.
    func subscribe(
        _ subject: Subject,
        _ lane: NATSSubscription.Lane,
        _ receive: @escaping (OpaquePointer) -> Void
    ) throws(NATSError) -> NATSSubscription {
        guard let handle else { throw NATSError(.closed, "the connection to \(address) has ended") }
        let subscription = try NATSSubscription.make(handle, subject, inbox, lane, receive: receive)
        subscriptions[ObjectIdentifier(subscription)] = subscription
        return subscription
    }

    /// Ends a subscription; nothing of it is told any more.
    func unsubscribe(_ subscription: NATSSubscription) {
        subscriptions[ObjectIdentifier(subscription)] = nil
        subscription.close()
    }

    /// Writes what the library has to write, as far as the socket takes it.
    func flush() {
        guard let handle, inbox.wantsToWrite else { return }
        natsConnection_ProcessWriteEvent(handle)
        updateWatch()
    }

    /// Lets more bytes of a stream wait; what is more than that is dropped, as nobody asked for it.
    func allowKept(_ byteCount: Int) { inbox.allowKept(byteCount) }

    /// Takes no messages until ``resume()``.
    func pause() { isPaused = true }

    /// Takes messages again.
    func resume() {
        guard isPaused else { return }
        isPaused = false
        loop.post { [inbox] in inbox.tell() }
    }

    /// Calls a function with each message of a subscription that waits to be taken.
    func forEachWaiting(of subscription: NATSSubscription, _ body: (OpaquePointer) -> Void) {
        for arrival in batch.messages[nextMessage...]
        where arrival.subscription.toOpaque() == Unmanaged.passUnretained(subscription).toOpaque() {
            if let message = arrival.message { body(message) }
        }
        inbox.forEachMessage(of: subscription, body)
    }

    /// Whether messages wait here.
    var isBehind: Bool { nextMessage < batch.messages.count || inbox.hasMessages }

    /// Ends without a word to the owner.
    ///
    /// - Parameter done: Called on the loop when nothing is left; not at all when the loop has stopped meanwhile.
    func close(_ done: @escaping () -> Void = {}) {
        guard !isClosed else { return done() }
        isClosed = true
        owner = nil
        attemptGuard.giveUp()
        deadline.take().map { loop.cancel($0) }
        leaveSocket()
        batch.messages.removeFirst(nextMessage)
        batch.discard()
        batch = NATSInbox.Batch()
        inbox.close()
        guard let handle = handle.take() else { return done() }
        let remains = NATSRemains(handle, subscriptions.values.compactMap { $0.takeHandle() })
        subscriptions = [:]
        let bound = LoopBound(done, on: loop)
        remains.destroy { [loop] in loop.post { bound.value() } }
    }

    /// Stops watching, and writing: the library would wait for half a second for what it has to write to be taken.
    private func leaveSocket() {
        guard let watch = watch.take() else { return }
        if let handle, natsConnection_Buffered(handle) > 0 {
            Socket.shutdown(watch.descriptor)
            natsConnection_ProcessWriteEvent(handle)
        }
        NATSAttemptGuard.leave(watch.descriptor)
        watch.close()
    }

    private func end(_ error: NATSError) {
        guard !isClosed else { return }
        let owner = owner
        close()
        owner?.connection(self, closed: error)
    }

    // MARK: The socket

    func socketReady(readable: Bool, writable: Bool, failed: Bool) {
        guard let handle else { return }
        guard !failed else { return readRest(handle) }
        if writable { natsConnection_ProcessWriteEvent(handle) }
        if readable { natsConnection_ProcessReadEvent(handle) }
        updateWatch()
    }

    /// Reads what came before the connection broke: the library finds out so, and tells what the server said last.
    private func readRest(_ handle: OpaquePointer) {
        for _ in 0..<64 where !natsConnection_IsClosed(handle) { natsConnection_ProcessReadEvent(handle) }
        if !natsConnection_IsClosed(handle) { end(NATSError(.closed, "\(address): the connection broke")) }
    }

    /// The library reads no more once it has closed the connection, of which it tells from another thread.
    private func updateWatch() { watch?.watch(readable: inbox.wantsToRead, writable: inbox.wantsToWrite) }

    // MARK: What has come

    /// Looks at what the library's threads have put down.
    private func look() {
        guard !isClosed else { return }
        inbox.take(into: &batch)
        if batch.droppedCount > 0 { owner?.connection(self, dropped: batch.droppedCount) }
        let events = batch.events
        batch.events.removeAll(keepingCapacity: true)
        // What the server refused it said before it answered what was asked later; the end comes behind all else.
        for event in events where !event.isEnd && !isClosed { tell(event) }
        handReplies()
        handMessages()
        if !isClosed { owner?.connectionTookMessages(self) }
        for event in events where event.isEnd && !isClosed { tell(event) }
        flush()
    }

    private func handReplies() {
        var arrivals: [NATSInbox.Arrival] = []
        swap(&arrivals, &batch.replies)
        for arrival in arrivals { hand(arrival) }
        for arrival in arrivals { arrival.discard() }
        arrivals.removeAll(keepingCapacity: arrivals.capacity <= 4096)
        if !isClosed { swap(&arrivals, &batch.replies) }
    }

    /// Hands messages over as long as there are room and time.
    private func handMessages() {
        while !isClosed, !isPaused, nextMessage < batch.messages.count {
            let arrival = batch.messages[nextMessage]
            nextMessage += 1
            hand(arrival)
            handed.append(arrival)
            if !loop.hasTimeLeft(after: 1) { break }
        }
        for arrival in handed { arrival.discard() }
        handed.removeAll(keepingCapacity: handed.capacity <= 65_536)
        guard !isClosed else { return }
        if nextMessage == batch.messages.count {
            batch.messages.removeAll(keepingCapacity: batch.messages.capacity <= 65_536)
            nextMessage = 0
            if inbox.hasMessages, !isPaused { inbox.tell() }
        } else if !isPaused {
            inbox.tell()
        }
    }

    /// Hands one over, for the caller to give back behind the others: the library frees messages on a thread of its own, which
    /// would be woken for each between them.
    private func hand(_ arrival: NATSInbox.Arrival) {
        guard let message = arrival.message, !isClosed else { return }
        arrival.subscription._withUnsafeGuaranteedRef { $0.receive }?(message)
    }

    private func tell(_ event: NATSInbox.Event) {
        switch event {
        case .complaint(let status, let words):
            owner?.connection(self, complained: words, NATSError(status, words, doing: "\(address)"))
        case .fencePassed: owner?.connectionPassedFence(self)
        case .discovered: owner?.connectionDiscovered(self)
        case .lameDuck: owner?.connectionIsLameDuck(self)
        case .closed(let status, let words): end(NATSError(status, words, doing: "\(address)"))
        }
    }
}

/// Lets jobs of other threads find a connection that may be gone.
private final class WeakConnection {
    weak var connection: NATSConnection?
}
