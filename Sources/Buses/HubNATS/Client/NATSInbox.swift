// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CNats
import Synchronization

/// Where the library's threads put what has happened on a connection, for the loop to take in batches.
///
/// Any thread may add, and waits for nobody; the loop takes. Messages of the bus lie apart from replies, as the loop takes none
/// while the hub has no room for them.
final class NATSInbox: Sendable {
    /// A message of a subscription, or the end of it.
    ///
    /// `@unchecked`: whoever has it is the only one who does. The library's thread makes it, the inbox keeps it under its lock, and
    /// whoever takes it from there discards it.
    struct Arrival: @unchecked Sendable {
        /// Nil when the library has let go of the subscription, which has to be released then; else it has to be destroyed.
        let message: OpaquePointer?
        let subscription: Unmanaged<NATSSubscription>

        /// Gives back what it holds.
        func discard() {
            if let message { natsMsg_Destroy(message) } else { subscription.release() }
        }
    }

    /// What is no message.
    enum Event: Sendable {
        /// The server, or the library, complains; the connection goes on.
        case complaint(natsStatus, String)
        /// All that was told before a ``NATSFence`` is told.
        case fencePassed
        /// The server has named further servers.
        case discovered
        /// The server is about to end, and has said so.
        case lameDuck
        /// The connection has ended.
        case closed(natsStatus, String)

        /// Whether nothing comes behind it.
        var isEnd: Bool { if case .closed = self { true } else { false } }
    }

    /// What the loop takes; memory that is used again.
    struct Batch: Sendable {
        var messages: [Arrival] = []
        var replies: [Arrival] = []
        var events: [Event] = []
        /// How many messages and complaints found no room.
        var droppedCount: UInt64 = 0
    }

    private struct State {
        var batch = Batch()
        /// Those of the messages that came unasked, of those that were asked for, and of replies.
        var byteCounts = (messages: 0, kept: 0, replies: 0)
        /// The most bytes of messages that were asked for.
        var keptLimit = NATSInbox.requestedLimit
        var isClosed = false
        /// Whether the loop was told of what is here.
        var isTold = false

        /// True for the one who has to tell.
        mutating func tell() -> Bool {
            defer { isTold = true }
            return !isTold
        }
    }

    /// So much a message takes beside its bytes.
    private static let overhead = 256
    /// The most bytes of what the node itself has asked for: it never has so much coming, but anybody may send to where it comes.
    static let requestedLimit = 64 << 20
    /// The most complaints that wait, each of a line of the server's.
    static let complaintLimit = 65_536

    private let state = Mutex(State())
    private let byteLimit: Int
    private let wakeup: @Sendable () -> Void
    /// The descriptor that ``takeSocket()`` is to hand out; -1 when there is none.
    private let socket = Atomic<Int32>(-1)
    /// Whether the library has something to write.
    private let isWriting = Atomic(false)
    /// Whether the library wants to read.
    private let isReading = Atomic(true)

    /// Makes an empty one.
    ///
    /// - Parameter byteLimit: The most bytes of messages; those that are too many are dropped and counted.
    /// - Parameter wakeup: Lets the loop look into it soon; called on any thread, under no lock of this one.
    init(byteLimit: Int, wakeup: @escaping @Sendable () -> Void) {
        self.byteLimit = byteLimit
        self.wakeup = wakeup
    }

    // MARK: The thread that connects

    /// Keeps a descriptor of the connection's socket, which belongs to whoever takes it.
    func setSocket(_ descriptor: Int32) { socket.store(descriptor, ordering: .releasing) }

    /// Hands the descriptor out, once; -1 when there is none.
    func takeSocket() -> Int32 { socket.exchange(-1, ordering: .acquiringAndReleasing) }

    // MARK: The library's threads

