# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Is gohub sick? What somebody who was woken looks at first: what fires, which node, what users feel."""

from dashboards.model import CRITICAL, GOOD, WARNING, Board, Panel, Row, Target, one
from dashboards.parts import budget_burn, distribution
from dashboards.queries import (
    BUS, NODE, above, increase, least, node, pick, quantile, quantile_where_any, rate, ratio, total, where_any, worst,
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
# The heights of lines with little to show: the alerts of a fault; the checks of a few nodes; what runs on them.
FIRST = 7
CHECKS = 6
LOW = 5

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
        width=12, height=FIRST,
    ),
    Panel(
        "Node state", "timeline", one(STATE),
        what="down: Prometheus cannot scrape it. not ready: it takes no new clients. draining: it was told to stop.",
        normal="ready. At a deploy: draining for some seconds, then a gap.",
        act="down: look whether the process runs, and whether clients are served. "
            "Not ready: `/readyz` of the node names the check that fails.",
        alerts=("GohubDown", "GohubAbsent", "GohubNotReady", "GohubDrainStuck"),
        mappings={0: ("down", CRITICAL), 1: ("not ready", CRITICAL), 2: ("ready", GOOD), 3: ("draining", "blue")},
        width=12, height=FIRST,
    ),
    Panel(
        "Canary failures (worst node)", "stat", one(worst(CANARY_FAILED, "path"), "{{path}}"),
        unit="percentunit", decimals=1, width=6, height=4,
        what="Each node sends a message to itself every 5 s on each path. This is the share of them that did not arrive "
             "within a second, on the worst node. `local` goes through the inboxes of all loops of the node, `bus` "
             "through the message bus.",
        normal="0 %. It is orange from 1 % on, red where the alert begins.",
        act="`local` fails: the node itself is held up, look at its loops. Only `bus` fails: look at the bus.",
        alerts=("GohubCanaryFailing",), limits=((0.01, WARNING), (0.2, CRITICAL)),
    ),
    Panel(
        "Delivery latency, p99 (worst node)", "stat",
        one(worst(quantile(0.99, "gohub_delivery_latency_seconds", TOTAL, by=("job", "instance"))), "p99"),
        unit="s", width=6, height=4,
        what="99 of 100 deliveries are faster than this. The time runs from reading the message until the kernel has "
             "taken its last byte.",
        normal="a few milliseconds.",
        act="the board Delivery and slow clients shows in which stage the time is lost.",
        alerts=("GohubDeliveryLatencyBudgetBurn",), limits=((0.25, CRITICAL),),
    ),
    Panel(
        "Dropped by full queues (worst node)", "stat", one(worst(DROP_RATIO), "dropped"),
        unit="percentunit", decimals=2, width=6, height=4,
        what="The share of deliveries that were dropped because a client's queue was full.",
        normal="0 %.",
        act="the board Delivery and slow clients shows whether a few clients are slow, or the network of all.",
        alerts=("GohubDropsHigh",), limits=((0.001, WARNING),),
    ),
    Panel(
        "Bus (worst node)", "stat", one(least(pick("gohub_bus_up", BUS), "bus"), "{{bus}}"),
        width=6, height=4,
        what="Whether messages flow between the nodes and the bus: down if one node has lost it.",
        normal="up; without a bus there is nothing to show.",
        act="look at the bus's server first. Meanwhile each node goes on serving its own clients.",
        alerts=("GohubBusDown",), mappings={0: ("down", CRITICAL), 1: ("up", GOOD)}, no_value="no bus",
    ),
))

