# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Is gohub sick? What somebody who was woken looks at first: what fires, which node, what users feel."""

from dashboards.model import CRITICAL, GOOD, WARNING, Board, Panel, Row, Target, one
from dashboards.parts import budget_burn, distribution
from dashboards.queries import (
    BUS, above, increase, least, node, pick, quantile, quantile_where_any, rate, ratio, total, worst,
)

STATE = (
    f"{node(pick('up'))} == 0\n"
    "  or "
    + node(pick("gohub_health_check", 'check="ready"'))
    + "\n    + 2 * " + node(pick("gohub_state", 'state="draining"')) + "\n    + 1"
)
CANARY = "gohub_canary_total"
CANARY_FAILED = ratio(node(rate(CANARY, 'result!="ok"'), "path"), node(rate(CANARY), "path"))
DROPPED = rate("gohub_deliveries_dropped_total", 'reason=~"queue_.*"')
DROP_RATIO = ratio(node(DROPPED), node(rate("gohub_deliveries_total")))
USED = f"{node(pick('gohub_connections'))}\n  / on (job, instance) {pick('gohub_connection_limit')}"
TOTAL = 'stage="total"'
LATE = above(0.1, "gohub_event_loop_lag_seconds")

NOW = Row("", (
    Panel(
        "Firing alerts", "table",
        one('ALERTS{alertname=~"Gohub.*", alertstate="firing", job=~"$job"}'),
        what="The alerts of gohub that fire now. It is empty too when the rules are not loaded: Status, Rules in "
             "Prometheus.",
        normal="empty.",
        act="begin with the critical ones, and open the runbook that bears the alert's name: "
            "a warning beside it is often the same cause.",
        columns={"alertname": "Alert", "severity": "Severity", "job": "Job", "instance": "Node", "bus": "Bus",
                 "path": "Path", "reason": "Reason"},
        no_value="No alert of gohub fires.", sort_by="Severity", base="text",
        mappings={"critical": ("critical", CRITICAL), "warning": ("warning", WARNING), "info": ("info", "blue")},
        width=12,
    ),
    Panel(
        "State of each node", "timeline", one(STATE),
        what="down: Prometheus cannot scrape it; not ready: it takes no new clients; draining: it was told to end.",
        normal="ready; draining for some seconds, and a gap, at a deploy.",
        act="down: look whether the process runs, and whether clients are served. "
            "Not ready: `/readyz` of the node names the check that fails.",
        alerts=("GohubDown", "GohubAbsent", "GohubNotReady", "GohubDrainStuck"),
        mappings={0: ("down", CRITICAL), 1: ("not ready", CRITICAL), 2: ("ready", GOOD), 3: ("draining", "blue")},
        width=12,
    ),
    Panel(
        "Canary: failed", "stat", one(worst(CANARY_FAILED, "path"), "{{path}}"),
        unit="percentunit", decimals=1, width=6, height=4,
        what="The share of messages that nodes send to themselves, one a path in 5 s, and that do not come within a "
             "second; of the worst node. `local` goes through the inboxes of all its loops, `bus` through the message "
             "bus.",
        normal="0 %.",
        act="`local` fails: the node itself is held up, look at its loops. Only `bus` fails: look at the bus.",
        alerts=("GohubCanaryFailing",), limits=((0.2, CRITICAL),),
    ),
    Panel(
        "Delivery: p99 of the worst node", "stat",
        one(worst(quantile(0.99, "gohub_delivery_latency_seconds", TOTAL, by=("job", "instance"))), "p99"),
        unit="s", width=6, height=4,
        what="99 of 100 deliveries are faster than this, from reading the message to the kernel's taking its last "
             "byte.",
        normal="some milliseconds.",
        act="the board Delivery and slow clients says in which stage the time goes.",
        alerts=("GohubDeliveryLatencyBudgetBurn",), limits=((0.25, CRITICAL),),
    ),
    Panel(
        "Dropped by full queues: worst node", "stat", one(worst(DROP_RATIO), "dropped"),
        unit="percentunit", decimals=2, width=6, height=4,
        what="Deliveries that were dropped because a client's queue was full, of all that were due.",
        normal="0 %.",
        act="find out whether few clients are slow or the network of all: Delivery and slow clients.",
        alerts=("GohubDropsHigh",), limits=((0.001, WARNING),),
    ),
    Panel(
        "Bus: worst node", "stat", one(least(pick("gohub_bus_up", BUS), "bus"), "{{bus}}"),
        width=6, height=4,
        what="Whether messages flow between every node and the bus.",
        normal="up; without a bus there is nothing to show.",
        act="look at Redis first. Each node goes on to serve its own clients meanwhile.",
        alerts=("GohubBusDown",), mappings={0: ("down", CRITICAL), 1: ("up", GOOD)}, no_value="no bus",
    ),
))

