# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Bus: whether messages flow between nodes, how long they take, what was lost. Each kind of bus has its own row."""

from dashboards.model import CRITICAL, GOOD, WARNING, Board, Panel, Row, Target, one
from dashboards.parts import budget_burn, distribution
from dashboards.queries import BUS, increase, node, pick, rate, total

EACH = "{{instance}} {{bus}}"


def of_bus(expression, *labels):
    """The sum of each node and bus."""
    return node(expression, "bus", *labels)


DESIRED = of_bus(pick("gohub_bus_subscriptions", 'state="desired"', BUS))
CONFIRMED = of_bus(pick("gohub_bus_subscriptions", 'state="confirmed"', BUS))

STATE = Row("", (
    Panel(
        "Bus of each node", "timeline", one(of_bus(pick("gohub_bus_up", BUS)), EACH),
        what="Whether messages flow to the node and back. Without a bus, this board is empty but for the fixed names "
             "below.",
        normal="up.",
        act="one node: its network or its login. All nodes: Redis. The log of a node has the reason, and what to do.",
        alerts=("GohubBusDown",), mappings={0: ("down", CRITICAL), 1: ("up", GOOD)}, no_value="no bus",
    ),
    Panel(
        "Bus in use", "table", one(total(pick("gohub_bus_info", BUS), "job", "instance", "bus", "mode")),
        what="Which bus each node uses, and how it is run.",
        normal="the same on all nodes.",
        act="nodes with different buses do not hear each other: set them up alike.",
        columns={"instance": "Node", "bus": "Bus", "mode": "Mode", "job": "Job"},
    ),
    Panel(
        "Subscriptions missing", "graph",
        one(f"{DESIRED}\n  - {CONFIRMED}", EACH),
        what="What the node wants from the bus and the server has not confirmed.",
        normal="0; more for a moment when clients subscribe or the bus is back.",
        act="it stays above 0: what others publish there is lost here. The log names what Redis refused, mostly a "
            "right that the user lacks.",
        alerts=("GohubBusSubscriptionsIncomplete",),
    ),
    Panel(
        "Messages lost within 5 minutes", "graph",
        one(of_bus(increase("5m", "gohub_bus_gap_messages_total", BUS)), EACH),
        what="Messages of other nodes that are proved to be lost, by their numbers.",
        normal="0; an outage of the bus with `delivery: pubsub` costs what was published meanwhile.",
        act="without an outage: Redis ended a connection that took too little, see the disconnects.",
        alerts=("GohubBusMessageLoss",),
    ),
    Panel(
        "Probes that failed within 3 minutes", "graph",
        one(of_bus(increase("3m", "gohub_bus_probe_failures_total", BUS)), EACH),
        what="Messages of a node to itself through the bus that did not come in time.",
        normal="0.",
        act="two and more while the bus counts as up: it takes messages and delivers none, or is too slow.",
        alerts=("GohubBusSilent",), limits=((1.5, CRITICAL),),
    ),
    Panel(
        "Silence", "graph",
        one(f"time() - ({pick('gohub_bus_last_receive_timestamp_seconds', BUS)} > 0)", EACH), unit="s",
        what="How long ago the last message came from the bus.",
        normal="at most `bus.probe_after`, 30 s by default: then the node sends one to itself.",
        act="longer: nothing comes from the bus; the node will connect anew.",
        alerts=("GohubBusSilent",),
    ),
    *distribution(
        "Probes", "gohub_bus_probe_rtt_seconds", BUS,
        what="Time that a message of a node to itself took: to the server and back.",
        normal="a millisecond or two, and the way to the server.",
        act="long on all nodes: Redis is busy or far. On one: its network.",
    ),
))

