// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics

/// The families of HTTP requests.
struct HTTPMetrics: Sendable {
    private let requests: Family3<Counter, RouteLabel, MethodLabel, StatusClass>
    private let durations: Family<Histogram, RouteLabel>
    private let inFlight: Gauge
    private let connections: Gauge
    private let endedReaders: Counter

    init(_ registry: Registry) {
        let shown = Shown.dashboard(.clientsAndNode)
        requests = registry.counter(
            "gohub_http_requests_total",
            help: "HTTP requests answered, by whose fault: 501 and 505, which clients cause, stand with 4xx.",
            by: RouteLabel.self,
            MethodLabel.self,
            StatusClass.self,
            where: { route, method, status in route.statuses(method).contains(status) },
            shown: shown
        )
        durations = registry.histogram(
            "gohub_http_request_duration_seconds",
            help: "Time from an HTTP request's head to its answer.",
            by: RouteLabel.self,
            buckets: .milliseconds,
            shown: shown
        )
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
    }

    func publish(_ snapshot: WorkerSnapshot) {
        for route in RouteLabel.allCases {
            for method in MethodLabel.allCases {
                for status in StatusClass.allCases {
                    requests[route, method, status].publish(snapshot.requests(route, method, status))
                }
            }
            durations[route].publish(snapshot.requestDuration(route))
        }
        // Only scrapes wait for other threads, and this one among them.
        inFlight.set(max(0, snapshot.requestsInFlight - 1))
        connections.set(snapshot.httpConnections)
        endedReaders.publish(snapshot.endedReaders)
    }
}
