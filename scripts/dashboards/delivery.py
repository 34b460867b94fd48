# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Delivery and slow clients: where the time of a delivery goes, what was dropped and for whom, what waits."""

from dashboards.model import CRITICAL, WARNING, Board, Panel, Row, Target, one
from dashboards.parts import distribution
from dashboards.queries import increase, node, pick, quantile_where_any, rate, ratio, total

LATENCY = "gohub_delivery_latency_seconds"
QUEUE_FULL = 'reason=~"queue_.*"'
# Counts are whole numbers, their quantiles are not.
WHOLE = (
    "Quantiles are estimated within a bucket, so they can lie between whole numbers: a p50 of 0.5 means that most are 1."
)

LATE = Row("Where the time goes", (
    *distribution(
        "Delivery latency", LATENCY, 'stage="total"', cells="mps",
        what="From reading a message until the kernel has taken the last byte of each delivery.",
        normal="nearly all within a few milliseconds; the objective is 99 % within 250 ms.",
        act="only one node is slow: its loops or its clients. All nodes: what they share, the CPU or the network.",
        alerts=("GohubDeliveryLatencyBudgetBurn",), limits=((0.25, CRITICAL),),
    ),
    Panel(
        "Delivery latency, p99 by stage", "graph",
        one(quantile_where_any(0.99, LATENCY, by=("stage",)), "{{stage}}"), unit="s", logarithmic_from=0,
        what="`fanout`: until the message is in the queues of its receivers. `total`: until the kernel has taken its "
             "last byte.",
        normal="both nearly the same.",
        act="`fanout` is long: the loops are busy. Only `total` is long: messages wait in queues for clients that read "
            "slowly.",
    ),
    Panel(
        "Delivery latency, p99 by scope", "graph",
        one(quantile_where_any(0.99, LATENCY, 'stage="total"', by=("scope",)), "{{scope}}"),
        unit="s", logarithmic_from=0,
        what="By the kind of receiver; `reply` is the answer to a client's request.",
        normal="`client` and `reply` are fastest; `broadcast` has the most receivers.",
        act="`reply` is slow too: the loops are held up, not the receivers.",
    ),
    Panel(
        "Oldest message in a queue", "graph", one(pick("gohub_outbound_queue_oldest_seconds")), unit="s",
        what="The age of the message that has waited longest on the node.",
        normal="0, or less than a second.",
        act="it grows by a second each second: a client reads nothing. After `server.write_timeout` it is closed.",
    ),
    *distribution(
        "Fan-out duration", "gohub_fanout_duration_seconds",
        what="Time to put what a topic received in one tick into all queues of one loop.",
        normal="below 100 µs for a few dozen receivers.",
        act="compare with the receivers below: long with few receivers means that the loop gets no CPU time.",
    ),
    *distribution(
        "Receivers per fan-out", "gohub_fanout_recipients", unit="short", cells="mps",
        what="Receivers of a message on one loop.", quantiles=WHOLE,
        normal="as many as your topics have subscribers, shared by the loops.",
        act="the largest fan-outs make the longest ticks: more loops or nodes share them.",
    ),
))

ACCOUNT = Row("What became of deliveries", (
    Panel(
        "Deliveries due by scope", "graph",
        one(total(rate("gohub_deliveries_total"), "scope"), "{{scope}}"), unit="mps", stack=True,
        what="Deliveries to be made: each is one message for one client.",
        normal="what is published, times the receivers of each message.",
        act="it jumps while clients publish as before: a topic has many new subscribers.",
    ),
    Panel(
        "Deliveries written by scope", "graph",
        one(total(rate("gohub_deliveries_written_total"), "scope"), "{{scope}}"), unit="mps", stack=True,
        what="Deliveries whose last byte was written to a socket.",
        normal="the same as what is due.",
        act="less than what is due: see what was dropped, and what waits in queues.",
    ),
    Panel(
        "Deliveries dropped by reason", "graph",
        one(total(rate("gohub_deliveries_dropped_total"), "reason"), "{{reason}}"), unit="mps", stack=True,
        what="Deliveries that never reached their socket.",
        normal="0, but for `closed`: clients left with messages in their queue.",
        act="`queue_messages`, `queue_bytes`: clients read too slowly. `write_error`: the network broke connections.",
        alerts=("GohubDropsHigh",),
    ),
    Panel(
        "Share of deliveries dropped by full queues", "graph",
        one(ratio(node(rate("gohub_deliveries_dropped_total", QUEUE_FULL)), node(rate("gohub_deliveries_total")))),
        unit="percentunit", logarithmic_from=0.0001,
        what="The share of deliveries that were dropped because a queue was full, by node.",
        normal="0 %.",
        act="a few slow clients: the policy does what it is for. Many: look at the network to the clients, and at the "
            "size of messages.",
        alerts=("GohubDropsHigh",), limits=((0.001, WARNING),),
    ),
    Panel(
        "Accounting residual", "graph", one(pick("gohub_deliveries_residual")),
        what="Deliveries due, minus those written, dropped and still queued, all read at the same moment.",
        normal="0, always.",
        act="anything else is a bug: save the page of `/metrics` and the log, and report it.",
        alerts=("GohubAccountingDrift",),
    ),
    Panel(
        "Bytes delivered by scope", "graph",
        one(total(rate("gohub_deliveries_written_bytes_total"), "scope"), "{{scope}}"), unit="Bps", stack=True,
        what="Bytes of frames that the sockets of WebSockets took.",
        normal="rises and falls with the deliveries.",
        act="near what the network card can do: send fewer or smaller messages, or add a node.",
    ),
))