USERS = Row("What users feel", (
    Panel(
        "Canary failures by node", "graph", one(CANARY_FAILED, "{{instance}} {{path}}"), unit="percentunit",
        what="The share of canary messages that failed, by node and path.",
        normal="0 on every node and path.",
        act="one node: look at its loops and its CPU. All nodes by `bus`: look at the bus.",
        alerts=("GohubCanaryFailing",), limits=((0.2, CRITICAL),),
    ),
    Panel(
        "Canary messages by result", "graph",
        one(total(rate(CANARY), "path", "result"), "{{path}} {{result}}"),
        unit="mps", stack=True,
        what="What became of the messages that nodes send to themselves.",
        normal="`ok` alone, at a steady rate.",
        act="`timeout`: it did not come within a second. `refused`: the bus took nothing.",
        alerts=("GohubCanaryFailing",),
    ),
    Panel(
        "Canary latency by path", "graph",
        (
            Target(quantile_where_any(0.5, "gohub_canary_latency_seconds", by=("path",)), "p50 {{path}}"),
            Target(quantile_where_any(0.9, "gohub_canary_latency_seconds", by=("path",)), "p90 {{path}}"),
            Target(quantile_where_any(0.99, "gohub_canary_latency_seconds", by=("path",)), "p99 {{path}}"),
        ),
        unit="s", logarithmic_from=0,
        what="How long the canary's messages took, of those that came in time. Unlike the delivery latency it includes "
             "the time until a loop that is held up runs again.",
        normal="`local` a few milliseconds, `bus` as long as a round trip to its server.",
        act="long while the delivery latency is short: the process gets no CPU time.",
    ),
    *distribution(
        "Delivery latency", "gohub_delivery_latency_seconds", TOTAL, cells="mps",
        what="From reading a message until the kernel has taken the last byte of each delivery.",
        normal="nearly all within a few milliseconds; the objective is 99 % within 250 ms.",
        act="compare the nodes: if only one is slow, it has slow clients or a busy loop.",
        alerts=("GohubDeliveryLatencyBudgetBurn",), limits=((0.25, CRITICAL),),
    ),
    budget_burn(
        "Deliveries over 250 ms by window", "job:gohub_delivery_slow", 0.01,
        what="The share of deliveries that took longer than 250 ms, over each window of the alert. "
             "The objective allows 1 %. There is no data below one delivery a second.",
        normal="far below 1 %.",
        act="the alert fires when two windows are above a line: 14.4 % in 1h and 5m, 6 % in 6h and 30m, 3 % in 1d and "
            "2h, 1 % in 3d and 6h.",
        alert="GohubDeliveryLatencyBudgetBurn",
    ),
    budget_burn(
        "Bus publish failures by window", "job:gohub_bus_publish_failures", 0.001,
        what="The share of publications that the bus did not take, over each window of the alert. "
             "The objective allows 0.1 %. There is no data below one publication in ten seconds.",
        normal="0.",
        act="the board Bus has the reasons: `timeout` means that the server is slow, `disconnected` that it is gone.",
        alert="GohubBusPublishErrorBudgetBurn",
    ),
    Panel(
        "Canary latency, local", "heatmap",
        one(total(rate("gohub_canary_latency_seconds_bucket", 'path="local"'), "le"), "{{le}}"),
        unit="s", cells="mps", width=12, height=CHECKS,
        what="The canary's messages through the inboxes of all loops.",
        normal="one band of a few milliseconds.",
        act="a second band: one node, or one loop, is held up at times.",
    ),
    Panel(
        "Canary latency, bus", "heatmap",
        one(total(rate("gohub_canary_latency_seconds_bucket", 'path="bus"'), "le"), "{{le}}"),
        unit="s", cells="mps", width=12, height=CHECKS,
        what="The canary's messages through the message bus.",
        normal="one band, as long as a round trip to the bus's server.",
        act="a second band while `local` has only one: the server, or the network to it, is slow at times.",
    ),
))

