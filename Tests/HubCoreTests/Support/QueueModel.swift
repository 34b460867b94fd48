// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting

/// One client's queue and socket as the specification has them, a message at a time: the oracle of the real ones.
///
/// It knows nothing of batches, slices or ticks, only of what happens to one message after the other.
struct QueueModel {
    struct Entry {
        var frame: ReceivedFrame
        /// nil is a control frame.
        var scope: DeliveryScope?
        /// The number of the push whose completion it has.
        var push: Int?

        /// What it takes on the wire.
        var byteCount: Int {
            let count =
                switch frame {
                case .text(let text): text.utf8.count
                case .binary(let bytes), .ping(let bytes), .pong(let bytes): bytes.count
                case .close(let code, let reason): (code == nil ? 0 : 2) + reason.utf8.count
                }
            return count + (count < 126 ? 2 : count < 65_536 ? 4 : 10)
        }
    }

    let limits: QueueLimits
    let policy: SlowClientPolicy

    private(set) var entries: [Entry] = []
    /// How many bytes of the first entry are on the wire.
    private(set) var sent = 0
    var room: Int?
    var isBroken = false
    private(set) var isBlocked = false
    private(set) var closeReason: CloseReason?

    private(set) var received: [ReceivedFrame] = []
    private(set) var books = ModelBooks()

    init(_ settings: HubSettings) {
        limits = settings.queue
        policy = settings.slowClientPolicy
    }

    var messages: Int { entries.count { $0.scope != nil } }
    var bytes: Int { entries.reduce(0) { $0 + $1.byteCount } - sent }

    // MARK: In

    /// A delivery of fan-out, or a reply.
    mutating func enqueue(_ frame: ReceivedFrame, _ scope: DeliveryScope) {
        let entry = Entry(frame: frame, scope: scope)
        books.enqueued[scope, default: 0] += 1
        while true {
            if closeReason != nil { return books.drop(entry, .closed) }
            if fits(entry.byteCount) { return entries.append(entry) }
            if !isBlocked {
                flush()
            } else if !makeRoom(for: entry) {
                return
            }
        }
    }

    /// A push, whose room was reserved.
    mutating func land(_ frame: ReceivedFrame, push: Int?) {
        let entry = Entry(frame: frame, scope: .client, push: push)
        books.enqueued[.client, default: 0] += 1
        if closeReason != nil { books.drop(entry, .closed) } else { entries.append(entry) }
    }

    /// A unicast of a client on the same loop; gives the refusal if there is one.
    mutating func unicast(_ frame: ReceivedFrame) -> HubError? {
        let entry = Entry(frame: frame, scope: .client)
        if !fits(entry.byteCount), !isBlocked, closeReason == nil { flush() }
        if closeReason != nil { return .clientNotFound }
        if !fits(entry.byteCount) { return .sendBufferFull }
        books.enqueued[.client, default: 0] += 1
        entries.append(entry)
        return nil
    }

    mutating func control(_ frame: ReceivedFrame) { entries.append(Entry(frame: frame, scope: nil)) }

    private func fits(_ byteCount: Int) -> Bool {
        messages < limits.messages && (bytes + byteCount <= limits.bytes || entries.isEmpty)
    }

    /// Applies the slow-client policy; false when the message is dealt with.
    private mutating func makeRoom(for entry: Entry) -> Bool {
        let reason: DropReason = messages >= limits.messages ? .queueMessages : .queueBytes
        switch policy {
        case .disconnect:
            books.slowDisconnects += 1
            books.drop(entry, reason)
            closeReason = .slow
            return false
        case .dropNewest:
            books.slowDrops += 1
            books.drop(entry, reason)
            return false
        case .dropOldest:
            books.slowDrops += 1
            let oldest = entries.indices.first { entries[$0].scope != nil && ($0 > 0 || sent == 0) }
            guard let oldest else {
                books.drop(entry, reason)
                return false
            }
            books.drop(entries.remove(at: oldest), reason, .sendBufferFull)
            return true
        }
    }

    // MARK: Out

    /// What happens at the end of a tick in which something was queued.
    mutating func flushIfOpen() { if !isBlocked { flush() } }

    mutating func socketWritable() {
        guard isBlocked else { return }
        isBlocked = false
        flush()
    }

