# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Delivery and slow clients: where the time of a delivery goes, what was dropped and for whom, what waits."""

from dashboards.model import CRITICAL, WARNING, Board, Panel, Row, Target, one
from dashboards.parts import distribution
from dashboards.queries import increase, node, pick, quantile_where_any, rate, ratio, total

LATENCY = "gohub_delivery_latency_seconds"
QUEUE_FULL = 'reason=~"queue_.*"'

LATE = Row("Where the time goes", (
    *distribution(
        "Time of deliveries", LATENCY, 'stage="total"',
        what="From reading a message to the kernel's taking the last byte of each delivery.",
        normal="nearly all within some milliseconds; the objective is 99 % within 250 ms.",
        act="one node alone: its loops or its clients. All nodes: what they share, the processor or the network.",
        alerts=("GohubDeliveryLatencyBudgetBurn",), limits=((0.25, CRITICAL),),
    ),
    Panel(
        "p99 by stage", "graph",
        one(quantile_where_any(0.99, LATENCY, by=("stage",)), "{{stage}}"), unit="s",
        what="fanout: the message stands in the queues of its receivers; total: the kernel took its last byte.",
        normal="both near each other.",
        act="fanout is long: the loops are busy. Only total is long: messages wait in queues for clients that read "
            "slowly.",
    ),
    Panel(
        "p99 of deliveries by scope", "graph",
        one(quantile_where_any(0.99, LATENCY, 'stage="total"', by=("scope",)), "{{scope}}"), unit="s",
        what="By whom the message is for; `reply` answers what a client asked.",
        normal="`client` and `reply` are fastest, `broadcast` has most receivers.",
        act="`reply` is slow too: the loops are held up, not the receivers.",
    ),
    Panel(
        "Oldest message in a queue", "graph", one(pick("gohub_outbound_queue_oldest_seconds")), unit="s",
        what="How long the message has been in the node that waits longest.",
        normal="0, or less than a second.",
        act="it grows second by second: a client takes nothing. After `server.write_timeout` it is closed.",
    ),
    *distribution(
        "Time of fan-outs", "gohub_fanout_duration_seconds",
        what="Time to put what a topic got in one tick into all queues of one loop.",
        normal="below a tenth of a millisecond for some dozens of receivers.",
        act="compare with the receivers beside: long without many of them is a loop without processor time.",
    ),
    *distribution(
        "Receivers of a message on one loop", "gohub_fanout_recipients", unit="short",
        normal="what your topics have.",
        act="the largest decide the length of ticks: more loops or nodes share them.",
    ),
))

ACCOUNT = Row("What became of deliveries", (
    Panel(
        "Due by scope", "graph",
        one(total(rate("gohub_deliveries_total"), "scope"), "{{scope}}"), unit="ops", stack=True,
        what="Deliveries that were due: one message for one client each.",
        normal="follows what is published, times its receivers.",
        act="a jump without more publications: a topic has many new subscribers.",
    ),
    Panel(
        "Written by scope", "graph", one(total(rate("gohub_deliveries_written_total"), "scope"), "{{scope}}"),
        unit="ops", stack=True,
        what="Deliveries handed to a socket to their last byte.",
        normal="the same as what is due.",
        act="less than what is due: see what was dropped, and what waits in queues.",
    ),
    Panel(
        "Dropped by reason", "graph",
        one(total(rate("gohub_deliveries_dropped_total"), "scope", "reason"), "{{scope}} {{reason}}"),
        unit="ops", stack=True,
        what="Deliveries that never reached their socket.",
        normal="0, but for `closed` when clients go with messages in their queue.",
        act="`queue_messages`, `queue_bytes`: clients too slow for their queue. `write_error`: the network broke "
            "connections.",
        alerts=("GohubDropsHigh",),
    ),
    Panel(
        "Dropped by full queues", "graph",
        one(ratio(node(rate("gohub_deliveries_dropped_total", QUEUE_FULL)), node(rate("gohub_deliveries_total")))),
        unit="percentunit",
        what="The share of deliveries that a full queue dropped, by node.",
        normal="0 %.",
        act="few slow clients: that is the policy's work. Many: the network between hub and clients, or too large "
            "messages.",
        alerts=("GohubDropsHigh",), limits=((0.001, WARNING),),
    ),
    Panel(
        "Accounting residual", "graph", one(pick("gohub_deliveries_residual")),
        what="Deliveries due, minus those written, dropped and still queued, in one snapshot.",
        normal="0, always.",
        act="anything else is a fault of the program: keep the page of `/metrics` and the log, and report it.",
        alerts=("GohubAccountingDrift",),
    ),
    Panel(
        "Bytes written by scope", "graph",
        one(total(rate("gohub_deliveries_written_bytes_total"), "scope"), "{{scope}}"), unit="Bps", stack=True,
        what="Bytes of frames that the sockets of WebSockets took.",
        normal="follows the deliveries.",
        act="near what the network card can do: fewer or smaller messages, or another node.",
    ),
))