USERS = Row("What users feel", (
    Panel(
        "Canary: failed by node", "graph", one(CANARY_FAILED, "{{instance}} {{path}}"), unit="percentunit",
        what="The share of canary messages that failed, by node and path.",
        normal="0 on every node and path.",
        act="one node: look at its loops and its processor. All nodes by `bus`: look at the bus.",
        alerts=("GohubCanaryFailing",), limits=((0.2, CRITICAL),),
    ),
    Panel(
        "Canary: messages by result", "graph",
        one(total(rate(CANARY), "path", "result"), "{{path}} {{result}}"),
        unit="ops", stack=True,
        what="What became of the messages that nodes send to themselves.",
        normal="`ok` alone, at a steady rate.",
        act="`timeout`: it did not come within a second. `refused`: the bus took nothing.",
        alerts=("GohubCanaryFailing",),
    ),
    Panel(
        "Canary: time by path", "graph",
        (
            Target(quantile_where_any(0.5, "gohub_canary_latency_seconds", by=("path",)), "p50 {{path}}"),
            Target(quantile_where_any(0.9, "gohub_canary_latency_seconds", by=("path",)), "p90 {{path}}"),
            Target(quantile_where_any(0.99, "gohub_canary_latency_seconds", by=("path",)), "p99 {{path}}"),
        ),
        unit="s",
        what="How long the canary's messages took that came in time. Unlike the delivery latency it contains the time "
             "until a held-up loop runs again.",
        normal="`local` below some milliseconds, `bus` as long as a way to Redis and back.",
        act="long while the delivery latency is short: the process gets no processor time.",
    ),
    Panel(
        "Canary: times of local", "heatmap",
        one(total(rate("gohub_canary_latency_seconds_bucket", 'path="local"'), "le"), "{{le}}"), unit="s", width=12,
        what="The canary's messages through the inboxes of all loops.",
        normal="one band below some milliseconds.",
        act="a second band is one node, or a loop that is held up at times.",
    ),
    Panel(
        "Canary: times of bus", "heatmap",
        one(total(rate("gohub_canary_latency_seconds_bucket", 'path="bus"'), "le"), "{{le}}"), unit="s", width=12,
        what="The canary's messages through the message bus.",
        normal="one band, as long as a way to Redis and back.",
        act="a second band while `local` has one: the way to Redis, or Redis itself, is slow at times.",
    ),
    *distribution(
        "Delivery latency", "gohub_delivery_latency_seconds", TOTAL,
        what="From reading a message to the kernel's taking the last byte of each delivery.",
        normal="nearly all within some milliseconds; the objective is 99 % within 250 ms.",
        act="compare the nodes: one that is slow alone has slow clients or a busy loop.",
        alerts=("GohubDeliveryLatencyBudgetBurn",), limits=((0.25, CRITICAL),),
    ),
    budget_burn(
        "Deliveries over 250 ms", "job:gohub_delivery_slow", 0.01,
        what="The share of deliveries that took longer than 250 ms, over all windows of the alert. "
             "The objective lets 1 % be so slow. It is recorded above one delivery a second.",
        normal="far below 1 %.",
        act="two windows above a line fire: 14.4 % in 1h and 5m, 6 % in 6h and 30m, 3 % in 1d and 2h, 1 % in 3d and "
            "6h.",
        alert="GohubDeliveryLatencyBudgetBurn",
    ),
    budget_burn(
        "Publications that fail on the bus", "job:gohub_bus_publish_failures", 0.001,
        what="The share of publications that the bus did not take, over all windows of the alert. "
             "The objective lets 0.1 % fail. It is recorded above one publication in ten seconds.",
        normal="0.",
        act="look at the reasons on the board Bus: `timeout` is a slow Redis, `disconnected` one that is away.",
        alert="GohubBusPublishErrorBudgetBurn",
    ),
))

