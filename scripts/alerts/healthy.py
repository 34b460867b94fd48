# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What is scraped of two healthy nodes with work, and of a neighbour that is no gohub and not well.

Each case has these series, as far as its alert reads them, so that it also tests that only the node at fault is told of.
"""

from alerts.series import level, named, rise

BUS = 'bus="redis"'
NODES = ("a:9090", "b:9090")


def _histogram(name, labels, buckets, count):
    """Buckets by their bound, +Inf and the count; all a minute."""
    prefix = labels + "," if labels else ""
    series = {(f"{name}_bucket", f'{prefix}le="{bound}"'): rise(value) for bound, value in buckets.items()}
    return series | {(f"{name}_bucket", f'{prefix}le="+Inf"'): rise(count), (f"{name}_count", labels): rise(count)}


PROCESS = {
    ("up", ""): level(1),
    ("process_start_time_seconds", ""): level(-86400),
    ("process_open_fds", ""): level(1100),
    ("process_max_fds", ""): level(65536),
    ("process_resident_memory_bytes", ""): level(20_000_000),
    ("gohub_build_info", 'version="0.1.0",revision="abc"'): level(1),
    ("gohub_health_check", 'check="live"'): level(1),
    ("gohub_health_check", 'check="ready"'): level(1),
    ("gohub_health_check", 'check="bus"'): level(1),
    ("gohub_state", 'state="ready"'): level(1),
    ("gohub_state", 'state="draining"'): level(0),
    ("gohub_drain_deadline_timestamp_seconds", ""): level(0),
    ("gohub_metrics_stale_snapshots_total", ""): level(0),
    ("gohub_metrics_updates_refused_total", 'reason="decreasing"'): level(0),
    ("gohub_log_dropped_total", ""): level(0),
    ("gohub_accept_pauses_total", ""): level(0),
    ("gohub_event_loop_busy_seconds_total", 'loop="0"'): rise(12),
    ("gohub_event_loop_busy_seconds_total", 'loop="1"'): rise(36),
    **_histogram("gohub_event_loop_lag_seconds", "", {"0.05": 598, "0.1": 599}, 600),
}

CLIENTS = {
    ("gohub_connections", ""): level(1000),
    ("gohub_connections_peak", ""): level(1200),
    ("gohub_connection_limit", ""): level(10_000),
    ("gohub_connections_opened_total", ""): rise(30),
    ("gohub_connections_rejected_total", 'reason="node_limit"'): rise(0),
    ("gohub_connections_rejected_total", 'reason="ip_limit"'): rise(20),
    ("gohub_connections_rejected_total", 'reason="bad_handshake"'): rise(600),
    ("gohub_slow_clients", ""): level(3),
    ("gohub_slow_client_actions_total", 'action="disconnect"'): rise(0.5),
    ("gohub_slow_client_actions_total", 'action="drop"'): rise(600),
    ("gohub_deliveries_total", 'scope="topic"'): rise(60_000),
    ("gohub_deliveries_dropped_total", 'scope="topic",reason="queue_messages"'): rise(3),
    ("gohub_deliveries_dropped_total", 'scope="topic",reason="queue_bytes"'): rise(2),
    ("gohub_deliveries_dropped_total", 'scope="topic",reason="closed"'): rise(600),
    ("gohub_deliveries_residual", ""): level(0),
    **_histogram(
        "gohub_delivery_latency_seconds", 'stage="total",scope="topic"', {"0.1": 59_000, "0.25": 59_990}, 60_000
    ),
    **_histogram("gohub_delivery_latency_seconds", 'stage="fanout",scope="topic"', {"0.1": 600, "0.25": 6000}, 9000),
    ("gohub_canary_total", 'path="local",result="ok"'): rise(12),
    ("gohub_canary_total", 'path="local",result="timeout"'): rise(0),
    ("gohub_canary_total", 'path="bus",result="ok"'): rise(12),
    ("gohub_canary_total", 'path="bus",result="timeout"'): rise(0),
}

ON_BUS = {
    ("gohub_nodes", ""): level(2),
    ("gohub_bus_up", BUS): level(1),
    ("gohub_bus_published_total", BUS): rise(6000),
    ("gohub_bus_publish_failures_total", f'{BUS},reason="timeout"'): rise(0.6),
    ("gohub_bus_publish_failures_total", f'{BUS},reason="disconnected"'): rise(0),
    ("gohub_bus_probe_failures_total", BUS): level(0),
    ("gohub_bus_received_total", BUS): rise(12_000),
    ("gohub_bus_subscriptions", f'{BUS},state="desired"'): level(500),
    ("gohub_bus_subscriptions", f'{BUS},state="confirmed"'): level(500),
    ("gohub_topic_operations_total", 'op="subscribe"'): rise(60),
    ("gohub_topic_operations_total", 'op="unsubscribe"'): rise(60_000),
    ("gohub_bus_gap_messages_total", BUS): level(0),
    ("gohub_bus_reconnects_total", BUS): level(0),
    **_histogram("gohub_bus_transit_seconds", BUS, {"0.1": 11_990, "0.25": 12_000}, 12_000),
    **_histogram("gohub_bus_publish_duration_seconds", BUS, {"0.1": 5995, "0.25": 6000}, 6000),
}

# A node that gets what it publishes; which bus it has, the alerts do not ask.
ON_NATS = {
    ("gohub_bus_nats_ack_pending", ""): level(300),
    ("gohub_bus_nats_ack_pending_limit", ""): level(1000),
    ("gohub_bus_nats_max_deliveries_total", ""): level(0),
    ("gohub_bus_nats_slow_consumer_total", ""): level(0),
    ("gohub_bus_nats_stream_differences", ""): level(0),
}

# Another program on another port, and on the same one.
NEIGHBOUR = {
    ("up", ""): level(0),
    ("process_start_time_seconds", ""): level((1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (1, 6), 7),
    ("process_open_fds", ""): level(65536),
    ("process_max_fds", ""): level(65536),
    ("process_resident_memory_bytes", ""): level(10**12),
}


def of_node(series, node):
    """The series under a node's name."""
    return {named(name, labels, instance=node): values for (name, labels), values in series.items()}


def neighbour():
    """The series of what is no gohub."""
    return {named(name, labels, job="other", instance="a:9090"): values for (name, labels), values in NEIGHBOUR.items()}


def healthy(with_bus=True):
    """All series, by their names."""
    series = PROCESS | CLIENTS | (ON_BUS | ON_NATS if with_bus else {})
    return {name: values for node in NODES for name, values in of_node(series, node).items()} | neighbour()