SLOW = Row("Slow clients and their queues", (
    Panel(
        "Slow clients of all", "graph",
        one(ratio(node(pick("gohub_slow_clients")), node(pick("gohub_connections")))), unit="percentunit",
        what="The share of clients whose queue is three quarters full.",
        normal="0 %.",
        act="the policies that drop keep such clients: they miss messages. With `disconnect` they are gone at once, "
            "and stand in the panel beside.",
        alerts=("GohubSlowClients",), limits=((0.01, WARNING),),
    ),
    Panel(
        "What full queues caused within 10 minutes", "graph",
        one(node(increase("10m", "gohub_slow_client_actions_total"), "action"), "{{instance}} {{action}}"),
        what="disconnect: clients that were closed; drop: messages that were dropped.",
        normal="0, or single clients.",
        act="above 10 closed and 1 % of all the alert fires: look whether their network is the same.",
        alerts=("GohubSlowDisconnects",), limits=((10, WARNING),),
    ),
    Panel(
        "Policy for slow clients", "table",
        one(total(pick("gohub_slow_client_policy_info"), "job", "instance", "policy")),
        what="What fan-out does with a message for a client whose queue is full: `hub.slow_client_policy`.",
        normal="the same on all nodes.",
        act="set all nodes up alike.",
        columns={"instance": "Node", "policy": "Policy", "job": "Job"},
    ),
    Panel(
        "Messages in queues", "graph", one(pick("gohub_outbound_queue_messages")),
        what="Deliveries that wait in the clients' queues, by node.",
        normal="near 0 between bursts.",
        act="it stays: clients do not read as fast as is published.",
    ),
    Panel(
        "Bytes in queues", "graph",
        (
            Target(pick("gohub_outbound_queue_bytes"), "all of {{instance}}"),
            Target(pick("gohub_outbound_queue_largest_bytes"), "longest of {{instance}}"),
        ),
        unit="bytes",
        what="What waits in the clients' queues, and in the longest of them.",
        normal="near 0; the longest below `hub.message_buffer_bytes`.",
        act="one long queue is one slow client, a large sum with short ones is all of them: the node or its network.",
    ),
    Panel(
        "Bytes that peers have not acknowledged", "graph",
        (
            Target(pick("gohub_socket_unsent_bytes"), "all of {{instance}}"),
            Target(pick("gohub_socket_unsent_largest_bytes"), "most of {{instance}}"),
        ),
        unit="bytes",
        what="What sockets took and peers have not acknowledged, from a sample of connections: written is not yet "
             "received.",
        normal="a few KiB a connection.",
        act="it grows on all connections: the network. On one: that client.",
    ),
    *distribution(
        "Ping to pong", "gohub_ping_rtt_seconds",
        what="Time from a ping of the hub to the client's pong: the network both ways, and the client.",
        normal="what the network of your clients has.",
        act="it grows for all: the network. It ends at `hub.pong_timeout`, where clients are closed.",
    ),
))

