# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Clients and node: who comes and who is turned away, what clients ask for, what the process and its loops use."""

from dashboards.clients import ARRIVALS, COMMANDS, HTTP, TOPICS
from dashboards.model import WARNING, Board, Panel, Row, Target, one
from dashboards.queries import increase, node, pick, rate, total

LOOPS = Row("Event loops", (
    Panel(
        "Busy: each loop", "graph",
        one(node(rate("gohub_event_loop_busy_seconds_total"), "loop"), "{{instance}} {{loop}}"),
        unit="percentunit",
        what="The share of time that the loop works.",
        normal="below 80 %, and all loops alike.",
        act="one loop alone: it has a client or a topic that makes much work. All: add nodes or cores.",
        alerts=("GohubEventLoopSaturated",), limits=((0.8, WARNING),),
    ),
    Panel(
        "Waiting for a core: each loop", "graph",
        one(node(rate("gohub_event_loop_waiting_seconds_total"), "loop"), "{{instance}} {{loop}}"), unit="percentunit",
        what="The share of time that the loop's thread was ready to run and waited for a core.",
        normal="near 0 %.",
        act="other programs take the processor: give the hub cores of its own, or fewer neighbours.",
    ),
    Panel(
        "Connections: each loop", "graph", one(pick("gohub_event_loop_connections"), "{{instance}} {{loop}}"),
        what="WebSockets of each loop.",
        normal="all alike.",
        act="uneven for long: connections live long; it evens out as they come anew.",
    ),
    Panel(
        "Time slices used up", "graph", one(node(rate("gohub_event_loop_overruns_total"))), unit="ops",
        what="Parts of ticks that used up their slice of time, so that the rest waited for the next tick.",
        normal="0, some in bursts.",
        act="it goes on: the loops have more work than time.",
    ),
    Panel(
        "Stopped by the control group", "graph",
        one(node(rate("gohub_host_throttled_seconds_total"))), unit="percentunit",
        what="Time a second in which the process had used up its share of the processor, each core's counted.",
        normal="0.",
        act="raise the container's limit of the processor, or take it away: such stops are long delays for clients.",
    ),
    Panel(
        "Pressure of the machine", "graph",
        one(node(rate("gohub_host_pressure_seconds_total"), "resource"), "{{instance}} {{resource}}"),
        unit="percentunit",
        what="The share of time in which some task of the machine waited for this resource.",
        normal="near 0 %, or what this machine always has.",
        act="`cpu`: too many programs for the cores. `memory`: it swaps. `io`: a disk, which the hub needs for its "
            "log alone.",
    ),
    Panel(
        "Loops", "stat", one(pick("gohub_event_loops")), height=4,
        what="How many loops each node runs.",
        normal="one a core, unless `server.loops` says otherwise.",
        act="it is not what you set: look at the configuration of the node.",
    ),
))

PROCESS = Row("Process", (
    Panel(
        "Processor", "graph", one(rate("process_cpu_seconds_total")),
        what="Cores that the process keeps busy.",
        normal="below the cores that it has.",
        act="at the cores of the machine: add nodes or cores.",
    ),
    Panel(
        "Resident memory", "graph", one(pick("process_resident_memory_bytes")), unit="bytes",
        what="Memory of the process that is in RAM.",
        normal="follows the most connections so far.",
        act="near the limit of the container: the kernel will end the process. Look at the queues, and at the heap "
            "beside.",
        alerts=("GohubMemoryPerConnection",),
    ),
    Panel(
        "Heap", "graph", one(pick("gohub_runtime_heap_bytes"), "{{instance}} {{part}}"), unit="bytes",
        what="What malloc holds: used in its arenas, unused in them, mapped for single large blocks.",
        normal="unused grows after many clients have gone.",
        act="`used` grows without clients: a leak; keep figures of some hours, and report it.",
    ),
    Panel(
        "Open files", "graph",
        (
            Target(pick("process_open_fds"), "open {{instance}}"),
            Target(pick("process_max_fds"), "limit {{instance}}"),
        ),
        what="File descriptors that are open, and may be.",
        normal="one a connection, and some tens.",
        act="raise `ulimit -n` (`LimitNOFILE=` of systemd) and start the node anew.",
        alerts=("GohubFdsHigh",),
    ),
    Panel(
        "Open files of the limit", "graph",
        one(f"{pick('process_open_fds')}\n  / {pick('process_max_fds')}"), unit="percentunit",
        what="The share of file descriptors that are open.",
        normal="below 85 %.",
        act="at 100 % no client can connect and no log can be opened.",
        alerts=("GohubFdsHigh",), limits=((0.85, WARNING),),
    ),
    Panel(
        "Threads", "graph", one(pick("process_threads")),
        what="Threads of the process.",
        normal="constant: the loops and some more.",
        act="it grows: a fault of the program; report it.",
    ),
    Panel(
        "Bytes read", "graph", one(node(rate("gohub_socket_read_bytes_total"))), unit="Bps",
        what="Bytes read from sockets, of WebSockets and HTTP.",
        normal="follows what clients send.",
        act="far more than their messages hold: somebody sends what is no message.",
    ),
    Panel(
        "Major page faults", "graph", one(node(rate("process_page_faults_total", 'kind="major"'))), unit="ops",
        what="Pages that had to be read from the disk.",
        normal="0, but at the start.",
        act="the machine swaps: it has too little memory.",
    ),
    Panel(
        "Time of the start", "table", one(f"1000 * {node(pick('process_start_time_seconds'))}"), unit="dateTimeAsIso",
        what="When each process started.",
        normal="at the last deploy.",
        act="later than that: it ended by itself; its log ends with why.",
        alerts=("GohubCrashLooping",),
        columns={"instance": "Node", "Value": "Started", "job": "Job"},
    ),
))