PUBLISH = Row("Publishing", (
    Panel(
        "Published", "graph", one(of_bus(rate("gohub_bus_published_total", BUS)), EACH), unit="ops",
        what="Publications that the bus has taken.",
        normal="follows what clients publish.",
        act="it falls while clients publish: see the failures.",
    ),
    Panel(
        "Failed by reason", "graph",
        one(total(rate("gohub_bus_publish_failures_total", BUS), "bus", "reason"), "{{bus}} {{reason}}"),
        unit="ops", stack=True,
        what="Publications that failed on the bus; local clients got them all the same.",
        normal="0.",
        act="`timeout`: Redis is slow or far. `disconnected`: it is away. `rejected`: rights, or a full memory.",
        alerts=("GohubBusPublishErrorBudgetBurn",),
    ),
    Panel(
        "Waiting for the bus", "graph",
        one(pick("gohub_bus_buffered_publishes", BUS), EACH),
        what="Publications that are kept until the bus is back: `bus.buffer`.",
        normal="0 while the bus is up; always 0 with `bus.buffer.max_bytes: 0`.",
        act="it stands at its bound: what comes now fails.",
    ),
    *distribution(
        "Time of publications", "gohub_bus_publish_duration_seconds", BUS,
        what="Time from publishing until the bus answered, also where the answer is a failure.",
        normal="some milliseconds; it ends at `bus.publish_timeout`.",
        act="long on all nodes: Redis is busy; `redis-cli --latency` and its slow log say more.",
        alerts=("GohubBusLatencyHigh",), limits=((0.1, WARNING),),
    ),
    budget_burn(
        "Share of publications that fail", "job:gohub_bus_publish_failures", 0.001,
        what="Failures of all publications, over all windows of the alert. Recorded above one publication in ten "
             "seconds.",
        normal="0.",
        act="two windows above a line fire: 1.44 % in 1h and 5m, 0.6 % in 6h and 30m, 0.3 % in 1d and 2h, 0.1 % in 3d "
            "and 6h.",
        alert="GohubBusPublishErrorBudgetBurn",
    ),
    Panel(
        "Outbox", "graph", one(pick("gohub_bus_outbox_bytes", BUS), EACH), unit="bytes",
        what="What the loops have for the bus and it has not been given.",
        normal="near 0; at 4 MiB of one loop its publishers are paused.",
        act="it stays: the bus does not take as fast as clients publish.",
        width=12,
    ),
))

RECEIVE = Row("Receiving", (
    Panel(
        "Received", "graph",
        (
            Target(of_bus(rate("gohub_bus_received_total", BUS)), EACH),
            Target(of_bus(rate("gohub_bus_bare_received_total", BUS)), f"of other programs {EACH}"),
        ),
        unit="ops",
        what="Messages that came from the bus, own copies included, and those of them that another program sent.",
        normal="follows what the nodes publish together.",
        act="nothing of other programs is expected: set `bus.accept_bare: false`.",
    ),
    Panel(
        "Bytes received", "graph", one(of_bus(rate("gohub_bus_received_bytes_total", BUS)), EACH), unit="Bps",
        what="Bytes of the messages that came from the bus.",
        normal="follows the messages.",
        act="near what the network can do: each node gets what its own clients have subscribed to, and no more.",
    ),
    Panel(
        "Dropped by reason", "graph",
        one(total(rate("gohub_bus_inbound_dropped_total", BUS), "bus", "reason"), "{{bus}} {{reason}}"),
        unit="ops", stack=True,
        what="Messages from the bus that went no further.",
        normal="0.",
        act="`decode`, `unknown_version`: something writes that is not understood. `bare_refused`: a program "
            "publishes where it may not. `too_large`: nodes with other limits. `queue_full`: a client too slow for "
            "what was sent to it alone.",
    ),
    *distribution(
        "Time from node to node", "gohub_bus_transit_seconds", BUS,
        what="From publishing on a node until the message came here, own copies included. It compares clocks of two "
             "machines.",
        normal="some milliseconds.",
        act="look at the clocks first (below), then at the bus.",
        alerts=("GohubBusLatencyHigh",), limits=((0.1, WARNING),),
    ),
    Panel(
        "Duplicates", "graph", one(of_bus(rate("gohub_bus_duplicates_total", BUS)), EACH), unit="ops",
        what="Messages of other nodes that came again, and were not delivered.",
        normal="0, some after an outage.",
        act="many without an outage: two connections of a node read the same.",
    ),
    Panel(
        "Clocks that differ", "graph", one(of_bus(rate("gohub_bus_clock_skew_total", BUS)), EACH), unit="ops",
        what="Messages that came before they were sent, or a day later.",
        normal="0.",
        act="set the clocks of the nodes by one source (NTP): until then no time from node to node is right.",
    ),
    Panel(
        "Topics with numbers", "graph",
        (
            Target(of_bus(pick("gohub_bus_sequence_topics", BUS), "side"), "{{instance}} {{side}}"),
            Target(
                of_bus(increase("5m", "gohub_bus_sequence_evictions_total", BUS), "side"),
                "forgotten in 5m {{instance}} {{side}}",
            ),
        ),
        what="Topics whose messages are numbered here and watched for gaps, and those that were forgotten for others.",
        normal="at most 100 000 a side, and none forgotten.",
        act="forgotten ones have gaps that nobody sees: only that knowledge is lost, no message.",
    ),
))