CLIENTS = Row("Clients", (
    Panel(
        "Connections", "graph", one(node(pick("gohub_connections"))),
        what="WebSockets that are open.",
        normal="as many as at this time of other days, alike on all nodes.",
        act="a fall on one node: it restarted or drains. A fall on all: look before the hub, at the balancer or the "
            "network.",
    ),
    Panel(
        "Connections of the limit", "graph", one(USED), unit="percentunit",
        what="How much of `server.max_connections` is taken; above it clients get 503.",
        normal="below 85 %.",
        act="add a node, or raise the limit where memory and open files allow.",
        alerts=("GohubNearConnectionLimit",), limits=((0.85, WARNING),),
    ),
    Panel(
        "Opened and closed", "graph",
        (
            Target(node(rate("gohub_connections_opened_total")), "opened {{instance}}"),
            Target(node(rate("gohub_connections_closed_total")), "closed {{instance}}"),
        ),
        unit="ops",
        what="WebSockets opened and ended a second.",
        normal="both alike; a bulge after a deploy.",
        act="many opened without a start of a node: clients reconnect in a storm; the reasons of their ends say why.",
        alerts=("GohubReconnectStorm",),
    ),
    Panel(
        "Closed by reason", "graph", one(total(rate("gohub_connections_closed_total"), "reason"), "{{reason}}"),
        unit="ops", stack=True,
        what="Why WebSockets ended, all nodes together.",
        normal="mostly `normal`, `going_away` and `abnormal`, as clients come and go.",
        act="`slow`: queues ran full. `no_pong`, `read_error`, `write_error`: the network. `drain`: a deploy. "
            "`protocol_error`, `invalid_payload`: a client's fault.",
    ),
    Panel(
        "Slow clients", "graph", one(node(pick("gohub_slow_clients"))),
        what="Clients whose queue is three quarters full.",
        normal="none, or few of many.",
        act="above 10 and 1 % of all for ten minutes the alert fires: look at Delivery and slow clients.",
        alerts=("GohubSlowClients",), limits=((10, WARNING),),
    ),
    Panel(
        "Nodes known to each other", "graph", one(node(pick("gohub_nodes"))),
        what="How many nodes each node sees on the bus, itself included.",
        normal="the number of nodes that run, the same on each.",
        act="`/debug/nodes` of a node lists them. Different figures: some do not reach the bus.",
        alerts=("GohubNodesMissing",),
        no_value="no bus",
    ),
))

MESSAGES = Row("Messages", (
    Panel(
        "Received by command", "graph", one(total(rate("gohub_messages_received_total"), "command"), "{{command}}"),
        unit="ops", stack=True,
        what="Messages that clients sent, all nodes together.",
        normal="the mix that your clients make.",
        act="`invalid` grows: a client of another version, or somebody who tries. None at all: clients do not reach "
            "the hub.",
    ),
    Panel(
        "Published by scope", "graph",
        one(total(rate("gohub_publishes_total"), "scope"), "{{scope}}"), unit="ops", stack=True,
        what="Messages that clients published: to a topic, to all, to one client.",
        normal="follows the day.",
        act="a jump of `broadcast` costs most: each goes to every client.",
    ),
    Panel(
        "Delivered", "graph", one(node(rate("gohub_deliveries_written_total"))), unit="ops",
        what="Messages handed to sockets a second, by node.",
        normal="follows what is published, times the receivers of each.",
        act="it falls while publishing goes on: compare with what was dropped.",
    ),
))