CLIENTS = Row("Clients", (
    Panel(
        "Connections", "graph", one(node(pick("gohub_connections"))),
        what="WebSockets that are open.",
        normal="as many as at this time on other days, and alike on all nodes.",
        act="a fall on one node: it was restarted, or drains. A fall on all: look at what is in front of the hub, the "
            "load balancer or the network.",
    ),
    Panel(
        "Connections / limit", "graph", one(USED), unit="percentunit",
        what="The share of `server.max_connections` that is in use. At 100 % new clients get 503.",
        normal="below 85 %.",
        act="add a node, or raise the limit if memory and open files allow.",
        alerts=("GohubNearConnectionLimit",), limits=((0.85, WARNING),),
    ),
    Panel(
        "Connections opened and closed", "graph",
        (
            Target(node(rate("gohub_connections_opened_total")), "opened {{instance}}"),
            Target(node(rate("gohub_connections_closed_total")), "closed {{instance}}"),
        ),
        unit="cps",
        what="WebSockets that were opened and closed, a second.",
        normal="both alike, with a peak after a deploy.",
        act="many are opened and no node was started: clients reconnect in a storm. Connections closed "
            "by reason shows why.",
        alerts=("GohubReconnectStorm",),
    ),
    Panel(
        "Connections closed by reason", "graph",
        one(where_any(total(rate("gohub_connections_closed_total"), "reason")), "{{reason}}"),
        unit="cps", stack=True, only_above_zero=True, no_value="0: none was closed",
        what="Why WebSockets were closed, all nodes together; only reasons that there were.",
        normal="mostly `normal`, `going_away` and `abnormal`, as clients come and go.",
        act="`slow`: queues ran full. `no_pong`, `read_error`, `write_error`: the network. `drain`: a deploy. "
            "`protocol_error`, `invalid_payload`: a fault of a client.",
    ),
    Panel(
        "Slow clients", "graph", one(node(pick("gohub_slow_clients"))),
        what="Clients whose queue is three quarters full.",
        normal="none, or a few of many.",
        act="the alert fires above 10, if they are 1 % of all, for ten minutes. Look at Delivery and slow clients.",
        alerts=("GohubSlowClients",), limits=((10, WARNING),),
    ),
    Panel(
        "Nodes seen on the bus", "graph", one(node(pick("gohub_nodes"))),
        what="How many nodes each node sees on the bus, itself included.",
        normal="the number of nodes that run, the same on all of them.",
        act="`/debug/nodes` of a node lists those that it sees. If nodes differ, some do not reach the bus.",
        alerts=("GohubNodesMissing",),
        no_value="no bus",
    ),
))

MESSAGES = Row("Messages", (
    Panel(
        "Messages received by command", "graph", one(total(rate("gohub_messages_received_total"), "command"), "{{command}}"),
        unit="mps", stack=True,
        what="Messages that clients sent, all nodes together.",
        normal="what your clients usually send.",
        act="`invalid` grows: a client with a fault, or somebody who probes. None at all: clients do not reach the hub.",
    ),
    Panel(
        "Messages published by scope", "graph",
        one(total(rate("gohub_publishes_total"), "scope"), "{{scope}}"), unit="mps", stack=True,
        what="Messages that clients published: to a topic, to all, to one client.",
        normal="as at this time on other days.",
        act="more `broadcast` costs most: each message goes to every client.",
    ),
    Panel(
        "Messages delivered", "graph", one(node(rate("gohub_deliveries_written_total"))), unit="mps",
        what="Messages written to sockets, by node.",
        normal="what is published, times the receivers of each message.",
        act="it falls while clients publish: look for drops on Delivery and slow clients.",
    ),
))

