# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The rows of clients on the board Clients and node: who comes and who is turned away, what clients ask for."""

from dashboards.model import GOOD, WARNING, Panel, Row, Target, one
from dashboards.parts import distribution
from dashboards.queries import increase, node, pick, quantile_where_any, rate, total, where_any

REFUSED_BY_NODE = 'reason=~"node_limit|ip_limit"'
# The height of the line of drains, which mostly says that there is none.
LOW = 6

ARRIVALS = Row("Connections and handshakes", (
    Panel(
        "Connections rejected by reason", "graph",
        one(total(rate("gohub_connections_rejected_total"), "reason"), "{{reason}}"), unit="cps", stack=True,
        what="Connections that ended before they became WebSockets.",
        normal="a few, of scanners: `bad_handshake`, `bad_request`, `header_timeout`, `silent`, `aborted`.",
        act="`origin`: a page whose origin is not in `server.allowed_origins`. `draining`: a deploy. "
            "`node_limit`, `ip_limit`: see the panel beside.",
    ),
    Panel(
        "Connections rejected by limits", "graph",
        one(node(rate("gohub_connections_rejected_total", REFUSED_BY_NODE), "reason"), "{{instance}} {{reason}}"),
        unit="cps",
        what="Clients that a limit of the node kept out.",
        normal="0.",
        act="`node_limit`: add a node, or raise `server.max_connections`. `ip_limit`: behind a proxy set "
            "`server.max_connections_per_ip: 0`; otherwise one address connects too often.",
        alerts=("GohubRejecting",), limits=((1, WARNING),),
    ),
    Panel(
        "Accept pauses within 5 minutes", "graph", one(node(increase("5m", "gohub_accept_pauses_total"))),
        what="How often a listener stopped accepting for 100 ms, because file descriptors or memory had run out.",
        normal="0.",
        act="see Open files and Resident memory below.",
        alerts=("GohubAcceptPauses",), limits=((10, WARNING),),
    ),
    Panel(
        "TCP connections accepted", "graph", one(node(rate("gohub_connections_accepted_total"))), unit="cps",
        what="TCP connections that were accepted, of clients and of operators.",
        normal="what clients open, and the scrapes.",
        act="far more than WebSockets are opened: health checks of a load balancer, or scanners.",
    ),
    Panel(
        "Handshakes by result", "graph",
        one(total(rate("gohub_handshake_duration_seconds_count"), "result"), "{{result}}"),
        unit="reqps", stack=True,
        what="Upgrade requests that were answered.",
        normal="nearly all `ok`.",
        act="`rejected`: Connections rejected by reason says why.",
    ),
    Panel(
        "Handshake duration, p99 by result", "graph",
        one(quantile_where_any(0.99, "gohub_handshake_duration_seconds", by=("result",)), "{{result}}"),
        unit="s", logarithmic_from=0,
        what="Time from the last byte of an upgrade request to its answer.",
        normal="below a millisecond.",
        act="the loops are held up: see the event loops on Is gohub sick?",
    ),
    Panel(
        "Handshake duration", "heatmap", one(total(rate("gohub_handshake_duration_seconds_bucket"), "le"), "{{le}}"),
        unit="s", cells="reqps",
        what="Time from the last byte of an upgrade request to its answer, all results together.",
        normal="one band below a millisecond.",
        act="a second band: one node is slow, or a loop is busy at times.",
    ),
    Panel(
        "Lifetime of closed connections", "heatmap",
        one(total(rate("gohub_connection_duration_seconds_bucket"), "le"), "{{le}}"), unit="s", cells="cps",
        what="How long WebSockets had been open when they were closed.",
        normal="as your clients do: minutes to hours.",
        act="one band at a round time: a proxy between clients and hub has such a timeout.",
    ),
    Panel(
        "HTTP connections", "graph", one(pick("gohub_http_connections")),
        what="Connections that are not WebSockets, or not yet; that of the scrape included.",
        normal="a few.",
        act="many: clients connect and send nothing; `header_timeout` closes them.",
    ),
    Panel(
        "Peak connections", "graph", one(pick("gohub_connections_peak")),
        what="The most WebSockets that were open at once since the start.",
        normal="below the limit, with room for the clients of a node that fails.",
        act="add a node before it comes near `server.max_connections`.",
        height=LOW,
    ),
    Panel(
        "Drain: connections left", "graph", one(pick("gohub_drain_remaining_connections")),
        what="WebSockets that a drain still has to close.",
        normal="0 without a drain; during one it falls to 0 within `server.drain_timeout`.",
        act="it does not fall: the process is held up. At the deadline it closes what is left.",
        alerts=("GohubDrainStuck",), height=LOW,
    ),
    Panel(
        "Drain: deadline", "stat",
        one(f"1000 * {node(pick('gohub_drain_deadline_timestamp_seconds'))}"), unit="dateTimeFromNow",
        what="When the current drain closes what is left.",
        normal="no drain.",
        act="it has passed and the node still runs: its process hangs, kill it.",
        alerts=("GohubDrainStuck",), mappings={0: ("no drain", GOOD)}, height=LOW,
    ),
))

# The bounds of these buckets are far apart.
COARSE = (
    "Times are estimated within a bucket, and its bounds are far apart (10, 50, 100, 500 µs, 1, 10 ms): a p99 just below "
    "500 µs says only that it is between 100 and 500."
)