SETTINGS = Row("Names and limits", (
    Panel(
        "Names of nodes", "table", one(total(pick("gohub_node_info"), "job", "instance", "node")),
        what="The name of each node, as clients and the log have it.",
        normal="another name on each.",
        act="the same name twice: set `hub.node_id` on each, or on none.",
        columns={"instance": "Address", "node": "Node", "job": "Job"},
    ),
    Panel(
        "Limits in force", "table", one(total(pick("gohub_limit"), "limit", "instance", "job")), unit="locale",
        what="By their key of the configuration and in its unit; 0 is no limit.",
        normal="the same on all nodes.",
        act="set all nodes up alike. Fewer connections than set: open files did not suffice, see the log of the start.",
        columns={"limit": "Limit", "instance": "Node", "Value": "Value", "job": "Job"},
        width=16,
    ),
), collapsed=True)

TELEMETRY = Row("Log and metrics", (
    Panel(
        "Log records by level", "graph",
        one(total(rate("gohub_log_events_total"), "level"), "{{level}}"), unit="ops", stack=True,
        what="Records made for the log.",
        normal="few `info`, next to no `warning`, no `error`.",
        act="read them: each says what happened and what to do.",
    ),
    Panel(
        "Log lines dropped within 5 minutes", "graph", one(node(increase("5m", "gohub_log_dropped_total"))),
        what="Lines that were dropped because the log's reader did not keep up or had gone, or the disk was full.",
        normal="0.",
        act="look at what reads the log, and at the disk.",
        alerts=("GohubLogLinesDropped",),
    ),
    Panel(
        "Stale scrapes within 5 minutes", "graph", one(node(increase("5m", "gohub_metrics_stale_snapshots_total"))),
        what="Scrapes for which a loop did not answer in time, so that its last values were shown again.",
        normal="0.",
        act="a loop is held up: see Is gohub sick?",
        alerts=("GohubLoopStuck",), limits=((2.5, WARNING),),
    ),
    Panel(
        "Series", "graph", one(pick("gohub_metrics_series")),
        what="Sample lines on the page of metrics.",
        normal="constant, below 10 000.",
        act="it grows: loops or labels were added; look what Prometheus stores.",
    ),
    Panel(
        "Time of a scrape", "graph", one(pick("gohub_metrics_scrape_duration_seconds")), unit="s",
        what="How long the page took to collect and write.",
        normal="some milliseconds.",
        act="a loop does not answer, or the machine is busy.",
    ),
    Panel(
        "Scrapers ended within 5 minutes", "graph", one(node(increase("5m", "gohub_metrics_readers_ended_total"))),
        what="Readers of the page that did not take it and were ended, as others needed the room.",
        normal="0.",
        act="somebody else than Prometheus reads the page slowly: close `server.admin_addr` to it.",
    ),
    Panel(
        "Metrics refused within 15 minutes", "graph",
        one(node(increase("15m", "gohub_metrics_updates_refused_total"), "reason"), "{{instance}} {{reason}}"),
        what="Updates of metrics that were not taken.",
        normal="0.",
        act="a fault of the program; report it with the page of `/metrics`.",
        alerts=("GohubMetricsFaulty",),
    ),
), collapsed=True)

BOARD = Board(
    "gohub-node", "gohub / Clients and node",
    "Who comes and who is turned away, what clients ask for, what the process and its loops use.",
    (ARRIVALS, COMMANDS, TOPICS, HTTP, LOOPS, PROCESS, SETTINGS, TELEMETRY),
)
