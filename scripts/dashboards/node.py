# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Clients and node: who comes and who is turned away, what clients ask for, what the process and its loops use."""

from dashboards.model import WARNING, Board, Panel, Row, Target, one
from dashboards.parts import distribution
from dashboards.queries import increase, node, pick, quantile_where_any, rate, total

REFUSED_BY_NODE = 'reason=~"node_limit|ip_limit"'

ARRIVALS = Row("Who comes, and who is turned away", (
    Panel(
        "Turned away by reason", "graph", one(total(rate("gohub_connections_rejected_total"), "reason"), "{{reason}}"),
        unit="ops", stack=True,
        what="Connections that ended before they were WebSockets.",
        normal="some of scanners: `bad_handshake`, `bad_request`, `header_timeout`, `silent`, `aborted`.",
        act="`origin`: a page that is not in `server.allowed_origins`. `draining`: a deploy. "
            "`node_limit`, `ip_limit`: see the panel beside.",
    ),
    Panel(
        "Turned away by limits", "graph",
        one(node(rate("gohub_connections_rejected_total", REFUSED_BY_NODE), "reason"), "{{instance}} {{reason}}"),
        unit="ops",
        what="Clients that a limit of the node kept out.",
        normal="0.",
        act="`node_limit`: add a node or raise `server.max_connections`. `ip_limit`: behind a proxy set "
            "`server.max_connections_per_ip: 0`; otherwise it is one address that connects too much.",
        alerts=("GohubRejecting",), limits=((1, WARNING),),
    ),
    Panel(
        "Rests of listeners within 5 minutes", "graph", one(node(increase("5m", "gohub_accept_pauses_total"))),
        what="Times that a listener rested for 100 ms because descriptors or memory had run out.",
        normal="0.",
        act="see open files and memory below.",
        alerts=("GohubAcceptPauses",), limits=((10, WARNING),),
    ),
    Panel(
        "Accepted", "graph", one(node(rate("gohub_connections_accepted_total"))), unit="ops",
        what="TCP connections accepted, of clients and operators.",
        normal="what clients open, and the scrapes.",
        act="far more than WebSockets are opened: probes of a balancer, or scanners.",
    ),
    Panel(
        "Handshakes by result", "graph",
        one(total(rate("gohub_handshake_duration_seconds_count"), "result"), "{{result}}"),
        unit="ops", stack=True,
        what="Upgrade requests that were answered.",
        normal="nearly all `ok`.",
        act="`rejected`: the reasons stand above.",
    ),
    Panel(
        "p99 of handshakes", "graph",
        one(quantile_where_any(0.99, "gohub_handshake_duration_seconds", by=("result",)), "{{result}}"),
        unit="s",
        what="Time from the last byte of an upgrade request to its answer.",
        normal="below a millisecond.",
        act="the loops are held up: see Is gohub sick?",
    ),
    Panel(
        "Handshakes", "heatmap", one(total(rate("gohub_handshake_duration_seconds_bucket"), "le"), "{{le}}"), unit="s",
        what="The same times, all of them.",
        normal="one band below a millisecond.",
        act="a second band is one slow node, or a loop that is busy at times.",
    ),
    Panel(
        "Connections that ended: how long they were open", "heatmap",
        one(total(rate("gohub_connection_duration_seconds_bucket"), "le"), "{{le}}"), unit="s",
        what="How long WebSockets that ended had been open.",
        normal="what your clients do: minutes to hours.",
        act="one band at a round time is a time-out of a proxy between clients and hub.",
    ),
    Panel(
        "Connections that are no WebSockets", "graph", one(pick("gohub_http_connections")),
        what="HTTP connections, or such as are no WebSockets yet, that of the scrape included.",
        normal="a few.",
        act="many: clients that connect and send nothing; `header_timeout` ends them.",
    ),
    Panel(
        "Most connections so far", "graph", one(pick("gohub_connections_peak")),
        what="The most WebSockets open at once since the start.",
        normal="below the limit, with room for the clients of a node that fails.",
        act="plan another node before it nears `server.max_connections`.",
    ),
    Panel(
        "Drain: connections to close", "graph", one(pick("gohub_drain_remaining_connections")),
        what="WebSockets that a drain still has to close.",
        normal="0 without a drain; in one it falls to 0 within `server.drain_timeout`.",
        act="it does not fall: the process is held up; it ends what is left at its deadline.",
        alerts=("GohubDrainStuck",),
    ),
    Panel(
        "Drain: deadline", "stat",
        one(f"1000 * {node(pick('gohub_drain_deadline_timestamp_seconds'))}"), unit="dateTimeFromNow",
        what="When the drain in progress ends what is left.",
        normal="no drain.",
        act="it has passed and the node is still there: its process hangs, end it.",
        alerts=("GohubDrainStuck",), mappings={0: ("no drain", "green")},
    ),
))