OUTAGES = Row("Outages", (
    Panel(
        "Disconnects by reason", "graph",
        one(total(increase("5m", "gohub_bus_disconnects_total", BUS), "bus", "reason"), "{{bus}} {{reason}}"),
        stack=True,
        what="Connections lost and attempts that failed, within 5 minutes.",
        normal="0.",
        act="`unreachable`: Redis or the network. `refused`: user, password, rights, memory. `timeout`: it hangs. "
            "`closed`: it ended the connection. `moved`: a fail-over.",
    ),
    Panel(
        "Reconnects within 10 minutes", "graph", one(of_bus(increase("10m", "gohub_bus_reconnects_total", BUS)), EACH),
        what="How often the bus was ready again after it had been lost.",
        normal="0.",
        act="above 3 the connection flaps: look why it is lost, in the panel beside.",
        alerts=("GohubBusFlapping",), limits=((3.5, WARNING),),
    ),
    Panel(
        "Outages within an hour", "graph",
        (
            Target(of_bus(increase("1h", "gohub_bus_outage_seconds_count", BUS)), f"outages {EACH}"),
            Target(of_bus(increase("1h", "gohub_bus_outage_seconds_sum", BUS)), f"seconds {EACH}"),
        ),
        what="How many outages ended, and how many seconds they lasted together.",
        normal="0.",
        act="many short ones: the connection flaps. A long one: when did Redis come back, and did the node reach it "
            "at once?",
    ),
    Panel(
        "Length of outages", "heatmap",
        one(total(increase("5m", "gohub_bus_outage_seconds_bucket", BUS), "le"), "{{le}}"), unit="s",
        what="How long outages lasted that ended within 5 minutes.",
        normal="nothing.",
        act="seconds after a restart of Redis are right; minutes are the network's, or a login that fails.",
        width=24,
    ),
))

REDIS = Row("Redis: fixed names", (
    *distribution(
        "Redis: time to a node", "gohub_bus_redis_latency_seconds",
        what="The same as the time from node to node, under the name that all versions have.",
        normal="some milliseconds.",
        act="see Time from node to node.",
    ),
    Panel(
        "Redis: publications that failed", "graph", one(node(rate("gohub_bus_redis_publish_errors_total"))), unit="ops",
        what="The same as Failed by reason, without the reasons.",
        normal="0.",
        act="see Failed by reason.",
    ),
    Panel(
        "Redis: subscriptions refused", "graph", one(node(rate("gohub_bus_redis_subscribe_errors_total"))), unit="ops",
        what="Subscriptions that Redis refused. No other family counts them.",
        normal="0.",
        act="give the hub's user its rights (`docs/bus_spec.md`); the node then has to connect anew.",
        alerts=("GohubBusSubscriptionsIncomplete",),
    ),
    Panel(
        "Redis: reconnects within 10 minutes", "graph", one(node(increase("10m", "gohub_bus_redis_reconnects_total"))),
        what="The same as Reconnects within 10 minutes.",
        normal="0.",
        act="see Reconnects within 10 minutes.",
    ),
), collapsed=True)

NATS = Row("NATS: fixed names, 0 in this version", (
    Panel(
        "NATS: errors", "graph",
        (
            Target(node(rate("gohub_bus_nats_publish_errors_total")), "publish {{instance}}"),
            Target(node(rate("gohub_bus_nats_subscribe_errors_total")), "subscribe {{instance}}"),
            Target(node(rate("gohub_bus_nats_ack_errors_total")), "acknowledge {{instance}}"),
        ),
        unit="ops",
        what="This version has no NATS: the names are there so that what looks at them finds them, and stay 0.",
        normal="0.",
        act="another figure is a fault of the program.",
    ),
    Panel(
        "NATS: reconnects and unacknowledged messages", "graph",
        (
            Target(node(increase("10m", "gohub_bus_nats_reconnects_total")), "reconnects in 10m {{instance}}"),
            Target(node(pick("gohub_bus_nats_ack_pending")), "unacknowledged {{instance}}"),
        ),
        what="This version has no NATS: both stay 0.",
        normal="0.",
        act="another figure is a fault of the program.",
    ),
    Panel(
        "NATS: messages timed", "graph",
        (
            Target(node(rate("gohub_bus_nats_publish_latency_seconds_count")), "published {{instance}}"),
            Target(node(rate("gohub_bus_nats_subscribe_latency_seconds_count")), "received {{instance}}"),
        ),
        unit="ops",
        what="This version has no NATS: nothing is timed, and both stay 0.",
        normal="0.",
        act="another figure is a fault of the program.",
    ),
), collapsed=True)

BOARD = Board(
    "gohub-bus", "gohub / Bus",
    "Whether messages flow between nodes, how long they take, what was lost. Each kind of bus has a row of its own.",
    (STATE, PUBLISH, RECEIVE, OUTAGES, REDIS, NATS),
)