    /// Adds a message, or destroys it where there is no room, or nobody any more who would take it.
    func add(_ message: OpaquePointer, of subscription: Unmanaged<NATSSubscription>, in lane: NATSSubscription.Lane) {
        let arrival = Arrival(message: message, subscription: subscription)
        let size = Int(natsMsg_GetDataLength(message)) + Self.overhead
        let (isTaken, mustTell) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            let hasRoom =
                switch lane {
                case .messages: Self.claim(size, of: byteLimit, &state.byteCounts.messages)
                case .kept: Self.claim(size, of: state.keptLimit, &state.byteCounts.kept)
                case .replies, .fence: Self.claim(size, of: Self.requestedLimit, &state.byteCounts.replies)
                }
            if !hasRoom {
                state.batch.droppedCount += 1
            } else if lane == .replies || lane == .fence {
                state.batch.replies.append(arrival)
            } else {
                state.batch.messages.append(arrival)
            }
            return (hasRoom, state.tell())
        }
        if !isTaken { natsMsg_Destroy(message) }
        if mustTell { wakeup() }
    }

    /// Counts bytes that there is room for; false when there is none.
    private static func claim(_ size: Int, of limit: Int, _ count: inout Int) -> Bool {
        guard count + size <= limit else { return false }
        count += size
        return true
    }

    /// Takes a subscription back from the library, behind its messages.
    func complete(_ subscription: Unmanaged<NATSSubscription>, in lane: NATSSubscription.Lane) {
        let arrival = Arrival(message: nil, subscription: subscription)
        let (isTaken, mustTell) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            switch lane {
            case .replies, .fence: state.batch.replies.append(arrival)
            case .messages, .kept: state.batch.messages.append(arrival)
            }
            return (true, state.tell())
        }
        if !isTaken { subscription.release() }
        if mustTell { wakeup() }
    }

    /// Adds what is no message.
    func add(_ event: Event) {
        let mustTell = state.withLock { state in
            guard !state.isClosed else { return false }
            // Whoever is refused so much is refused everything.
            if case .complaint = event, state.batch.events.count >= Self.complaintLimit {
                state.batch.droppedCount += 1
                return state.tell()
            }
            state.batch.events.append(event)
            return state.tell()
        }
        if mustTell { wakeup() }
    }

    /// The library has something to write, or nothing any more.
    func setWriting(_ isWriting: Bool) {
        if !self.isWriting.exchange(isWriting, ordering: .acquiringAndReleasing), isWriting { wakeup() }
    }

    /// The library reads, or does so no more.
    func setReading(_ isReading: Bool) { self.isReading.store(isReading, ordering: .releasing) }

    // MARK: The loop

    /// Whether the library wants to read.
    var wantsToRead: Bool { isReading.load(ordering: .acquiring) }

    /// Whether the library has something to write.
    var wantsToWrite: Bool { isWriting.load(ordering: .acquiring) }

    /// Takes all that has come.
    ///
    /// - Parameter batch: Empty, but for messages that there was no room for; then none are taken.
    func take(into batch: inout Batch) {
        let hasRoom = batch.messages.isEmpty
        state.withLock { state in
            state.isTold = false
            state.byteCounts.replies = 0
            swap(&batch.replies, &state.batch.replies)
            swap(&batch.events, &state.batch.events)
            (batch.droppedCount, state.batch.droppedCount) = (state.batch.droppedCount, 0)
            guard hasRoom else { return }
            swap(&batch.messages, &state.batch.messages)
            state.byteCounts = (0, 0, 0)
        }
    }

    /// Lets more bytes of what was asked for wait, where one message may have many.
    func allowKept(_ byteCount: Int) { state.withLock { $0.keptLimit = max(Self.requestedLimit, byteCount) } }

    /// Lets the loop look into it once more.
    func tell() {
        if state.withLock({ $0.tell() }) { wakeup() }
    }

    /// Whether messages wait here.
    var hasMessages: Bool { state.withLock { !$0.batch.messages.isEmpty } }

    /// Calls a function with each message of a subscription that is here; the library's threads wait for that.
    func forEachMessage(of subscription: NATSSubscription, _ body: (OpaquePointer) -> Void) {
        let subscription = Unmanaged.passUnretained(subscription).toOpaque()
        state.withLock { state in
            for arrival in state.batch.messages where arrival.subscription.toOpaque() == subscription {
                if let message = arrival.message { body(message) }
            }
        }
    }

    /// Takes nothing more, and gives back what is here.
    func close() {
        let batch = state.withLock { state in
            state.isClosed = true
            defer { state.batch = Batch() }
            return state.batch
        }
        batch.discard()
    }
}

extension NATSInbox.Batch {
    /// Gives back what it holds.
    func discard() {
        for arrival in messages { arrival.discard() }
        for arrival in replies { arrival.discard() }
    }
}
