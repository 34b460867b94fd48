// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubMetrics

/// The families of deliveries: what was queued, written, dropped, how long it took, and that the books balance.
package struct DeliveryMetrics: Sendable {
    private let deliveries: Family<Counter, DeliveryScope>
    private let written: Family<Counter, DeliveryScope>
    private let dropped: Family2<Counter, DeliveryScope, DropReason>
    private let residual: Gauge
    private let writtenBytes: Family<Counter, DeliveryScope>
    private let latency: Family2<Histogram, LatencyStage, DeliveryScope>
    private let recipients: Family<Histogram, PublishScope>
    private let duration: Family<Histogram, PublishScope>
    private let queuedMessages: Gauge
    private let queuedBytes: Gauge
    private let largestQueue: Gauge
    private let oldestWait: Gauge
    private let unsent: Gauge
    private let unsentLargest: Gauge
    private let slowClients: Gauge
    private let slowActions: Family<Counter, SlowAction>
    private let writes: Counter
    private let blockedWrites: Counter
    private let writeBatch: Histogram

    /// Registers the families.
    package init(_ registry: Registry) {
        let delivery = Shown.dashboard(.delivery)
        deliveries = registry.counter(
            "gohub_deliveries_total",
            help: "Deliveries that were due: put into a client's outbound queue, or refused by a full one.",
            by: DeliveryScope.self,
            shown: delivery
        )
        written = registry.counter(
            "gohub_deliveries_written_total",
            help: "Deliveries handed to a socket to their last byte.",
            by: DeliveryScope.self,
            shown: delivery
        )
        writtenBytes = registry.counter(
            "gohub_deliveries_written_bytes_total",
            help:
                "Bytes of frames that the sockets of WebSockets took; pings, pongs and close frames count as replies.",
            by: DeliveryScope.self,
            shown: delivery
        )
        dropped = registry.counter(
            "gohub_deliveries_dropped_total",
            help: "Deliveries that never reached their socket.",
            by: DeliveryScope.self,
            DropReason.self,
            shown: delivery
        )
        residual = registry.gauge(
            "gohub_deliveries_residual",
            help:
                "Deliveries minus those written, dropped and still queued, in one snapshot; anything but 0 is a loss.",
            shown: delivery
        )
        latency = registry.histogram(
            "gohub_delivery_latency_seconds",
            help: """
                Time from reading a message off its socket to a stage of its delivery. fanout: it stands in the queues of \
                its receivers on one loop, once a message and loop; total: the kernel took its last byte, once a \
                delivery, replies counted from what they answer. Time in the kernel, and until a held-up loop read the \
                message, is not in it.
                """,
            by: LatencyStage.self,
            DeliveryScope.self,
            where: { $0 == .total || $1 == .topic || $1 == .broadcast },
            buckets: .milliseconds,
            shown: delivery
        )
        recipients = registry.histogram(
            "gohub_fanout_recipients",
            help: """
                Receivers of a message on one loop, once for each loop that has some; a publisher who wants no echo is none.
                """,
            by: PublishScope.self,
            buckets: .counts,
            shown: delivery
        )
        duration = registry.histogram(
            "gohub_fanout_duration_seconds",
            help: "Time to put the messages that a topic got in one tick into all queues of one loop.",
            by: PublishScope.self,
            buckets: .microseconds,
            shown: delivery
        )
        queuedMessages = registry.gauge(
            "gohub_outbound_queue_messages",
            help: "Deliveries that wait in the clients' queues.",
            shown: delivery
        )
        queuedBytes = registry.gauge(
            "gohub_outbound_queue_bytes",
            help: "Bytes that wait in the clients' queues, each client's counted.",
            shown: delivery
        )
        largestQueue = registry.gauge(
            "gohub_outbound_queue_largest_bytes",
            help: "Bytes in the longest of the clients' queues.",
            shown: delivery
        )
        oldestWait = registry.gauge(
            "gohub_outbound_queue_oldest_seconds",
            help:
                "How long the message has been in the node that waits longest in a client's queue; 0 when none waits.",
            shown: delivery
        )
        unsent = registry.gauge(
            "gohub_socket_unsent_bytes",
            help: """
                Bytes that the sockets of WebSockets took and their peers have not acknowledged: asked of up to 256 \
                connections a loop and scrape, others each time, and scaled up to all. Written is not yet received.
                """,
            shown: delivery
        )
        unsentLargest = registry.gauge(
            "gohub_socket_unsent_largest_bytes",
            help: "The most of one connection among those asked for gohub_socket_unsent_bytes.",
            shown: delivery
        )
        slowClients = registry.gauge(
            "gohub_slow_clients",
            help: "Clients whose queue is three quarters full.",
            shown: .dashboard(.overview)
        )
        slowActions = registry.counter(
            "gohub_slow_client_actions_total",
            help: "What fan-out did because a client's queue was full: clients disconnected, messages dropped.",
            by: SlowAction.self,
            shown: delivery
        )
        writes = registry.counter(
            "gohub_socket_writes_total",
            help: "Writes to WebSockets.",
            shown: delivery
        )
        blockedWrites = registry.counter(
            "gohub_socket_writes_blocked_total",
            help: "Writes to WebSockets that took less than they were offered.",
            shown: delivery
        )
        writeBatch = registry.histogram(
            "gohub_write_batch_messages",
            help: "Deliveries finished by one write, of the writes that finished any.",
            buckets: .counts,
            shown: delivery
        )
    }

    /// Publishes what all shards say.
    package func publish(_ snapshot: ShardSnapshot) {
        for scope in DeliveryScope.allCases {
            deliveries[scope].publish(snapshot.ledger.enqueued(scope))
            written[scope].publish(snapshot.ledger.written(scope))
            writtenBytes[scope].publish(snapshot.bytesWrittenByScope[Int(scope.rawValue)])
            latency[.total, scope].publish(snapshot.totalLatency[Int(scope.rawValue)])
            for reason in DropReason.allCases {
                dropped[scope, reason].publish(snapshot.ledger.dropped(scope, reason))
            }
        }
        residual.set(snapshot.residual)
        latency[.fanOut, .topic].publish(snapshot.topicLatency)
        latency[.fanOut, .broadcast].publish(snapshot.broadcastLatency)
        recipients[.topic].publish(snapshot.topicRecipients)
        recipients[.broadcast].publish(snapshot.broadcastRecipients)
        duration[.topic].publish(snapshot.topicDuration)
        duration[.broadcast].publish(snapshot.broadcastDuration)
        queuedMessages.set(snapshot.queuedMessages)
        queuedBytes.set(snapshot.queuedBytes)
        largestQueue.set(snapshot.largestQueueBytes)
        oldestWait.set(Double(snapshot.oldestWait) / 1e9)
        unsent.set(Double(snapshot.unsentBytes))
        unsentLargest.set(Double(snapshot.unsentLargestBytes))
        slowClients.set(snapshot.slowClients)
        slowActions[.disconnect].publish(snapshot.slowDisconnects)
        slowActions[.drop].publish(snapshot.slowDrops)
        writes.publish(snapshot.writes)
        blockedWrites.publish(snapshot.blockedWrites)
        writeBatch.publish(snapshot.writeBatch)
    }
}

/// How far a delivery has come.
enum LatencyStage: String, MetricLabel {
    /// It stands in its client's queue.
    case fanOut = "fanout"
    /// Its last byte was handed to the socket.
    case total

    static let labelName = "stage"
}

/// To how many a message is published.
enum PublishScope: String, MetricLabel {
    case broadcast, topic

    static let labelName = "scope"
}

/// What is done about a client that is too slow.
enum SlowAction: String, MetricLabel {
    case disconnect, drop

    static let labelName = "action"
}