NODE = Row("Nodes", (
    Panel(
        "Timers over 100 ms late", "graph", one(LATE), unit="eps",
        what="Timers that fired more than 100 ms late: a tick was long, or the process got no CPU time.",
        normal="0.",
        act="ticks are long too: a loop has too much work at once. Only timers are late: the process gets no CPU "
            "time; look at the other programs of the machine and at the CPU limit of its control group.",
        alerts=("GohubEventLoopLag",),
    ),
    *distribution(
        "Event loop lag", "gohub_event_loop_lag_seconds", width=8,
        what="How late timers fired.",
        normal="nearly all below a millisecond.",
        act="see whether it is one node or all: nodes on one machine share its CPU.",
        alerts=("GohubEventLoopLag",), limits=((0.1, WARNING),),
    ),
    *distribution(
        "Event loop tick duration", "gohub_event_loop_tick_seconds", width=8,
        what="How long a loop worked in one tick; it serves no socket meanwhile. The time until it got a CPU is "
             "not included.",
        normal="p99 far below 10 ms.",
        act="long ticks come from large fan-outs or many messages at once: use more loops, or fewer receivers a "
            "message.",
    ),
    Panel(
        "Busiest event loop", "graph",
        one(worst(rate("gohub_event_loop_busy_seconds_total"), *NODE)),
        unit="percentunit",
        what="The share of time in which the busiest loop of a node works.",
        normal="below 80 %.",
        act="add nodes or cores; the board Clients and node shows each loop.",
        alerts=("GohubEventLoopSaturated",), limits=((0.8, WARNING),),
    ),
    Panel(
        "Loops not answering scrapes within 5 minutes", "graph",
        one(node(increase("5m", "gohub_metrics_stale_snapshots_total"))),
        what="How often a loop did not answer a scrape in time.",
        normal="0.",
        act="a loop hangs, or gets no CPU. After 30 s `/livez` fails: restart the node.",
        alerts=("GohubLoopStuck", "GohubNotLive"), limits=((2.5, WARNING),),
    ),
    Panel(
        "Resident memory", "graph", one(node(pick("process_resident_memory_bytes"))), unit="bytes",
        what="Memory of the process that is in RAM.",
        normal="rises with the most connections so far; not all of it is given back when they close.",
        act="growth without more connections: look at the queues on Delivery and slow clients.",
    ),
    Panel(
        "Memory / connection", "graph",
        one(f"{pick('process_resident_memory_bytes')}\n  / ({pick('gohub_connections_peak')} > 1000)"), unit="bytes",
        what="Resident memory divided by the most connections since the start. Only nodes that have had more than 1000: "
             "with fewer, what the program itself needs would count too much.",
        normal="below 64 KiB.",
        act="clients have large messages, long queues or many subscriptions: `docs/operations.md` says what each costs.",
        alerts=("GohubMemoryPerConnection",), limits=((65536, WARNING),),
        no_value="no node has had more than 1000 connections",
    ),
    Panel(
        "Health checks", "timeline", one(node(pick("gohub_health_check"), "check"), "{{instance}} {{check}}"),
        what="What `/livez` and `/readyz` answer.",
        normal="every check passes.",
        act="`live` fails: restart the node. Only `bus` fails: do not restart it, mend the bus.",
        alerts=("GohubNotLive", "GohubNotReady"), mappings={0: ("fails", CRITICAL), 1: ("passes", GOOD)},
        width=12, height=CHECKS,
    ),
    Panel(
        "Restarts within 30 minutes", "graph",
        one(f"changes({pick('process_start_time_seconds')}[30m])"),
        what="How often each node was restarted.",
        normal="0, and 1 at a deploy.",
        act="more than 2: the last lines of its log say why; exit codes are in `docs/operations.md`.",
        alerts=("GohubCrashLooping",), limits=((2, CRITICAL),), width=12, height=CHECKS,
    ),
    Panel(
        "Versions", "table",
        one(total(pick("gohub_build_info"), "job", "instance", "version", "revision", "swift_version")),
        what="What runs on each node.",
        normal="the same version and revision on all nodes, but during a deploy.",
        act="a deploy stopped half-way: finish it, or roll it back.",
        alerts=("GohubVersionSkew",),
        columns={"instance": "Node", "version": "Version", "revision": "Revision", "swift_version": "Compiler",
                 "job": "Job"},
        width=16, height=LOW,
    ),
    Panel(
        "Uptime", "stat", one(f"time() - {node(pick('process_start_time_seconds'))}"), unit="dtdurations",
        what="How long each process has run.",
        normal="since the last deploy.",
        act="shorter than that: it was restarted, or it crashed; look at its log.",
        height=LOW,
    ),
))

BOARD = Board(
    "gohub-overview", "gohub / Is gohub sick?",
    "What fires, which node, what users feel. The other boards say why.",
    (NOW, USERS, CLIENTS, MESSAGES, NODE),
)
