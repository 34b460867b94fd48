// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics

/// The families of HTTP requests.
struct HTTPMetrics: Sendable {
    /// By route, method and status, as ``WorkerCounts`` has them.
    private let requests: [Counter]
    /// By route, those that are timed together as one.
    private let durations: [Histogram]
    /// Which of them each route's requests are in.
    private let timings: [Int]
    private let inFlight: Gauge
    private let connections: Gauge
    private let endedReaders: Counter
    /// Nil when no route takes a body.
    private let bodies: BodyMetrics?

    /// - Parameter routes: Those from outside.
    init(_ registry: Registry, routes: [Route] = []) {
        let shown = Shown.dashboard(.clientsAndNode)
        let labels = RouteLabels(routes)
        let label = LabelDescription(name: "route", values: labels.all.map(\.value))
        requests = registry.counters(
            "gohub_http_requests_total",
            help: "HTTP requests answered, by whose fault: 501 and 505, which clients cause, stand with 4xx.",
            listed: label,
            MethodLabel.self,
            StatusClass.self,
            where: { route, method, status in labels.statuses(route, method).contains(status) },
            shown: shown
        )
        durations = registry.histograms(
            "gohub_http_request_duration_seconds",
            help: """
                Time from an HTTP request's head to its answer; pages of operators other than /metrics, and paths with nothing, \
                are other.
                """,
            listed: LabelDescription(name: "route", values: labels.timed.map(\.value)),
            buckets: .milliseconds,
            shown: shown
        )
        timings = labels.all.indices.map(labels.timing)
        inFlight = registry.gauge(
            "gohub_http_inflight_requests",
            help: "HTTP requests that wait for an answer from another thread, this scrape apart.",
            shown: shown
        )
        connections = registry.gauge(
            "gohub_http_connections",
            help: "Connections that are no WebSockets, or not yet, that of this scrape included.",
            shown: shown
        )
        endedReaders = registry.counter(
            "gohub_metrics_readers_ended_total",
            help: "Readers of /metrics that were ended, as they did not take their page and others needed the room.",
            shown: shown
        )
        bodies = routes.contains { $0.maxBodyBytes > 0 } ? BodyMetrics(registry) : nil
    }

    func publish(_ snapshot: WorkerSnapshot, bodyBytes: Int) {
        for (counter, count) in zip(requests, snapshot.requests) { counter.publish(count) }
        var values = durations.map { _ in HistogramValues(.milliseconds) }
        for (timing, own) in zip(timings, snapshot.requestDuration) { values[timing].add(own) }
        for (histogram, values) in zip(durations, values) { histogram.publish(values) }
        // This scrape is among those that wait for other threads.
        inFlight.set(max(0, snapshot.requestsInFlight - 1))
        connections.set(snapshot.httpConnections)
        endedReaders.publish(snapshot.endedReaders)
        bodies?.publish(snapshot, bytes: bodyBytes)
    }
}

/// The families of request bodies, which there are only when a route takes one.
private struct BodyMetrics: Sendable {
    private let bytes: Gauge
    private let refused: Family<Counter, BodyRefusal>

    init(_ registry: Registry) {
        let shown = Shown.dashboard(.clientsAndNode)
        bytes = registry.gauge(
            "gohub_http_body_bytes",
            help: "Memory for request bodies that are coming or are being answered, of all connections.",
            shown: shown
        )
        refused = registry.counter(
            "gohub_http_bodies_refused_total",
            help: """
                Request bodies refused. too_large: above the route's limit, no_room: server.body_buffer_bytes or an \
                address's quarter of it is used up, timeout: not whole within server.body_timeout.
                """,
            by: BodyRefusal.self,
            shown: shown
        )
    }

    func publish(_ snapshot: WorkerSnapshot, bytes count: Int) {
        bytes.set(count)
        for reason in BodyRefusal.allCases { refused[reason].publish(snapshot.bodiesRefused[reason]) }
    }
}