SLOW = Row("Slow clients and their queues", (
    Panel(
        "Slow clients / connections", "graph",
        one(ratio(node(pick("gohub_slow_clients")), node(pick("gohub_connections")))),
        unit="percentunit", logarithmic_from=0.001,
        what="The share of clients whose queue is three quarters full.",
        normal="0 %.",
        act="a policy that drops keeps such clients, and they miss messages. The policy `disconnect` closes them at "
            "once: see the panel beside.",
        alerts=("GohubSlowClients",), limits=((0.01, WARNING),),
    ),
    Panel(
        "Clients closed for a full queue within 10 minutes", "graph",
        one(node(increase("10m", "gohub_slow_client_actions_total", 'action="disconnect"'))),
        what="Clients that were closed because their queue was full: the policy `disconnect`.",
        normal="0, or single clients.",
        act="the alert fires above 10, if they are 1 % of all. See whether these clients share a network.",
        alerts=("GohubSlowDisconnects",), limits=((10, WARNING),),
    ),
    Panel(
        "Messages dropped for a full queue within 10 minutes", "graph",
        one(node(increase("10m", "gohub_slow_client_actions_total", 'action="drop"'))),
        what="Messages that were dropped because a client's queue was full: the policies that drop.",
        normal="0, or a few for single clients.",
        act="clients miss these messages: see the share of deliveries dropped, above.",
        alerts=("GohubDropsHigh",),
    ),
    Panel(
        "Queued messages", "graph", one(pick("gohub_outbound_queue_messages")),
        what="Deliveries that wait in the clients' queues, by node.",
        normal="near 0 between bursts.",
        act="it stays high: clients read more slowly than others publish.",
    ),
    Panel(
        "Queued bytes", "graph",
        (
            Target(pick("gohub_outbound_queue_bytes"), "all of {{instance}}"),
            Target(pick("gohub_outbound_queue_largest_bytes"), "longest of {{instance}}"),
        ),
        unit="bytes",
        what="What waits in the clients' queues, and in the longest of them.",
        normal="near 0; the longest below `hub.message_buffer_bytes`.",
        act="one long queue: one slow client. A large sum of short queues: the node, or its network.",
    ),
    Panel(
        "Unacknowledged bytes", "graph",
        (
            Target(pick("gohub_socket_unsent_bytes"), "all of {{instance}}"),
            Target(pick("gohub_socket_unsent_largest_bytes"), "most of {{instance}}"),
        ),
        unit="bytes",
        what="What was written to sockets and not yet acknowledged by the peers, in a sample of connections.",
        normal="a few KiB a connection.",
        act="it grows on all connections: the network. On one: that client.",
    ),
    *distribution(
        "Ping round trip", "gohub_ping_rtt_seconds", width=8,
        what="Time from a ping of the hub to the client's pong: the network both ways, and the client.",
        normal="the round trip of your clients' networks.",
        act="it grows for all: the network. At `hub.pong_timeout` clients are closed.",
    ),
    Panel(
        "Slow-client policy", "table",
        one(total(pick("gohub_slow_client_policy_info"), "job", "instance", "policy")),
        what="What happens to a message for a client whose queue is full: `hub.slow_client_policy`.",
        normal="the same on all nodes.",
        act="configure all nodes alike.",
        columns={"instance": "Node", "policy": "Policy", "job": "Job"},
    ),
))

