# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Clients and node: who comes and who is turned away, what clients ask for, what the process and its loops use."""

from dashboards.clients import ARRIVALS, COMMANDS, HTTP, TOPICS
from dashboards.model import WARNING, Board, Panel, Row, one
from dashboards.queries import increase, node, pick, rate, total

LOOPS = Row("Event loops", (
    Panel(
        "Busy by loop", "graph",
        one(node(rate("gohub_event_loop_busy_seconds_total"), "loop"), "{{instance}} {{loop}}"),
        unit="percentunit",
        what="The share of time in which each loop works.",
        normal="below 80 %, and all loops alike.",
        act="one loop: it has a client or a topic that makes much work. All loops: add nodes or cores.",
        alerts=("GohubEventLoopSaturated",), limits=((0.8, WARNING),),
    ),
    Panel(
        "Waiting for CPU by loop", "graph",
        one(node(rate("gohub_event_loop_waiting_seconds_total"), "loop"), "{{instance}} {{loop}}"), unit="percentunit",
        what="The share of time in which the thread of a loop was ready to run and waited for a core.",
        normal="near 0 %.",
        act="other programs use the CPU: give the hub cores of its own, or move the others.",
    ),
    Panel(
        "Connections by loop", "graph", one(pick("gohub_event_loop_connections"), "{{instance}} {{loop}}"),
        what="WebSockets of each loop.",
        normal="all alike.",
        act="uneven: connections live long. It evens out as clients reconnect.",
    ),
    Panel(
        "Time slices used up", "graph", one(node(rate("gohub_event_loop_overruns_total"))), unit="eps", width=6,
        what="How often a part of a tick used up its slice of time, so that its rest waited for the next tick.",
        normal="0, a few in bursts.",
        act="it lasts: the loops have more work than time.",
    ),
    Panel(
        "CPU throttling", "graph",
        one(node(rate("gohub_host_throttled_seconds_total"))), unit="percentunit", width=6,
        what="The time in which the control group stopped the process, because it had used up its CPU limit; summed "
             "over cores.",
        normal="0 %.",
        act="raise the CPU limit of the container, or remove it: each stop is a long delay for clients.",
    ),
    Panel(
        "Machine pressure by resource", "graph",
        one(node(rate("gohub_host_pressure_seconds_total"), "resource"), "{{instance}} {{resource}}"),
        unit="percentunit", width=6,
        what="The share of time in which some task of the machine waited for this resource.",
        normal="near 0 %, or as always on this machine.",
        act="`cpu`: too many programs for the cores. `memory`: it swaps. `io`: a disk, which the hub needs only for its "
            "log.",
    ),
    Panel(
        "Number of loops", "stat", one(pick("gohub_event_loops")), width=6,
        what="How many loops each node runs.",
        normal="one a core, unless `server.loops` says otherwise.",
        act="it is not what you set: check the configuration of the node.",
    ),
))

PROCESS = Row("Process", (
    Panel(
        "CPU cores used", "graph", one(rate("process_cpu_seconds_total")),
        what="How many cores the process keeps busy: 1 is one core.",
        normal="fewer than it has.",
        act="nearly all of them: add nodes or cores.",
    ),
    Panel(
        "Resident memory", "graph", one(pick("process_resident_memory_bytes")), unit="bytes",
        what="Memory of the process that is in RAM.",
        normal="rises with the most connections so far.",
        act="near the limit of the container the kernel kills the process. Look at the queues on Delivery and slow "
            "clients, and at the heap beside.",
        alerts=("GohubMemoryPerConnection",),
    ),
    Panel(
        "Heap", "graph", one(pick("gohub_runtime_heap_bytes"), "{{instance}} {{part}}"), unit="bytes",
        what="What malloc holds: `used` and `unused` in its arenas, `mapped` for single large blocks.",
        normal="`unused` grows after many clients have left.",
        act="`used` grows while clients do not: a leak; save the graph of some hours, and report it.",
    ),
    Panel(
        "Open files", "graph", one(pick("process_open_fds")),
        what="File descriptors that are open.",
        normal="one for each connection, and a few dozen.",
        act="near the limit: see the panel beside.",
        alerts=("GohubFdsHigh",),
    ),
    Panel(
        "Open files / limit", "graph",
        one(f"{pick('process_open_fds')}\n  / {pick('process_max_fds')}"), unit="percentunit",
        what="The share of the allowed file descriptors that are open.",
        normal="below 85 %.",
        act="raise `ulimit -n` (`LimitNOFILE=` of systemd) and restart the node. At 100 % no client can connect.",
        alerts=("GohubFdsHigh",), limits=((0.85, WARNING),),
    ),
    Panel(
        "Threads", "graph", one(pick("process_threads")),
        what="Threads of the process.",
        normal="nearly constant: the loops and a few more.",
        act="it grows: a bug; report it.",
    ),
    Panel(
        "Socket bytes read", "graph", one(node(rate("gohub_socket_read_bytes_total"))), unit="Bps",
        what="Bytes read from sockets, of WebSockets and HTTP.",
        normal="rises and falls with what clients send.",
        act="far more than Bytes received by command: somebody sends what is no message.",
    ),
    Panel(
        "Major page faults", "graph", one(node(rate("process_page_faults_total", 'kind="major"'))), unit="eps",
        what="Pages of memory that had to be read from the disk.",
        normal="0, but at the start.",
        act="the machine swaps: it has too little memory.",
    ),
    Panel(
        "Started", "table", one(f"1000 * {node(pick('process_start_time_seconds'))}"), unit="dateTimeAsIso",
        what="When each process started.",
        normal="at the last deploy.",
        act="later than that: it was restarted, or it crashed; the last lines of its log say why.",
        alerts=("GohubCrashLooping",),
        columns={"instance": "Node", "Value": "Started", "job": "Job"},
    ),
))