NODE = Row("Nodes", (
    Panel(
        "Timers late by over 100 ms", "graph", one(LATE), unit="ops",
        what="Timers a second that fired more than 100 ms late: by long ticks, by a processor that others had, "
             "by a process that stood still.",
        normal="0.",
        act="ticks long too: a loop computes too long. Only timers late: the process gets no processor time; look at "
            "its neighbours and at the limit of its control group.",
        alerts=("GohubEventLoopLag",), limits=((0.1, WARNING),),
    ),
    *distribution(
        "Lateness of timers", "gohub_event_loop_lag_seconds", width=8,
        what="How much later timers fired than they had to.",
        normal="nearly all below a millisecond.",
        act="look whether it is one node or all: all on one machine share its processor.",
        alerts=("GohubEventLoopLag",), limits=((0.1, WARNING),),
    ),
    *distribution(
        "Length of ticks", "gohub_event_loop_tick_seconds", width=8,
        what="How long a loop was away from its sockets in one tick, as far as it ran.",
        normal="far below 10 ms at p99.",
        act="long ticks are large fan-outs or many messages at once: more loops, or fewer receivers a message.",
    ),
    Panel(
        "Loops busy", "graph",
        one(f"{node(rate('gohub_event_loop_busy_seconds_total'))}\n  / on (job, instance) {pick('gohub_event_loops')}"),
        unit="percentunit",
        what="The share of time in which a node's loops work, on average.",
        normal="below 80 %.",
        act="add nodes or cores; the board Clients and node shows each loop.",
        alerts=("GohubEventLoopSaturated",), limits=((0.8, WARNING),),
    ),
    Panel(
        "Loops that did not answer a scrape", "graph", one(node(increase("5m", "gohub_metrics_stale_snapshots_total"))),
        what="Scrapes in 5 minutes for which a loop did not answer in time.",
        normal="0.",
        act="a loop is stuck or starved; after 30 s `/livez` fails and the node is to be restarted.",
        alerts=("GohubLoopStuck", "GohubNotLive"), limits=((2.5, WARNING),),
    ),
    Panel(
        "Checks", "timeline", one(node(pick("gohub_health_check"), "check"), "{{instance}} {{check}}"),
        what="What `/livez` and `/readyz` say.",
        normal="every check passes.",
        act="`live`: restart the node. `bus` alone: do not restart it, mend the bus.",
        alerts=("GohubNotLive", "GohubNotReady"), mappings={0: ("fails", CRITICAL), 1: ("passes", GOOD)},
    ),
    Panel(
        "Memory", "graph", one(node(pick("process_resident_memory_bytes"))), unit="bytes",
        what="Memory of the process that is in RAM.",
        normal="follows the most connections so far; it is not all given back when they go.",
        act="growth without more connections: look at the queues on Delivery and slow clients.",
    ),
    Panel(
        "Memory for each connection", "graph",
        one(f"{pick('process_resident_memory_bytes')}\n  / ({pick('gohub_connections_peak')} > 1000)"), unit="bytes",
        what="Memory divided by the most connections since the start, of nodes that have had more than 1000: "
             "with few connections what the program needs for itself would hide the rest.",
        normal="below 64 KiB.",
        act="large messages, long queues or many subscriptions: `docs/operations.md` has the figures of each.",
        alerts=("GohubMemoryPerConnection",), limits=((65536, WARNING),), width=12,
        no_value="no node has had more than 1000 connections",
    ),
    Panel(
        "Starts within 30 minutes", "graph",
        one(f"changes({pick('process_start_time_seconds')}[30m])"),
        what="How often each node started anew in 30 minutes.",
        normal="0, and 1 at a deploy.",
        act="more than 2: its log ends with why; exit codes are in `docs/operations.md`.",
        alerts=("GohubCrashLooping",), limits=((2, CRITICAL),), width=12,
    ),
    Panel(
        "Builds", "table",
        one(total(pick("gohub_build_info"), "job", "instance", "version", "revision", "swift_version")),
        what="What runs on each node.",
        normal="one version and revision everywhere, but during a deploy.",
        act="a deploy stopped half-way: end it or take it back.",
        alerts=("GohubVersionSkew",),
        columns={"instance": "Node", "version": "Version", "revision": "Revision", "swift_version": "Compiler",
                 "job": "Job"},
        width=16,
    ),
    Panel(
        "Time since the start", "stat", one(f"time() - {node(pick('process_start_time_seconds'))}"), unit="dtdurations",
        what="How long each process has run.",
        normal="since the last deploy.",
        act="shorter than that: it ended by itself; look at its log.",
    ),
))

BOARD = Board(
    "gohub-overview", "gohub / Is gohub sick?",
    "What fires, which node, what users feel. The other boards say why.",
    (NOW, USERS, CLIENTS, MESSAGES, NODE),
)