COMMANDS = Row("What clients ask for", (
    *distribution(
        "Time of commands", "gohub_command_duration_seconds",
        what="Time to handle a client's message, without its deliveries.",
        normal="below a tenth of a millisecond.",
        act="see which command it is, below.",
    ),
    Panel(
        "p99 by command", "graph",
        one(quantile_where_any(0.99, "gohub_command_duration_seconds", by=("command",)), "{{command}}"),
        unit="s",
        what="99 of 100 messages of each kind were handled faster.",
        normal="all alike.",
        act="`broadcast` and `publish` put messages into queues: they grow with the receivers.",
    ),
    Panel(
        "Answered with an error", "graph",
        one(total(rate("gohub_command_errors_total"), "command", "code"), "{{command}} {{code}}"), unit="ops",
        what="Messages of clients that were answered with an error.",
        normal="some `client_not_found`, as clients go.",
        act="`too_many`, `node_full`: limits of subscriptions. `bus_unavailable`: the bus. `internal`: a fault of the "
            "program, look at its log. Others are the client's fault.",
    ),
    Panel(
        "Bytes received by command", "graph",
        one(total(rate("gohub_messages_received_bytes_total"), "command"), "{{command}}"),
        unit="Bps", stack=True,
        what="Bytes of the messages that clients sent.",
        normal="follows what clients publish.",
        act="much `invalid`: somebody sends what is no message of the hub.",
    ),
    Panel(
        "Published to nobody here", "graph", one(node(rate("gohub_publishes_unreceived_total"))), unit="ops",
        what="Messages to a topic without a subscriber on this node; other nodes may have some.",
        normal="what your clients do.",
        act="all of them: subscribers and publishers use different names.",
        width=12,
    ),
    Panel(
        "Unfinished messages", "graph", one(pick("gohub_unfinished_message_bytes")), unit="bytes",
        what="Memory for messages that have not arrived whole, or wait for their client's turn.",
        normal="near 0.",
        act="it grows: clients that begin messages and do not end them; `server.message_timeout` closes them.",
        width=12,
    ),
))

TOPICS = Row("Topics and subscriptions", (
    Panel(
        "Subscriptions", "graph", one(pick("gohub_subscriptions")),
        what="Subscriptions to topics.",
        normal="follows the connections.",
        act="it grows without clients: they subscribe and do not unsubscribe. `hub.max_subscriptions_per_client` "
            "bounds it.",
        width=12,
    ),
    Panel(
        "Topics", "graph", one(pick("gohub_topics")),
        what="Topics that have a subscriber, counted on each loop.",
        normal="what your clients use.",
        act="it nears `hub.max_topics` on each loop: further ones are refused with `node_full`.",
        width=12,
    ),
    Panel(
        "Begun and ended", "graph", one(total(rate("gohub_topic_operations_total"), "op"), "{{op}}"), unit="ops",
        what="Subscriptions begun and ended by request.",
        normal="both alike; those of clients that go are not among the ended.",
        act="very many of both: clients that subscribe for each message.",
        width=12,
    ),
    Panel(
        "Largest topic on one loop", "graph", one(pick("gohub_topic_subscribers_max")),
        what="Subscribers on one loop of the topic that has most.",
        normal="what your topics have.",
        act="each message to it makes as many deliveries in one tick: more loops or nodes share them.",
        width=12,
    ),
), collapsed=True)

HTTP = Row("HTTP", (
    Panel(
        "Requests by route and status", "graph",
        one(total(rate("gohub_http_requests_total"), "route", "method", "status"), "{{method}} {{route}} {{status}}"),
        unit="ops",
        what="HTTP requests answered, those for WebSockets (1xx) too.",
        normal="`/ws` 1xx, `/metrics` 2xx, what your balancer asks.",
        act="5xx of `/readyz`: the node is not ready. 4xx of `other`: scanners.",
        width=12,
    ),
    Panel(
        "p99 by route", "graph",
        one(quantile_where_any(0.99, "gohub_http_request_duration_seconds", by=("route",)), "{{route}}"),
        unit="s",
        what="From a request's head to its answer.",
        normal="`/metrics` some milliseconds, others less than one.",
        act="`/metrics` is slow: a loop does not answer, or the page is long.",
        width=12,
    ),
    Panel(
        "HTTP requests", "heatmap",
        one(total(rate("gohub_http_request_duration_seconds_bucket"), "le"), "{{le}}"), unit="s",
        what="The same times of all routes.",
        normal="one band for pages, one for scrapes.",
        act="a band at a second: loops that do not answer scrapes.",
        width=12,
    ),
    Panel(
        "Requests in progress", "graph", one(pick("gohub_http_inflight_requests")),
        what="Requests that wait for an answer from another thread, the scrape apart.",
        normal="0 or 1.",
        act="it grows: many scrape at once, or the page takes long.",
        width=12,
    ),
), collapsed=True)

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
        normal="below 5 %.",
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
        normal="below 10 %.",
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
