// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubMetrics

/// The families of what waits between loops, and of publishers that are made to wait for it.
package struct BackPressureMetrics: Sendable {
    private let inboxBytes: Gauge
    private let largestInbox: Gauge
    private let inboxLimit: Gauge
    private let paused: Gauge
    private let pauses: Family<Counter, PauseReason>
    private let openAnswers: Gauge

    /// Registers the families.
    package init(_ registry: Registry) {
        let delivery = Shown.dashboard(.delivery)
        inboxBytes = registry.gauge(
            "gohub_inbox_bytes",
            help: "What loops ask of each other and is not done yet, in bytes, all loops together.",
            shown: delivery
        )
        largestInbox = registry.gauge(
            "gohub_inbox_largest_bytes",
            help: "Bytes in the fullest loop's inbox.",
            shown: delivery
        )
        inboxLimit = registry.gauge(
            "gohub_inbox_limit_bytes",
            help:
                "From so many bytes in one loop's inbox on, clients that publish into it are not read until half is left.",
            shown: delivery
        )
        paused = registry.gauge(
            "gohub_paused_clients",
            help: "Clients that are not read because there is no room for what they publish.",
            shown: delivery
        )
        openAnswers = registry.gauge(
            "gohub_open_answers",
            help: "Requests of clients that wait for their answers, from the message bus or from another node.",
            shown: delivery
        )
        pauses = registry.counter(
            "gohub_client_pauses_total",
            help: """
                How often a client that publishes was not read for a while: inbox, another loop has not taken in what was \
                published before; writing, its own loop has not written it; bus, the message bus has not taken it; answers, \
                too many of its requests wait for their answers.
                """,
            by: PauseReason.self,
            shown: delivery
        )
    }

    /// Publishes what all shards say.
    package func publish(_ snapshot: ShardSnapshot) {
        inboxBytes.set(snapshot.inboxBytes)
        largestInbox.set(snapshot.largestInboxBytes)
        inboxLimit.set(MailboxLimits.inbox.bytes)
        paused.set(snapshot.pausedClients)
        openAnswers.set(snapshot.openAnswers)
        for reason in PauseReason.allCases { pauses[reason].publish(snapshot.pauses[Int(reason.rawValue)]) }
    }
}
