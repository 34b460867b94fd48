// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting

/// The hub as the specification has it, one message at a time: shards, topics, reservations and a queue for each client.
///
/// Clients are numbered in the order in which they came; topics are plain names, `broadcast` among them.
struct HubModel {
    struct Client {
        let shard: Int
        var queue: QueueModel
        var topics: Set<String> = []
        var isRegistered = true
        var isAttached = true
        /// What pushes reserved that have not landed.
        var reserved = 0
        var reservedBytes = 0
        /// How many received frames were compared already.
        var compared = 0
    }

    private struct Message {
        let text: String
        let excluded: Int?
    }

    private enum Command {
        case publish(String, Message)
        case push(Int, String, push: Int?)
        case disconnect(Int, CloseReason)
    }

    private let settings: HubSettings
    private(set) var clients: [Client] = []
    private var inboxes: [[Command]]
    private var pending: [[String: [Message]]]
    private var marked: [Set<Int>]
    private(set) var refused: [HubError.Code: UInt64] = [:]
    private(set) var subscribes: UInt64 = 0
    private(set) var unsubscribes: UInt64 = 0
    /// What pushes got whose client was gone when they landed.
    private var unlanded = ModelBooks()

    init(shards: Int, settings: HubSettings) {
        self.settings = settings
        inboxes = Array(repeating: [], count: shards)
        pending = Array(repeating: [:], count: shards)
        marked = Array(repeating: [], count: shards)
    }

    // MARK: Coming and going

    mutating func connect(to shard: Int) {
        settle("broadcast", on: shard)
        clients.append(Client(shard: shard, queue: QueueModel(settings)))
    }

    mutating func vanish(_ client: Int) {
        unregister(client)
        clients[client].queue.discard(.closed)
        clients[client].isAttached = false
    }

    private mutating func unregister(_ client: Int) {
        guard clients[client].isRegistered else { return }
        settleAll(on: clients[client].shard)
        clients[client].isRegistered = false
        clients[client].topics = []
    }

    mutating func subscribe(_ client: Int, to topic: String) {
        settle(topic, on: clients[client].shard)
        if clients[client].topics.insert(topic).inserted { subscribes += 1 }
    }

    mutating func unsubscribe(_ client: Int, from topic: String) {
        settle(topic, on: clients[client].shard)
        if clients[client].topics.remove(topic) != nil { unsubscribes += 1 }
    }

    // MARK: Messages

    /// A client publishes.
    mutating func publish(_ text: String, to topic: String, by client: Int, echo: Bool) {
        let message = Message(text: text, excluded: echo ? nil : client)
        append(message, to: topic, on: clients[client].shard)
        for shard in inboxes.indices where shard != clients[client].shard && hasReceivers(of: topic, on: shard) {
            inboxes[shard].append(.publish(topic, message))
        }
    }

    /// Whether a shard is told of what is published to a topic on another one.
    private func hasReceivers(of topic: String, on shard: Int) -> Bool {
        topic == "broadcast" || clients.contains { $0.shard == shard && $0.topics.contains(topic) }
    }

    /// Someone publishes through the hub.
    mutating func publish(_ text: String, to topic: String) {
        for shard in inboxes.indices where inboxes.count == 1 || hasReceivers(of: topic, on: shard) {
            inboxes[shard].append(.publish(topic, Message(text: text, excluded: nil)))
        }
    }

    /// Gives the refusal if there is one.
    mutating func push(_ text: String, to client: Int, push: Int?) -> HubError? {
        guard clients[client].isRegistered else { return refuse(.clientNotFound) }
        let count = QueueModel.Entry(frame: .text(text)).byteCount
        let (messages, bytes) = (clients[client].queue.messages, clients[client].queue.bytes)
        let total = clients[client].reserved + messages + 1
        let fits = clients[client].reservedBytes + bytes + count <= settings.queue.bytes || total == 1
        guard total <= settings.queue.messages, fits else { return refuse(.sendBufferFull) }
        clients[client].reserved += 1
        clients[client].reservedBytes += count
        inboxes[clients[client].shard].append(.push(client, text, push: push))
        return nil
    }

    /// A client sends to another of its shard; gives the refusal if there is one.
    mutating func unicast(_ text: String, to client: Int) -> HubError? {
        guard clients[client].isRegistered else { return refuse(.clientNotFound) }
        let refusal = clients[client].queue.unicast(.text(text))
        noteFate(of: client)
        return refusal.map { refuse($0) }
    }

    mutating func reply(_ text: String, to client: Int) {
        clients[client].queue.enqueue(.text(text), .reply)
        noteFate(of: client)
    }

    mutating func control(_ frame: ReceivedFrame, to client: Int) { clients[client].queue.control(frame) }

    mutating func disconnect(_ client: Int, _ reason: CloseReason) -> HubError? {
        guard clients[client].isRegistered else { return .clientNotFound }
        inboxes[clients[client].shard].append(.disconnect(client, reason))
        return nil
    }