PUBLISHERS = Row("Publishers that are held back", (
    Panel(
        "Pauses by reason", "graph", one(total(rate("gohub_client_pauses_total"), "reason"), "{{reason}}"), unit="ops",
        what="How often a client that publishes was not read for a while.",
        normal="0, or few in bursts.",
        act="`inbox`, `writing`: loops do not keep up. `bus`: the message bus does not. `answers`: a client asks "
            "faster than it can be answered.",
    ),
    Panel(
        "Paused clients", "graph", one(pick("gohub_paused_clients")),
        what="Clients that are not read now because there is no room for what they publish.",
        normal="0.",
        act="it stays: the reason stands in the panel beside.",
    ),
    Panel(
        "Requests that wait for answers", "graph", one(pick("gohub_open_answers")),
        what="Requests of clients that wait for the message bus or for another node.",
        normal="near 0; each waits 2 s at most.",
        act="it grows: the bus or another node does not answer.",
    ),
    Panel(
        "Inboxes of loops", "graph",
        (
            Target(pick("gohub_inbox_bytes"), "all of {{instance}}"),
            Target(pick("gohub_inbox_largest_bytes"), "fullest of {{instance}}"),
            Target(pick("gohub_inbox_limit_bytes"), "limit of {{instance}}"),
        ),
        unit="bytes",
        what="What loops ask of each other and is not done yet. At the limit of one loop, clients that publish into "
             "it are not read.",
        normal="far below the limit.",
        act="one loop is full: it has too many receivers, or no processor time.",
        width=12,
    ),
    Panel(
        "Unicasts refused", "graph",
        one(total(rate("gohub_unicasts_refused_total"), "reason"), "{{reason}}"), unit="ops",
        what="Messages for one client that were refused, and their sender told.",
        normal="some `client_not_found`, as clients go.",
        act="`bus_unavailable`: other nodes do not answer. `send_buffer_full`: the receiver is too slow.",
        width=12,
    ),
))

WRITES = Row("Writes and messages", (
    Panel(
        "Writes", "graph",
        (
            Target(node(rate("gohub_socket_writes_total")), "{{instance}}"),
            Target(node(rate("gohub_socket_writes_blocked_total")), "blocked {{instance}}"),
        ),
        unit="ops",
        what="Writes to WebSockets, and those of them that took less than they were offered.",
        normal="next to none is blocked.",
        act="many are blocked: clients or their network do not keep up.",
    ),
    Panel(
        "Blocked of all writes", "graph",
        one(ratio(node(rate("gohub_socket_writes_blocked_total")), node(rate("gohub_socket_writes_total")))),
        unit="percentunit",
        what="The share of writes that took less than they were offered.",
        normal="near 0 %.",
        act="see the queues above: what is not taken waits there.",
    ),
    Panel(
        "Bytes written", "graph", one(node(rate("gohub_socket_written_bytes_total"))), unit="Bps",
        what="Bytes that sockets took, of WebSockets and HTTP.",
        normal="follows the deliveries.",
        act="compare with what the network card can do.",
    ),
    *distribution(
        "Deliveries in one write", "gohub_write_batch_messages", unit="short",
        normal="mostly 1; more when clients get many messages at once.",
        act="large batches are cheap; they show bursts, or clients that were slow and catch up.",
    ),
    *distribution(
        "Sizes of messages received", "gohub_message_size_bytes", 'direction="in"', unit="bytes",
        what="Messages that clients sent, without frame headers.",
        normal="what your clients send.",
        act="larger ones than `hub.max_message_bytes` close their connection with 1009.",
    ),
    *distribution(
        "Sizes of messages delivered", "gohub_message_size_bytes", 'direction="out"', unit="bytes",
        what="The message of each delivery that was due, replies and dropped ones too.",
        normal="what your clients publish.",
        act="large messages to many fill queues and the network: make them smaller, or publish them to fewer.",
    ),
), collapsed=True)

BOARD = Board(
    "gohub-delivery", "gohub / Delivery and slow clients",
    "Where the time of a delivery goes, what was dropped and for whom, what waits in queues.",
    (LATE, ACCOUNT, SLOW, PUBLISHERS, WRITES),
)