    private mutating func flush() {
        guard !entries.isEmpty else { return }
        guard !isBroken else { return markForClosing(.writeError) }
        var taken = min(bytes, room ?? bytes)
        room = room.map { $0 - taken }
        while let first = entries.first, taken >= first.byteCount - sent {
            taken -= first.byteCount - sent
            sent = 0
            entries.removeFirst()
            received.append(first.frame)
            books.write(first)
        }
        sent += taken
        isBlocked = !entries.isEmpty
    }

    // MARK: Ending

    mutating func markForClosing(_ reason: CloseReason) { if closeReason == nil { closeReason = reason } }

    /// What the end of the tick does with a marked client; false when the connection is gone with it.
    mutating func close() -> Bool {
        guard let closeReason else { return true }
        if closeReason == .slow { discardUnbegun() }
        guard let code = closeReason.closeCode else {
            discard(closeReason == .writeError ? .writeError : .closed)
            return false
        }
        control(.close(code, closeReason.text))
        flushIfOpen()
        return true
    }

    mutating func discard(_ reason: DropReason) {
        for entry in entries { books.drop(entry, reason) }
        entries = []
        sent = 0
    }

    private mutating func discardUnbegun() {
        let kept = sent > 0 ? entries.prefix(1) : []
        for entry in entries.dropFirst(kept.count) { books.drop(entry, .closed) }
        entries = Array(kept)
    }
}

/// What the model expects in the books.
struct ModelBooks {
    var enqueued: [DeliveryScope: UInt64] = [:]
    var written: [DeliveryScope: UInt64] = [:]
    var dropped: [DeliveryScope: [DropReason: UInt64]] = [:]
    var slowDrops: UInt64 = 0
    var slowDisconnects: UInt64 = 0
    /// How each push with a completion ended, in order.
    var outcomes: [Int: [HubError?]] = [:]

    mutating func write(_ entry: QueueModel.Entry) {
        guard let scope = entry.scope else { return }
        written[scope, default: 0] += 1
        if let push = entry.push { outcomes[push, default: []].append(nil) }
    }

    mutating func drop(_ entry: QueueModel.Entry, _ reason: DropReason, _ error: HubError = .connectionClosed) {
        guard let scope = entry.scope else { return }
        dropped[scope, default: [:]][reason, default: 0] += 1
        if let push = entry.push { outcomes[push, default: []].append(error) }
    }

    mutating func add(_ other: ModelBooks) {
        enqueued.merge(other.enqueued, uniquingKeysWith: +)
        written.merge(other.written, uniquingKeysWith: +)
        dropped.merge(other.dropped) { $0.merging($1, uniquingKeysWith: +) }
        slowDrops += other.slowDrops
        slowDisconnects += other.slowDisconnects
        outcomes.merge(other.outcomes, uniquingKeysWith: +)
    }

    /// How the real books differ, one line each; nil when they do not.
    ///
    /// What was lost with its connection is compared as one sum: whether a message reached the queue before the write
    /// that failed depends on how many messages are handed over at once.
    func difference(to snapshot: ShardSnapshot) -> String? {
        var faults: [String] = []
        func compare(_ name: String, _ expected: UInt64, _ found: UInt64) {
            if expected != found { faults.append("\(name): expected \(expected), found \(found)") }
        }
        for scope in DeliveryScope.allCases {
            compare("enqueued \(scope)", enqueued[scope] ?? 0, snapshot.ledger.enqueued(scope))
            compare("written \(scope)", written[scope] ?? 0, snapshot.ledger.written(scope))
            let drops = dropped[scope] ?? [:]
            for reason in [DropReason.queueMessages, .queueBytes] {
                compare("dropped \(scope) \(reason)", drops[reason] ?? 0, snapshot.ledger.dropped(scope, reason))
            }
            compare(
                "dropped \(scope) closed or writeError",
                (drops[.closed] ?? 0) + (drops[.writeError] ?? 0),
                snapshot.ledger.dropped(scope, .closed) + snapshot.ledger.dropped(scope, .writeError)
            )
        }
        compare("slow drops", slowDrops, snapshot.slowDrops)
        compare("slow disconnects", slowDisconnects, snapshot.slowDisconnects)
        return faults.isEmpty ? nil : faults.joined(separator: "\n")
    }
}
