// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubMetrics

/// The metrics that every bus has, labelled with the bus in use; adapters hold none of them.
package struct BusMetrics: Sendable {
    let up: Gauge
    let published: Counter
    private let duration: Histogram
    let received: Counter
    let receivedBytes: Counter
    let bare: Counter
    let probeRoundTrip: Histogram
    /// Messages of other nodes that are proved to be lost.
    package let gaps: Counter
    /// Messages of other nodes that came twice, and were delivered once.
    package let duplicates: Counter
    private let failures: Family2<Counter, BusKind, PublishFailureReason>
    private let drops: Family2<Counter, BusKind, InboundDropReason>
    private let interests: Family2<Gauge, BusKind, InterestState>
    private let transit: Histogram
    private let skews: Counter
    private let disconnects: Family2<Counter, BusKind, LinkFault.Reason>
    private let reconnects: Counter
    private let outages: Histogram
    private let probeFailures: Counter
    private let lastReceive: Gauge
    private let buffered: Gauge
    private let outboxBytes: Gauge
    private let topics: Family2<Gauge, BusKind, SequenceSide>
    private let evictions: Family2<Counter, BusKind, SequenceSide>
    /// The same once more under the names that dashboards know.
    private let own: FixedBusMetrics.Own?
    private let bus: BusKind

    /// Registers the families; once a registry.
    ///
    /// - Parameter mode: How the bus is run, where it has several ways; a word of a closed set.
    /// - Parameter named: Which buses have series: the one in use, or all where the families are only listed.
    package init(
        registry: Registry,
        fixed: FixedBusMetrics,
        bus: BusKind,
        mode: String,
        naming named: Set<BusKind>? = nil
    ) {
        self.bus = bus
        own = fixed.own(bus)
        let families = BusFamilies(registry: registry, bus: bus, named: named ?? [bus])
        Self.registerInfo(registry, bus: bus, mode: mode)
        up = families.gauge("up", "1 while messages flow to this node and back, otherwise 0.")
        published = families.counter("published_total", "Publications that the bus has taken.")
        failures = families.counters(
            "publish_failures_total",
            "Publications that failed on the bus; local clients got them all the same.",
            PublishFailureReason.self
        )
        duration = families.histogram(
            "publish_duration_seconds",
            "Time from publishing until the bus answered, also where the answer is a failure."
        )
        received = families.counter("received_total", "Messages that came from the bus, own copies included.")
        receivedBytes = families.counter("received_bytes_total", "Bytes of the messages that came from the bus.")
        drops = families.counters(
            "inbound_dropped_total",
            "Messages from the bus that went no further.",
            InboundDropReason.self
        )
        bare = families.counter(
            "bare_received_total",
            "Messages from the bus that no node sent, but another program."
        )
        transit = families.histogram(
            "transit_seconds",
            "Time from publishing on a node until the message came here, own copies included."
        )
        skews = families.counter(
            "clock_skew_total",
            "Messages that came before they were sent, or a day later: the clocks of two nodes differ."
        )
        gaps = families.counter("gap_messages_total", "Messages of other nodes that are proved to be lost.")
        duplicates = families.counter(
            "duplicates_total",
            "Messages of other nodes that came again, and were not delivered."
        )
        disconnects = families.counters(
            "disconnects_total",
            "Times that a connection to the bus was lost, or did not come about.",
            LinkFault.Reason.self
        )
        reconnects = families.counter("reconnects_total", "Times that the bus was ready again after it had been lost.")
        outages = families.histogram(
            "outage_seconds",
            "Time from losing the bus until messages flowed again.",
            buckets: .custom(seconds: [0.1, 0.5, 1, 2, 5, 10, 30, 60, 300])
        )
        probeRoundTrip = families.histogram("probe_rtt_seconds", "Time that a message to the node itself took.")
        probeFailures = families.counter(
            "probe_failures_total",
            "Messages to the node itself that did not come in time, or that the server refused."
        )
        lastReceive = families.gauge("last_receive_timestamp_seconds", "When the last message came from the bus.")
        buffered = families.gauge("buffered_publishes", "Publications that wait until the bus is back.")
        outboxBytes = families.gauge(
            "outbox_bytes",
            "What the loops have for the bus and it has not been given, in bytes, all loops together."
        )
        interests = families.gauges(
            "subscriptions",
            "What the node wants from the bus, and what the server has confirmed of it.",
            InterestState.self
        )
        topics = families.gauges(
            "sequence_topics",
            "Topics whose messages are numbered here, and watched for gaps.",
            SequenceSide.self
        )
        evictions = families.counters(
            "sequence_evictions_total",
            "Topics whose numbers were forgotten for those of others.",
            SequenceSide.self
        )
    }

    /// Says which bus is in use; all that a node without one has.
    package static func registerInfo(_ registry: Registry, bus: BusKind, mode: String) {
        registry.info(
            "gohub_bus_info",
            help:
                "The message bus in use, and how it is run: none, or single, sentinel or cluster with Redis, core or jetstream with NATS.",
            labels: [("bus", bus.labelValue), ("mode", mode)],
            shown: .dashboard(.bus)
        )
    }

    func failed(_ error: BusError, _ count: UInt64 = 1) {
        failures[bus, PublishFailureReason(error.code)].increment(by: count)
        own?.publishErrors.increment(by: count)
    }

    func interestRefused() {
        own?.subscribeErrors.increment()
    }

    /// Counts a message that goes no further.
    package func dropped(_ reason: InboundDropReason) { drops[bus, reason].increment() }

    func set(interests count: Int, confirmed: Int) {
        interests[bus, .desired].set(count)
        interests[bus, .confirmed].set(confirmed)
    }

    /// A day, in microseconds; what took longer was sent by a node whose clock is wrong, and would spoil the sum for ever.
    private static let longestTransit: Int64 = 86_400_000_000

    func ready(outage: UInt64?) {
        guard let outage else { return }
        outages.observe(outage)
        reconnects.increment()
        own?.reconnects.increment()
    }

    /// How long a publication took, nanoseconds.
    func observeDuration(_ nanoseconds: UInt64) {
        duration.observe(nanoseconds)
        own?.publishDuration?.observe(nanoseconds)
    }

    func down(_ reason: LinkFault.Reason) { disconnects[bus, reason].increment() }

    func probeFailed() { probeFailures.increment() }

    func noteReceipt(_ unixMicroseconds: Int64) { lastReceive.set(Double(unixMicroseconds) / 1e6) }

    /// Microseconds since 1970, by two nodes' clocks.
    func observeTransit(from sent: Int64, to now: Int64) {
        let (difference, overflows) = now.subtractingReportingOverflow(sent)
        let micros = overflows ? (sent < 0 ? Int64.max : Int64.min) : difference
        let clamped = min(max(micros, 0), Self.longestTransit)
        if clamped != micros { skews.increment() }
        let nanoseconds = UInt64(clamped) * 1000
        transit.observe(nanoseconds)
        own?.transit.observe(nanoseconds)
    }

    /// Shows how many publications wait until the bus is back.
    package func set(buffered count: Int) { buffered.set(count) }

    /// Shows how many bytes wait to be given to the bus.
    package func set(outboxBytes count: Int) { outboxBytes.set(count) }

    /// Shows how many topics' numbers are held, and how many were forgotten so far.
    package func set(_ side: SequenceSide, topics count: Int, evictions: UInt64) {
        topics[bus, side].set(count)
        self.evictions[bus, side].publish(evictions)
    }
}

