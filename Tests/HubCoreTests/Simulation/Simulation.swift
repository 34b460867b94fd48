// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import HubWire
import Testing

/// A hub and its model, which are told the same things by chance and must stay alike.
///
/// Each round is of one sort: publications to one topic, pushes, answers, sockets. Within a round the order in which a
/// client's messages reach its queue is then settled by the specification alone, whatever is batched inside.
struct Simulation {
    private let seed: UInt64
    private let hub: HubHarness
    private let settings: HubSettings
    private var random: SplitMix64
    private var model: HubModel
    private let names: [TopicName]
    private let outcomes = Outcomes()
    private var pushes = 0
    private var messages = 0
    /// What was done last, for the report of a failure.
    private var steps: [String] = []
    private(set) var failure: String?

    init(seed: UInt64, shards: Int, policy: SlowClientPolicy) throws {
        self.seed = seed
        var random = SplitMix64(seed: seed)
        var settings = HubSettings()
        settings.queue = QueueLimits(
            messages: Int.random(in: 1...14, using: &random),
            bytes: Int.random(in: 1...700, using: &random)
        )
        settings.slowClientPolicy = policy
        self.settings = settings
        hub = HubHarness(shards: shards, settings: settings)
        model = HubModel(shards: shards, settings: settings)
        names = try ["a", "b", "c"].map { try TopicName($0) }
        self.random = random
    }

    /// Runs until the end or the first difference.
    mutating func run(rounds: Int) {
        for round in 0..<rounds where failure == nil {
            note("— round \(round)")
            while hub.clients.count(where: \.isAttached) < 6 { connect() }
            switch Int.random(in: 0..<10, using: &random) {
            case 0...3: publishRound()
            case 4, 5: pushRound()
            case 6: replyRound()
            case 7: unicastRound()
            default: socketRound()
            }
            hub.clock.advance(by: .milliseconds(Int.random(in: 0...50, using: &random)))
            hub.tick()
            model.tick()
            compare(thoroughly: round % 20 == 0)
        }
        finish()
    }

    // MARK: Rounds