PUBLISHERS = Row("Publishers that are held back", (
    Panel(
        "Publisher pauses by reason", "graph",
        one(total(rate("gohub_client_pauses_total"), "reason"), "{{reason}}"), unit="eps",
        what="How often a client that publishes was not read for a while.",
        normal="0, or a few in bursts.",
        act="`inbox`, `writing`: loops do not keep up. `bus`: the message bus does not. `answers`: a client sends "
            "requests faster than they can be answered.",
    ),
    Panel(
        "Paused clients", "graph", one(pick("gohub_paused_clients")),
        what="Clients that are not read now because there is no room for what they publish.",
        normal="0.",
        act="it stays above 0: the panel beside has the reasons.",
    ),
    Panel(
        "Requests waiting for an answer", "graph", one(pick("gohub_open_answers")),
        what="Requests of clients that wait for the message bus or for another node.",
        normal="near 0; each waits for 2 s at most.",
        act="it grows: the bus or another node does not answer.",
    ),
    Panel(
        "Loop inboxes", "graph",
        (
            Target(pick("gohub_inbox_bytes"), "all of {{instance}}"),
            Target(pick("gohub_inbox_largest_bytes"), "fullest of {{instance}}"),
        ),
        unit="bytes",
        what="Work that loops have given each other and that is not done yet.",
        normal="small, with peaks when clients publish in bursts.",
        act="it stays high: a loop has too many receivers, or gets no CPU time.",
    ),
    Panel(
        "Fullest loop inbox / limit", "graph",
        one(f"{pick('gohub_inbox_largest_bytes')}\n  / {pick('gohub_inbox_limit_bytes')}"), unit="percentunit",
        what="How full the fullest inbox of a loop is. From 100 % on, clients that publish into that loop are not read "
             "until it is half empty.",
        normal="far below 100 %.",
        act="one loop is full: it has too many receivers, or gets no CPU time.",
    ),
    Panel(
        "Unicasts refused by reason", "graph",
        one(total(rate("gohub_unicasts_refused_total"), "reason"), "{{reason}}"), unit="mps",
        what="Messages for one client that were refused. Their sender was told.",
        normal="a few `client_not_found`, as clients come and go.",
        act="`bus_unavailable`: other nodes do not answer. `send_buffer_full`: the receiver is too slow.",
    ),
))

WRITES = Row("Writes and messages", (
    Panel(
        "Socket writes", "graph",
        (
            Target(node(rate("gohub_socket_writes_total")), "{{instance}}"),
            Target(node(rate("gohub_socket_writes_blocked_total")), "blocked {{instance}}"),
        ),
        unit="wps",
        what="Writes to WebSockets. A write is blocked when the socket took less than it was given.",
        normal="almost none is blocked.",
        act="many are blocked: clients or their network do not keep up.",
    ),
    Panel(
        "Blocked writes / writes", "graph",
        one(ratio(node(rate("gohub_socket_writes_blocked_total")), node(rate("gohub_socket_writes_total")))),
        unit="percentunit",
        what="The share of writes that were blocked.",
        normal="near 0 %.",
        act="see the queues above: what could not be written waits there.",
    ),
    Panel(
        "Socket bytes written", "graph", one(node(rate("gohub_socket_written_bytes_total"))), unit="Bps",
        what="Bytes written to sockets, of WebSockets and HTTP.",
        normal="rises and falls with the deliveries.",
        act="compare it with what the network card can do.",
    ),
    *distribution(
        "Deliveries per write", "gohub_write_batch_messages", unit="short", cells="wps",
        what="How many deliveries one write finished.", quantiles=WHOLE,
        normal="mostly 1; more when clients get many messages at once.",
        act="large batches are cheap. They show bursts, or slow clients that catch up.",
    ),
    *distribution(
        "Size of messages received", "gohub_message_size_bytes", 'direction="in"', unit="bytes", cells="mps",
        what="Messages that clients sent, without frame headers.",
        normal="what your clients send.",
        act="a client that sends more than `hub.max_message_bytes` is closed with 1009.",
    ),
    *distribution(
        "Size of messages delivered", "gohub_message_size_bytes", 'direction="out"', unit="bytes", cells="mps",
        what="The size of each delivery that was due, replies and dropped ones included.",
        normal="what your clients publish.",
        act="large messages to many clients fill the queues and the network: make them smaller, or send them to fewer.",
    ),
), collapsed=True)

BOARD = Board(
    "gohub-delivery", "gohub / Delivery and slow clients",
    "Where the time of a delivery goes, what was dropped and for whom, what waits in queues.",
    (LATE, ACCOUNT, SLOW, PUBLISHERS, WRITES),
)