    private mutating func refuse(_ error: HubError) -> HubError {
        refused[error.code, default: 0] += 1
        return error
    }

    // MARK: Sockets

    mutating func setSocket(_ client: Int, room: Int?, isBroken: Bool) {
        clients[client].queue.room = room
        clients[client].queue.isBroken = isBroken
    }

    mutating func socketWritable(_ client: Int) {
        clients[client].queue.socketWritable()
        noteFate(of: client)
    }

    // MARK: The tick

    /// Ticks all shards in order; then once more those that have something left.
    mutating func tick() {
        for shard in inboxes.indices { tick(shard) }
        while let shard = inboxes.firstIndex(where: { !$0.isEmpty }) { tick(shard) }
    }

    private mutating func tick(_ shard: Int) {
        let commands = inboxes[shard]
        inboxes[shard] = []
        for command in commands { run(command, on: shard) }
        settleAll(on: shard)
        for client in clients.indices where clients[client].shard == shard && clients[client].isAttached {
            clients[client].queue.flushIfOpen()
            noteFate(of: client)
        }
        for client in marked[shard] where clients[client].isAttached {
            unregister(client)
            clients[client].isAttached = clients[client].queue.close()
        }
        marked[shard] = []
    }

    private mutating func run(_ command: Command, on shard: Int) {
        switch command {
        case .publish(let topic, let message): append(message, to: topic, on: shard)
        case .push(let client, let text, let push):
            clients[client].reserved -= 1
            clients[client].reservedBytes -= QueueModel.Entry(frame: .text(text)).byteCount
            guard clients[client].isAttached else {
                let entry = QueueModel.Entry(frame: .text(text), scope: .client, push: push)
                unlanded.enqueued[.client, default: 0] += 1
                return unlanded.drop(entry, .closed)
            }
            clients[client].queue.land(.text(text), push: push)
        case .disconnect(let client, let reason):
            guard clients[client].isAttached else { return }
            clients[client].queue.markForClosing(reason)
            noteFate(of: client)
        }
    }

    /// A topic without subscribers keeps nothing for those who come later.
    private mutating func append(_ message: Message, to topic: String, on shard: Int) {
        pending[shard][topic, default: []].append(message)
    }

    private mutating func settleAll(on shard: Int) {
        for topic in pending[shard].keys.sorted() { settle(topic, on: shard) }
    }

    private mutating func settle(_ topic: String, on shard: Int) {
        guard let messages = pending[shard].removeValue(forKey: topic) else { return }
        for client in clients.indices where clients[client].shard == shard && receives(client, topic) {
            for message in messages where message.excluded != client {
                clients[client].queue.enqueue(.text(message.text), topic == "broadcast" ? .broadcast : .topic)
            }
            noteFate(of: client)
        }
    }

    private func receives(_ client: Int, _ topic: String) -> Bool {
        clients[client].isRegistered && (topic == "broadcast" || clients[client].topics.contains(topic))
    }

    private mutating func noteFate(of client: Int) {
        guard clients[client].isAttached, clients[client].isRegistered, clients[client].queue.closeReason != nil else {
            return
        }
        marked[clients[client].shard].insert(client)
    }

    // MARK: What is expected

    var books: ModelBooks {
        var sum = unlanded
        for client in clients { sum.add(client.queue.books) }
        return sum
    }

    /// The frames that a client got since this was last asked.
    mutating func take(_ client: Int) -> [ReceivedFrame] {
        defer { clients[client].compared = clients[client].queue.received.count }
        return Array(clients[client].queue.received[clients[client].compared...])
    }

    /// How the tables of the hub differ, one line each; nil when they do not.
    func difference(to snapshot: ShardSnapshot) -> String? {
        var faults: [String] = []
        func compare(_ name: String, _ expected: Int, _ found: Int) {
            if expected != found { faults.append("\(name): expected \(expected), found \(found)") }
        }
        let attached = clients.filter(\.isAttached)
        compare("attached", attached.count, snapshot.attached)
        compare("registered", attached.count(where: \.isRegistered), snapshot.registered)
        compare("subscriptions", attached.reduce(0) { $0 + $1.topics.count }, snapshot.subscriptions)
        compare(
            "topics",
            Set(attached.flatMap { client in client.topics.map { "\(client.shard) \($0)" } }).count,
            snapshot.topics
        )
        compare("queued messages", attached.reduce(0) { $0 + $1.queue.messages }, snapshot.queuedMessages)
        compare("queued bytes", attached.reduce(0) { $0 + $1.queue.bytes }, snapshot.queuedBytes)
        compare("subscribes", Int(subscribes), Int(snapshot.subscribes))
        compare("unsubscribes", Int(unsubscribes), Int(snapshot.unsubscribes))
        compare("residual", 0, Int(snapshot.residual))
        return faults.isEmpty ? nil : faults.joined(separator: "\n")
    }
}
