// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubCore
import HubLog
package import HubLoop
import HubMetrics
import HubWire

/// One loop's share of the server: its listeners, connections and shard.
///
/// Belongs to its loop's thread; other threads reach it by ``EventLoop/post(_:)``.
package final class Worker {
    /// The loop that it runs on.
    package let loop: EventLoop
    /// The part of the hub that its connections are clients of.
    package let shard: Shard
    let common: ServerCommon
    let counts: UnsafeMutablePointer<WorkerCounts>
    /// What sockets are read into; one buffer for all, as a tick reads them one after the other.
    ///
    /// Its size is the most that one read takes, and what a connection may hold when its turn ends early.
    let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 * 1024, alignment: 16)

    var listeners: [ListenSocket] = []
    var adminListeners: [ListenSocket] = []
    /// Connections of the operators' own listener.
    private(set) var operatorCount = 0
    private var httpConnections: [ObjectIdentifier: HTTPConnection] = [:]
    private var webSockets: [ObjectIdentifier: WebSocketConnection] = [:]
    /// Connections that end once their queue is written.
    private var finishing: [WebSocketConnection] = []
    /// Connections that owe a pong which was not sent at once.
    private var owingPongs: [WebSocketConnection] = []
    /// Connections with a message that has not arrived whole.
    private var unfinished: [ObjectIdentifier: WebSocketConnection] = [:]
    private var answers: [UInt64: HTTPConnection] = [:]
    private var nextAnswer: UInt64 = 0
    private(set) lazy var tidying = LoopTimer { [unowned self] in tidy() }
    private(set) var drain: Drain?
    /// Tells other threads that the loop turns.
    let beat: LoopBeat
    /// Nil where nobody counts canaries.
    var canarySender: CanarySender?
    private var schedule: DrainSchedule?
    private var isDrained = false

    init(loop: EventLoop, shard: Shard, common: ServerCommon) {
        self.loop = loop
        self.shard = shard
        self.common = common
        beat = LoopBeat(loop)
        counts = .allocate(capacity: 1)
        counts.initialize(to: WorkerCounts(routes: common.labels.all.count))
    }

    deinit {
        counts.deinitialize(count: 1)
        counts.deallocate()
        readBuffer.deallocate()
    }

    /// The time of the tick's present part, monotonic nanoseconds.
    var now: UInt64 { loop.now.nanoseconds }
    /// The tick's begin: what came later, nobody could have read.
    var polled: UInt64 { loop.polled.nanoseconds }

    /// Ends a tick: the hub's part first, then the connections that were waiting for their last bytes.
    ///
    /// What there is no time for is done in the next tick, which follows at once.
    func tick() {
        for connection in owingPongs { connection.sendOwedPong() }
        owingPongs.removeAll(keepingCapacity: owingPongs.count <= 1024)
        let hasMore = shard.tick(until: loop.sliceEnd.nanoseconds)
        if hasMore { loop.wake() }
        if !finishing.isEmpty {
            let connections = finishing
            finishing = []
            for connection in connections where !connection.finishIfFlushed() { finishing.append(connection) }
        }
        if let drain, webSockets.isEmpty, !isDrained, !awaitsAnswers {
            isDrained = true
            schedule?.stop()
            drain.workerIsDone()
        }
    }

    // MARK: HTTP connections

    func remember(_ connection: HTTPConnection) {
        httpConnections[ObjectIdentifier(connection)] = connection
        if connection.isOperator { operatorCount += 1 }
    }

    func forget(_ connection: HTTPConnection) {
        httpConnections[ObjectIdentifier(connection)] = nil
        if let place = connection.place { common.limiter.release(place) }
        if connection.isOperator { operatorCount -= 1 }
    }

    // MARK: WebSockets

    func adopt(_ connection: WebSocketConnection) {
        webSockets[ObjectIdentifier(connection)] = connection
        counts.pointee.opened += 1
        common.limiter.webSocketOpened()
    }

    func forget(_ connection: WebSocketConnection) {
        webSockets[ObjectIdentifier(connection)] = nil
        common.limiter.webSocketClosed()
        common.limiter.release(ConnectionPlace(owner: connection.owner, isRefused: false))
        drain?.report(worker: loop.index, open: webSockets.count)
    }

    func finishAtTick(_ connection: WebSocketConnection) { finishing.append(connection) }

    func owePong(_ connection: WebSocketConnection) { owingPongs.append(connection) }

    /// Notes that a connection has a message which has not arrived whole, or has not any more.
    func noteUnfinished(_ connection: WebSocketConnection, _ isUnfinished: Bool) {
        if isUnfinished {
            unfinished[ObjectIdentifier(connection)] = connection
        } else if !unfinished.isEmpty {
            unfinished[ObjectIdentifier(connection)] = nil
        }
    }

    // MARK: Answers that come later

    func expectAnswer(for connection: HTTPConnection) -> UInt64 {
        nextAnswer += 1
        answers[nextAnswer] = connection
        return nextAnswer
    }

    func answer(_ number: UInt64, _ answer: HTTPAnswer) {
        answers.removeValue(forKey: number)?.send(answer)
    }

    func dropAnswer(_ number: UInt64) { answers[number] = nil }

    // MARK: Ending

    /// Ends some of the clients that are left, as many as there is time for; false when more are left.
    func abortSomeClients() -> Bool {
        for connection in Array(webSockets.values.prefix(1024)) {
            connection.abort(.drain)
            guard loop.hasTimeLeft() else { break }
        }
        return webSockets.isEmpty
    }

    /// Whether the drain waits for answers to requests that came before the listener closed.
    private var awaitsAnswers: Bool {
        guard let schedule, schedule.awaitsAnswers else { return false }
        return httpConnections.values.contains { $0.isAnswerOwed }
    }

    /// Begins a drain later; a stop comes first if it does.
    func startDrain(after delay: Duration, _ begin: @escaping () -> Void) {
        loop.schedule(LoopTimer(begin), after: delay)
    }

    /// Tells every client that the hub is draining, then closes them one after the other.
    func drain(_ drain: Drain) {
        guard self.drain == nil else { return }
        self.drain = drain
        stopListening()
        let clients = Array(webSockets.values)
        drain.report(worker: loop.index, open: clients.count)
        schedule = DrainSchedule(worker: self, connections: clients, drain: drain)
        schedule?.start()
        loop.wake()
    }

    /// Ends everything at once; the loop can stop then.
    func endAll() {
        schedule?.stop()
        stopListening()
        for listener in adminListeners { listener.close() }
        adminListeners = []
        while !abortSomeClients() {}
        for connection in Array(httpConnections.values) { connection.close() }
    }

    // MARK: Telling

    func snapshot() -> WorkerSnapshot {
        var snapshot = WorkerSnapshot()
        snapshot.shard = shard.snapshot()
        snapshot.tick = loop.statistics.tick.values
        snapshot.lag = loop.statistics.lag.values
        snapshot.busyNanoseconds = loop.statistics.busyNanoseconds
        snapshot.ticks = loop.statistics.ticks
        snapshot.overruns = loop.statistics.overruns
        snapshot.accepted = counts.pointee.accepted
        snapshot.acceptPauses = counts.pointee.acceptPauses
        snapshot.opened = counts.pointee.opened
        snapshot.closed = counts.pointee.closed
        snapshot.rejected = counts.pointee.rejected
        snapshot.bytesRead = counts.pointee.bytesRead
        snapshot.httpBytesWritten = counts.pointee.httpBytesWritten
        snapshot.connectionDuration = counts.pointee.connectionDuration.values
        snapshot.handshakeAccepted = counts.pointee.handshakeAccepted.values
        snapshot.handshakeRejected = counts.pointee.handshakeRejected.values
        snapshot.pingRoundTrip = counts.pointee.pingRoundTrip.values
        snapshot.webSockets = webSockets.count
        snapshot.unfinishedBytes = unfinished.values.reduce(0) { $0 + $1.unfinishedBytes }
        snapshot.httpConnections = httpConnections.count
        snapshot.awaitedAnswers = answers.count
        snapshot.requestsInFlight = counts.pointee.requestsInFlight
        snapshot.endedReaders = counts.pointee.endedReaders
        snapshot.bodiesRefused = counts.pointee.bodiesRefused
        snapshot.requests = counts.pointee.requests
        snapshot.requestDuration = counts.pointee.requestDuration.map(\.values)
        return snapshot
    }
}