    /// Everything about one topic, with comings and goings between.
    private mutating func publishRound() {
        let topic = Int.random(in: 0..<5, using: &random)
        let name = topic < 3 ? names[topic] : .broadcast
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            switch Int.random(in: 0..<20, using: &random) {
            case 0...9: publish(to: name)
            case 10...12: publishThroughHub(to: name)
            case 13...15: subscribe()
            case 16, 17: unsubscribe()
            case 18: connect()
            default: vanish()
            }
        }
    }

    private mutating func pushRound() {
        for _ in 0..<Int.random(in: 1...20, using: &random) {
            if Int.random(in: 0..<40, using: &random) == 0 { disconnect() } else { push() }
        }
    }

    private mutating func replyRound() {
        for _ in 0..<Int.random(in: 1...10, using: &random) {
            guard let client = registered() else { return }
            if Int.random(in: 0..<5, using: &random) == 0 {
                note("\(client) gets a ping")
                [UInt8](arrayLiteral: 1, 2).withUnsafeBytes {
                    hub.clients[client].shard.control(9, $0, to: hub.clients[client].client)
                }
                model.control(.ping([1, 2]), to: client)
            } else {
                messages += 1
                let data = "\"\(text())\""
                note("\(client) asks \(messages), \(data.utf8.count) bytes")
                hub.clients[client].send(#"{"message_id":\#(messages),"message_type":"ping","data":\#(data)}"#)
                let time = hub.hub.unixMilliseconds()
                model.reply(
                    #"{"message_id":\#(messages),"message_type":"pong","data":\#(data),"ts":\#(time)}"#,
                    to: client
                )
            }
        }
    }

    private mutating func unicastRound() {
        for _ in 0..<Int.random(in: 1...15, using: &random) {
            guard let client = anyone() else { return }
            let text = text()
            let target = hub.clients[client]
            let found = Array(text.utf8).withUnsafeBytes { bytes -> HubError? in
                do throws(HubError) {
                    try target.shard.unicast(bytes, to: target.id, from: target.client, ingress: 0)
                    return nil
                } catch {
                    return error
                }
            }
            note("unicast \(text.utf8.count) bytes to \(client): \(found?.code.rawValue ?? "taken")")
            expect(found, model.unicast(text, to: client), "unicast")
        }
    }

    private mutating func socketRound() {
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            guard let client = anyone(), hub.clients[client].isAttached else { continue }
            let target = hub.clients[client]
            switch Int.random(in: 0..<12, using: &random) {
            case 0...4:
                let room = Int.random(in: 0...400, using: &random)
                note("\(client) takes \(room) more bytes")
                target.block(after: room)
                model.setSocket(client, room: room, isBroken: target.transport.isBroken)
            case 5...7:
                let room = Int.random(in: 0...300, using: &random)
                note("\(client) can be written, \(room) bytes")
                model.setSocket(client, room: room, isBroken: target.transport.isBroken)
                model.socketWritable(client)
                target.unblock(room)
            case 8...10:
                note("\(client) can be written")
                model.setSocket(client, room: nil, isBroken: target.transport.isBroken)
                model.socketWritable(client)
                target.unblock()
            default:
                note("\(client) breaks")
                target.transport.isBroken = true
                model.setSocket(client, room: target.transport.room, isBroken: true)
            }
        }
        if Int.random(in: 0..<4, using: &random) == 0 { vanish() }
    }

    // MARK: Steps

    private mutating func connect() {
        let shard = Int.random(in: 0..<hub.shards.count, using: &random)
        note("\(hub.clients.count) connects to \(shard)")
        _ = hub.connect(to: shard)
        model.connect(to: shard)
    }

    private mutating func vanish() {
        guard let client = anyone(), hub.clients[client].isAttached else { return }
        note("\(client) vanishes")
        hub.clients[client].vanish()
        model.vanish(client)
    }

    private mutating func subscribe() {
        guard let client = registered(), let topic = names.randomElement(using: &random) else { return }
        note("\(client) subscribes to \(topic)")
        do throws(HubError) { try hub.clients[client].subscribe(topic) } catch { fail("subscribe threw \(error)") }
        model.subscribe(client, to: topic.text)
    }

    private mutating func unsubscribe() {
        guard let client = registered(), let topic = names.randomElement(using: &random) else { return }
        note("\(client) unsubscribes from \(topic)")
        hub.clients[client].unsubscribe(topic)
        model.unsubscribe(client, from: topic.text)
    }

    private mutating func publish(to topic: TopicName) {
        guard let client = registered() else { return }
        let echo = Bool.random(using: &random)
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let text = text()
            note("\(client) publishes \(text.utf8.count) bytes to \(topic)\(echo ? "" : " without echo")")
            hub.clients[client].publish(text, to: topic, echo: echo)
            model.publish(text, to: topic.text, by: client, echo: echo)
        }
    }

    private mutating func publishThroughHub(to topic: TopicName) {
        let text = text()
        note("\(text.utf8.count) bytes are published to \(topic)")
        do throws(HubError) { try hub.hub.publish(Frame(text), to: topic.text) } catch {
            fail("publish threw \(error)")
        }
        model.publish(text, to: topic.text)
    }

    private mutating func push() {
        guard let client = anyone() else { return }
        let text = text()
        pushes += 1
        let number = Bool.random(using: &random) ? pushes : nil
        var found: HubError?
        do throws(HubError) {
            try hub.hub.push(Frame(text), to: hub.clients[client].id, completion: number.map { outcomes.recorder($0) })
        } catch {
            found = error
        }
        note("push \(pushes) of \(text.utf8.count) bytes to \(client): \(found?.code.rawValue ?? "taken")")
        expect(found, model.push(text, to: client, push: number), "push")
    }

    private mutating func disconnect() {
        guard let client = anyone() else { return }
        let reason: CloseReason = Bool.random(using: &random) ? .kicked : .abnormal
        note("\(client) is disconnected, \(reason)")
        var found: HubError?
        do throws(HubError) { try hub.hub.disconnect(hub.clients[client].id, reason) } catch { found = error }
        expect(found, model.disconnect(client, reason), "disconnect")
    }

    // MARK: Chance

    /// A text unlike all others, mostly short, now and then longer than a queue may be.
    private mutating func text() -> String {
        messages += 1
        let padding =
            switch Int.random(in: 0..<1_000, using: &random) {
            case 0: 70_000
            case 1...50: Int.random(in: 100...900, using: &random)
            default: Int.random(in: 0...50, using: &random)
            }
        return "\(messages)" + String(repeating: "x", count: padding)
    }

    /// Someone of the last to come, who may be gone.
    private mutating func anyone() -> Int? { hub.clients.indices.suffix(12).randomElement(using: &random) }

    private mutating func registered() -> Int? {
        hub.clients.indices.suffix(24).filter { hub.clients[$0].client.isRegistered }.randomElement(using: &random)
    }

    // MARK: Comparing

    private mutating func expect(_ found: HubError?, _ expected: HubError?, _ what: String) {
        if found != expected { fail("\(what): expected \(expected?.code as Any), found \(found?.code as Any)") }
    }

    private mutating func compare(thoroughly: Bool) {
        for client in hub.clients.indices.suffix(thoroughly ? .max : 40) {
            let (found, expected) = (hub.clients[client].take(), model.take(client))
            if found != expected { return fail("client \(client) got \(found), expected \(expected)") }
            if let fault = hub.clients[client].transport.fault { return fail("client \(client) read \(fault)") }
            if hub.clients[client].isAttached != model.clients[client].isAttached {
                return fail("client \(client) is attached: \(hub.clients[client].isAttached)")
            }
        }
        var sum = ShardSnapshot()
        for shard in hub.shards {
            let snapshot = shard.snapshot()
            if snapshot.residual != 0 { return fail("residual of shard \(shard.index) is \(snapshot.residual)") }
            sum.add(snapshot)
        }
        if let difference = model.difference(to: sum) { return fail(difference) }
        for code in [HubError.Code.clientNotFound, .sendBufferFull] {
            let (found, expected) = (hub.hub.refusedPushes(code), model.refused[code] ?? 0)
            if found != expected { return fail("\(expected) refused for \(code), found \(found)") }
        }
        guard thoroughly else { return }
        if let difference = model.books.difference(to: sum) { return fail(difference) }
        if outcomes.all != model.books.outcomes { return fail("completions differ") }
        if let imbalance = hub.imbalance() { fail(imbalance) }
    }

    /// Everyone goes: what was promised is answered, and nothing is left.
    private mutating func finish() {
        guard failure == nil else { return }
        note("— end")
        for client in hub.clients.indices where hub.clients[client].isAttached {
            hub.clients[client].vanish()
            model.vanish(client)
        }
        hub.tick()
        model.tick()
        compare(thoroughly: true)
        if let left = hub.leftovers() { fail(left) }
    }

    private mutating func note(_ step: String) {
        steps.append(step)
        if steps.count > 400 { steps.removeFirst(300) }
    }

    private mutating func fail(_ reason: String) {
        guard failure == nil else { return }
        failure = """
            seed \(seed), \(hub.shards.count) shards, \(settings.slowClientPolicy), \(settings.queue)
            \(steps.suffix(60).joined(separator: "\n"))
            \(reason)
            """
    }
}