/// Registers families whose names begin alike, for the bus in use.
private struct BusFamilies {
    let registry: Registry
    let bus: BusKind
    /// Those that have series.
    let named: Set<BusKind>

    private let shown = Shown.dashboard(.bus)

    init(registry: Registry, bus: BusKind, named: Set<BusKind>) {
        self.registry = registry
        self.bus = bus
        self.named = named
    }

    func counter(_ name: String, _ help: String) -> Counter {
        registry.counter(
            "gohub_bus_" + name,
            help: help,
            by: BusKind.self,
            where: { named.contains($0) },
            shown: shown
        )[bus]
    }

    func counters<Label: MetricLabel>(_ name: String, _ help: String, _ label: Label.Type) -> Family2<
        Counter, BusKind, Label
    > {
        registry.counter(
            "gohub_bus_" + name,
            help: help,
            by: BusKind.self,
            label,
            where: { kind, _ in named.contains(kind) },
            shown: shown
        )
    }

    func gauge(_ name: String, _ help: String) -> Gauge {
        registry.gauge("gohub_bus_" + name, help: help, by: BusKind.self, where: { named.contains($0) }, shown: shown)[
            bus
        ]
    }

    func gauges<Label: MetricLabel>(_ name: String, _ help: String, _ label: Label.Type) -> Family2<
        Gauge, BusKind, Label
    > {
        registry.gauge(
            "gohub_bus_" + name,
            help: help,
            by: BusKind.self,
            label,
            where: { kind, _ in named.contains(kind) },
            shown: shown
        )
    }

    func histogram(
        _ name: String,
        _ help: String,
        buckets: Buckets = .milliseconds
    ) -> Histogram {
        registry.histogram(
            "gohub_bus_" + name,
            help: help,
            by: BusKind.self,
            where: { named.contains($0) },
            buckets: buckets,
            shown: shown
        )[bus]
    }
}
