// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubMetrics
import HubWire

/// The families of what clients send: commands, their errors, publications, topics.
package struct MessageMetrics: Sendable {
    private let received: Family<Counter, CommandKind>
    private let receivedBytes: Family<Counter, CommandKind>
    private let sizes: Family<Histogram, MessageDirection>
    private let durations: Family<Histogram, CommandKind>
    private let errors: Family2<Counter, CommandKind, ErrorCode>
    private let publishes: Family<Counter, PublicationScope>
    private let unreceived: Counter
    private let refusedUnicasts: Family<Counter, UnicastRefusal>
    private let topics: Gauge
    private let subscriptions: Gauge
    private let largestTopic: Gauge
    private let topicOperations: Family<Counter, TopicOperation>

    /// Registers the families.
    package init(_ registry: Registry) {
        let clients = Shown.dashboard(.clientsAndNode)
        received = registry.counter(
            "gohub_messages_received_total",
            help: "Messages that clients sent, by what they asked for.",
            by: CommandKind.self,
            where: \.isBuiltIn,
            shown: .dashboard(.overview)
        )
        receivedBytes = registry.counter(
            "gohub_messages_received_bytes_total",
            help: "Bytes of the messages that clients sent.",
            by: CommandKind.self,
            where: \.isBuiltIn,
            shown: clients
        )
        sizes = registry.histogram(
            "gohub_message_size_bytes",
            help: """
                Sizes of messages without frame headers. in: each that a client sent; out: each of gohub_deliveries_total, \
                so replies and those that were dropped too.
                """,
            by: MessageDirection.self,
            buckets: .sizes,
            shown: .dashboard(.delivery)
        )
        durations = registry.histogram(
            "gohub_command_duration_seconds",
            help: "Time to handle a client's message, without its deliveries.",
            by: CommandKind.self,
            where: \.isBuiltIn,
            buckets: CommandCounts.durationBuckets,
            shown: clients
        )
        errors = registry.counter(
            "gohub_command_errors_total",
            help: "Messages of clients that were answered with an error.",
            by: CommandKind.self,
            ErrorCode.self,
            where: { $0.codes.contains($1) },
            shown: clients
        )
        publishes = registry.counter(
            "gohub_publishes_total",
            help: "Messages that clients published, by whom they are for.",
            by: PublicationScope.self,
            shown: .dashboard(.overview)
        )
        unreceived = registry.counter(
            "gohub_publishes_unreceived_total",
            help: """
                Messages that clients published to a topic without a subscriber on this node; a publisher who wants no echo \
                is none.
                """,
            shown: clients
        )
        refusedUnicasts = registry.counter(
            "gohub_unicasts_refused_total",
            help: "Messages of clients for one client that were refused, and their sender told.",
            by: UnicastRefusal.self,
            shown: .dashboard(.delivery)
        )
        topics = registry.gauge(
            "gohub_topics",
            help:
                "Topics that have a subscriber, counted on each loop: one with subscribers on two loops counts twice.",
            shown: clients
        )
        subscriptions = registry.gauge("gohub_subscriptions", help: "Subscriptions to topics.", shown: clients)
        largestTopic = registry.gauge(
            "gohub_topic_subscribers_max",
            help: "Subscribers on one loop of the topic that has most.",
            shown: clients
        )
        topicOperations = registry.counter(
            "gohub_topic_operations_total",
            help: "Subscriptions begun and ended by request.",
            by: TopicOperation.self,
            shown: clients
        )
    }

    /// Publishes what all shards and the hub say.
    package func publish(_ snapshot: ShardSnapshot, hub: Hub) {
        for kind in CommandKind.allCases {
            received[kind].publish(snapshot.commands.received(kind))
            receivedBytes[kind].publish(snapshot.commands.bytes(kind))
            durations[kind].publish(snapshot.commands.durations(kind))
            for code in ErrorCode.allCases { errors[kind, code].publish(snapshot.commands.errors(kind, code)) }
        }
        sizes[.incoming].publish(snapshot.commands.sizes)
        sizes[.outgoing].publish(snapshot.sentSizes)
        for scope in PublicationScope.allCases {
            publishes[scope].publish(snapshot.publishes[Int(scope.delivery.rawValue)])
        }
        unreceived.publish(snapshot.unreceived)
        refusedUnicasts[.clientNotFound].publish(hub.refusedPushes(.clientNotFound))
        refusedUnicasts[.sendBufferFull].publish(hub.refusedPushes(.sendBufferFull))
        refusedUnicasts[.busUnavailable].publish(hub.refusedPushes(.busUnavailable))
        topics.set(snapshot.topics)
        subscriptions.set(snapshot.subscriptions)
        largestTopic.set(snapshot.largestTopic)
        topicOperations[.subscribe].publish(snapshot.subscribes)
        topicOperations[.unsubscribe].publish(snapshot.unsubscribes)
    }
}

/// Which way a message goes.
enum MessageDirection: String, MetricLabel {
    case incoming = "in"
    case outgoing = "out"

    static let labelName = "direction"
}

/// For whom a client publishes.
enum PublicationScope: String, MetricLabel {
    case broadcast, topic, client

    static let labelName = "scope"

    var delivery: DeliveryScope {
        switch self {
        case .broadcast: .broadcast
        case .topic: .topic
        case .client: .client
        }
    }
}

/// Why a message for one client was refused.
enum UnicastRefusal: String, MetricLabel {
    case clientNotFound = "client_not_found"
    case sendBufferFull = "send_buffer_full"
    case busUnavailable = "bus_unavailable"

    static let labelName = "reason"
}

/// What happens to subscriptions.
enum TopicOperation: String, MetricLabel {
    case subscribe, unsubscribe

    static let labelName = "op"
}
