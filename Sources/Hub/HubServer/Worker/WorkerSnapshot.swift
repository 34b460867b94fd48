// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubCore
package import HubMetrics

/// What one loop says of itself, its connections and its shard at one moment.
package struct WorkerSnapshot: Sendable {
    /// The hub's part.
    package var shard = ShardSnapshot()
    /// The time of the loop's ticks, each and in all.
    package var tick = HistogramValues(.milliseconds)
    /// How late the loop's timers fired.
    package var lag = HistogramValues(.milliseconds)
    package var busyNanoseconds: UInt64 = 0
    package var ticks: UInt64 = 0
    /// Parts of ticks that used up their slice of time.
    package var overruns: UInt64 = 0
    package var accepted: UInt64 = 0
    /// How often accepting paused because descriptors or memory had run out.
    package var acceptPauses: UInt64 = 0
    package var opened: UInt64 = 0
    package var closed = Tally<CloseReason>()
    package var rejected = Tally<RejectionReason>()
    package var bytesRead: UInt64 = 0
    /// Bytes of HTTP answers that sockets took.
    package var httpBytesWritten: UInt64 = 0
    package var connectionDuration = HistogramValues(WorkerCounts.connectionDurations)
    package var handshakeAccepted = HistogramValues(.milliseconds)
    package var handshakeRejected = HistogramValues(.milliseconds)
    package var pingRoundTrip = HistogramValues(.milliseconds)
    /// Connections that are WebSockets, those that are closing included.
    package var webSockets = 0
    /// Bytes of messages that have not arrived whole.
    package var unfinishedBytes = 0
    package var httpConnections = 0
    /// HTTP connections to which a thread owes an answer.
    package var awaitedAnswers = 0
    package var requestsInFlight = 0
    /// Readers of /metrics that were ended because they took no page while others wanted one.
    package var endedReaders: UInt64 = 0
    /// Request bodies that were refused though they broke no rule of the protocol.
    package var bodiesRefused = Tally<BodyRefusal>()
    /// As in ``WorkerCounts``; none in a snapshot of nothing.
    var requests: [UInt64] = []
    var requestDuration: [HistogramValues] = []

    /// A snapshot of nothing.
    package init() {}

    /// How many WebSockets have ended, for whatever reason.
    package var closedCount: UInt64 { CloseReason.allCases.reduce(0) { $0 + closed[$1] } }

    /// How many requests to one of the server's own routes were answered.
    package func requests(_ route: RouteLabel, _ method: MethodLabel, _ status: StatusClass) -> UInt64 {
        let index = WorkerCounts.index(RouteLabels().number(of: route), method, status)
        return requests.indices.contains(index) ? requests[index] : 0
    }

    /// Adds another loop's.
    package mutating func add(_ other: WorkerSnapshot) {
        shard.add(other.shard)
        tick.add(other.tick)
        lag.add(other.lag)
        busyNanoseconds += other.busyNanoseconds
        ticks += other.ticks
        overruns += other.overruns
        accepted += other.accepted
        acceptPauses += other.acceptPauses
        opened += other.opened
        closed.add(other.closed)
        rejected.add(other.rejected)
        bytesRead += other.bytesRead
        httpBytesWritten += other.httpBytesWritten
        connectionDuration.add(other.connectionDuration)
        handshakeAccepted.add(other.handshakeAccepted)
        handshakeRejected.add(other.handshakeRejected)
        pingRoundTrip.add(other.pingRoundTrip)
        webSockets += other.webSockets
        unfinishedBytes += other.unfinishedBytes
        httpConnections += other.httpConnections
        awaitedAnswers += other.awaitedAnswers
        requestsInFlight += other.requestsInFlight
        endedReaders += other.endedReaders
        bodiesRefused.add(other.bodiesRefused)
        // All loops of a server have the same routes.
        if requests.isEmpty {
            requests = other.requests
            requestDuration = other.requestDuration
        } else if !other.requests.isEmpty {
            for index in requests.indices { requests[index] += other.requests[index] }
            for index in requestDuration.indices { requestDuration[index].add(other.requestDuration[index]) }
        }
    }
}
