// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubMetrics

/// The families of connections: open, opened, closed and why, rejected and why, how long.
struct ConnectionMetrics: Sendable {
    private let open: Gauge
    private let limit: Gauge
    private let peak: Gauge
    private let accepted: Counter
    private let opened: Counter
    private let closed: Family<Counter, CloseReason>
    private let rejected: Family<Counter, RejectionReason>
    private let acceptPauses: Counter
    private let duration: Histogram
    private let handshake: Family<Histogram, HandshakeResult>
    private let pingRoundTrip: Histogram
    private let bytesRead: Counter
    private let unfinished: Gauge
    private let bytesWritten: Counter

    init(_ registry: Registry) {
        let clients = Shown.dashboard(.clientsAndNode)
        let overview = Shown.dashboard(.overview)
        open = registry.gauge(
            "gohub_connections",
            help: "WebSocket connections, counted in the tables.",
            shown: overview
        )
        limit = registry.gauge(
            "gohub_connection_limit",
            help: "How many connections of clients the node takes, WebSockets and others.",
            shown: overview
        )
        peak = registry.gauge(
            "gohub_connections_peak",
            help: "The most WebSockets open at once since the start.",
            shown: clients
        )
        accepted = registry.counter(
            "gohub_connections_accepted_total",
            help: "TCP connections accepted, of clients and operators.",
            shown: clients
        )
        opened = registry.counter("gohub_connections_opened_total", help: "WebSockets opened.", shown: overview)
        closed = registry.counter(
            "gohub_connections_closed_total",
            help: """
                WebSockets ended, by the reason. application: the client closed with a code from 3000 to 4999; abnormal: \
                it ended the stream without a close frame; read_error, write_error: the network broke it, or a reset did.
                """,
            by: CloseReason.self,
            where: \.isInUse,
            shown: overview
        )
        rejected = registry.counter(
            "gohub_connections_rejected_total",
            help: """
                Connections turned away before they were WebSockets; silent: not a byte came within header_timeout, \
                aborted: broken or ended by the peer before its request was answered.
                """,
            by: RejectionReason.self,
            shown: clients
        )
        acceptPauses = registry.counter(
            "gohub_accept_pauses_total",
            help: "Times that a listener rested for 100 ms because descriptors or memory had run out.",
            shown: clients
        )
        duration = registry.histogram(
            "gohub_connection_duration_seconds",
            help: "How long WebSockets that ended had been open.",
            buckets: WorkerCounts.connectionDurations,
            shown: clients
        )
        handshake = registry.histogram(
            "gohub_handshake_duration_seconds",
            help: "Time from the last byte of an upgrade request to its answer.",
            by: HandshakeResult.self,
            buckets: .milliseconds,
            shown: clients
        )
        pingRoundTrip = registry.histogram(
            "gohub_ping_rtt_seconds",
            help: "Time from a ping of the hub to its pong.",
            buckets: .milliseconds,
            shown: .dashboard(.delivery)
        )
        unfinished = registry.gauge(
            "gohub_unfinished_message_bytes",
            help: "Memory for messages that have not arrived whole, or wait for their client's turn.",
            shown: clients
        )
        bytesRead = registry.counter(
            "gohub_socket_read_bytes_total",
            help: "Bytes read from sockets, of WebSockets and HTTP.",
            shown: clients
        )
        bytesWritten = registry.counter(
            "gohub_socket_written_bytes_total",
            help: "Bytes that sockets took, of WebSockets and HTTP.",
            shown: .dashboard(.delivery)
        )
    }

    func publish(_ snapshot: WorkerSnapshot, limiter: ConnectionLimiter, limit: Int) {
        open.set(snapshot.shard.attached)
        self.limit.set(limit)
        peak.set(limiter.peak)
        accepted.publish(snapshot.accepted)
        opened.publish(snapshot.opened)
        for reason in CloseReason.allCases { closed[reason].publish(snapshot.closed[reason]) }
        for reason in RejectionReason.allCases { rejected[reason].publish(snapshot.rejected[reason]) }
        acceptPauses.publish(snapshot.acceptPauses)
        duration.publish(snapshot.connectionDuration)
        handshake[.accepted].publish(snapshot.handshakeAccepted)
        handshake[.rejected].publish(snapshot.handshakeRejected)
        pingRoundTrip.publish(snapshot.pingRoundTrip)
        bytesRead.publish(snapshot.bytesRead)
        unfinished.set(snapshot.unfinishedBytes)
        bytesWritten.publish(snapshot.shard.bytesWritten + snapshot.httpBytesWritten)
    }
}

/// How an upgrade request was answered.
enum HandshakeResult: String, MetricLabel {
    case accepted = "ok"
    case rejected

    static let labelName = "result"
}