# The limits of two nodes.
LONG = 20

SETTINGS = Row("Names and limits", (
    Panel(
        "Node names", "table", one(total(pick("gohub_node_info"), "job", "instance", "node")),
        what="The name of each node, as clients and the log know it.",
        normal="a different name on each node.",
        act="the same name twice: set `hub.node_id` on each node, or on none.",
        columns={"instance": "Node", "node": "Name", "job": "Job"},
    ),
    Panel(
        "Limits in force", "table", one(total(pick("gohub_limit"), "limit", "instance", "job")), unit="locale",
        what="Each limit by its key in the configuration, in the unit of that key: those that end in `_bytes` are bytes. "
             "0 means no limit.",
        normal="the same on all nodes.",
        act="configure all nodes alike. Fewer connections than configured: the limit of open files is too low, see the "
            "log of the start.",
        columns={"limit": "Limit", "instance": "Node", "Value": "Value", "job": "Job"},
        sort_by="Limit", width=16, height=LONG,
    ),
), collapsed=True)

TELEMETRY = Row("Log and metrics", (
    Panel(
        "Log records by level", "graph",
        one(total(rate("gohub_log_events_total"), "level"), "{{level}}"), unit="eps", stack=True, width=12,
        what="Records made for the log.",
        normal="few `info`, almost no `warning`, no `error`.",
        act="read the log: each record says what happened and what to do.",
    ),
    Panel(
        "Log lines dropped within 5 minutes", "graph", one(node(increase("5m", "gohub_log_dropped_total"))),
        width=12,
        what="Lines that were dropped, because the reader of the log was too slow or gone, or the disk was full.",
        normal="0.",
        act="check what reads the log, and the disk.",
        alerts=("GohubLogLinesDropped",),
    ),
    Panel(
        "Loops not answering scrapes within 5 minutes", "graph",
        one(node(increase("5m", "gohub_metrics_stale_snapshots_total"))),
        what="How often a loop did not answer a scrape in time, so that its last values were shown again.",
        normal="0.",
        act="a loop is held up: see the event loops on Is gohub sick?",
        alerts=("GohubLoopStuck",), limits=((2.5, WARNING),),
    ),
    Panel(
        "Metric series", "graph", one(pick("gohub_metrics_series")),
        what="How many series the page of metrics has.",
        normal="constant, below 10 000.",
        act="it grows: there are more loops or labels, and Prometheus has to store more.",
    ),
    Panel(
        "Scrape duration", "graph", one(pick("gohub_metrics_scrape_duration_seconds")), unit="s",
        what="How long it took to collect the metrics and write the page.",
        normal="a few milliseconds.",
        act="a loop does not answer, or the machine is busy.",
    ),
    Panel(
        "Slow scrapers closed within 5 minutes", "graph",
        one(node(increase("5m", "gohub_metrics_readers_ended_total"))), width=12,
        what="Clients that asked for the metrics, did not read them, and were closed to make room for others.",
        normal="0.",
        act="somebody other than Prometheus reads the metrics: close `server.admin_addr` to it.",
    ),
    Panel(
        "Metric updates refused within 15 minutes", "graph",
        one(node(increase("15m", "gohub_metrics_updates_refused_total"), "reason"), "{{instance}} {{reason}}"),
        width=12,
        what="Updates of metrics that the program refused.",
        normal="0.",
        act="a bug; report it with the page of `/metrics`.",
        alerts=("GohubMetricsFaulty",),
    ),
), collapsed=True)

BOARD = Board(
    "gohub-node", "gohub / Clients and node",
    "Who comes and who is turned away, what clients ask for, what the process and its loops use.",
    (ARRIVALS, COMMANDS, TOPICS, HTTP, LOOPS, PROCESS, SETTINGS, TELEMETRY),
)
