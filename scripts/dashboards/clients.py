# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The rows of clients on the board Clients and node: who comes and who is turned away, what clients ask for."""

from dashboards.model import WARNING, Panel, Row, Target, one
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
        one(total(rate("gohub_http_requests_total"), "route", "status"), "{{route}} {{status}}"),
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