COMMANDS = Row("Commands of clients", (
    *distribution(
        "Command duration", "gohub_command_duration_seconds", cells="mps",
        what="Time to handle a message of a client, without its deliveries.", quantiles=COARSE,
        normal="below 100 µs.",
        act="the panel below shows which command it is.",
    ),
    Panel(
        "Command duration, p99 by command", "graph",
        one(quantile_where_any(0.99, "gohub_command_duration_seconds", by=("command",)), "{{command}}"),
        unit="s", logarithmic_from=0,
        what=f"99 of 100 messages of each kind were handled faster. {COARSE}",
        normal="all alike.",
        act="`broadcast` and `publish` put messages into queues: the more receivers, the longer they take.",
    ),
    Panel(
        "Errors by command and code", "graph",
        one(where_any(total(rate("gohub_command_errors_total"), "command", "code")), "{{command}} {{code}}"),
        unit="mps", only_above_zero=True, no_value="0: there were no errors",
        what="Messages of clients that were answered with an error; only errors that there were.",
        normal="a few `client_not_found`, as clients come and go.",
        act="`too_many`, `node_full`: limits of subscriptions. `bus_unavailable`: the bus. `internal`: a bug; the log "
            "says more. Others are the client's fault.",
    ),
    Panel(
        "Bytes received by command", "graph",
        one(total(rate("gohub_messages_received_bytes_total"), "command"), "{{command}}"),
        unit="Bps", stack=True,
        what="Bytes of the messages that clients sent.",
        normal="rises and falls with what clients publish.",
        act="much `invalid`: somebody sends what is no message of the hub.",
    ),
    Panel(
        "Messages without a local subscriber", "graph", one(node(rate("gohub_publishes_unreceived_total"))), unit="mps",
        what="Messages to a topic that has no subscriber on this node; other nodes may have some.",
        normal="as many as on other days.",
        act="nearly all messages: subscribers and publishers use different names of topics.",
        width=12,
    ),
    Panel(
        "Bytes of unfinished messages", "graph", one(pick("gohub_unfinished_message_bytes")), unit="bytes",
        what="Memory for messages that have arrived only in part, or wait for their client's turn.",
        normal="near 0.",
        act="it grows: clients begin messages and do not finish them; `server.message_timeout` closes them.",
        width=12,
    ),
))

TOPICS = Row("Topics and subscriptions", (
    Panel(
        "Subscriptions", "graph", one(pick("gohub_subscriptions")),
        what="Subscriptions to topics.",
        normal="rises and falls with the connections.",
        act="it grows while connections do not: clients subscribe and never unsubscribe. "
            "`hub.max_subscriptions_per_client` limits it.",
        width=12,
    ),
    Panel(
        "Topics", "graph", one(pick("gohub_topics")),
        what="Topics that have a subscriber; one that is used on several loops counts on each of them.",
        normal="as many as your clients use.",
        act="near `hub.max_topics` on a loop further topics are refused with `node_full`.",
        width=12,
    ),
    Panel(
        "Subscribes and unsubscribes", "graph", one(total(rate("gohub_topic_operations_total"), "op"), "{{op}}"), unit="ops",
        what="Requests of clients to subscribe and to unsubscribe.",
        normal="fewer unsubscribe: clients that disconnect do not ask.",
        act="very many of both: clients subscribe for each message.",
        width=12,
    ),
    Panel(
        "Subscribers of the largest topic on a loop", "graph", one(pick("gohub_topic_subscribers_max")),
        what="The most subscribers that one topic has on one loop.",
        normal="as your clients use topics.",
        act="each message to it makes as many deliveries in one tick: more loops or nodes share them.",
        width=12,
    ),
), collapsed=True)

HTTP = Row("HTTP", (
    Panel(
        "HTTP requests by route and status", "graph",
        one(where_any(total(rate("gohub_http_requests_total"), "route", "status")), "{{route}} {{status}}"),
        unit="reqps", only_above_zero=True, no_value="0: there were no requests",
        what="HTTP requests that were answered, those for WebSockets (1xx) included; only those that there were.",
        normal="`/ws` 1xx, `/metrics` 2xx, and what your load balancer asks.",
        act="5xx of `/readyz`: the node is not ready. 4xx of `other`: scanners.",
        width=12,
    ),
    Panel(
        "HTTP duration, p99 by route", "graph",
        one(quantile_where_any(0.99, "gohub_http_request_duration_seconds", by=("route",)), "{{route}}"),
        unit="s", logarithmic_from=0,
        what="Time from the head of a request to its answer.",
        normal="`/metrics` a few milliseconds, others less than one.",
        act="`/metrics` is slow: a loop does not answer, or the page is long.",
        width=12,
    ),
    Panel(
        "HTTP duration", "heatmap",
        one(total(rate("gohub_http_request_duration_seconds_bucket"), "le"), "{{le}}"), unit="s", cells="reqps",
        what="Time from the head of a request to its answer, all routes together.",
        normal="one band for pages, one for scrapes.",
        act="a band at a second: loops do not answer scrapes.",
        width=12,
    ),
    Panel(
        "HTTP requests in progress", "graph", one(pick("gohub_http_inflight_requests")),
        what="Requests that wait for an answer from another thread, other than the scrape that counts them.",
        normal="0 or 1.",
        act="it grows: many scrape at once, or the page takes long.",
        width=12,
    ),
), collapsed=True)
