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

# The line that holds no graphs.
LOW = 5

STATE = Row("", (
    Panel(
        "Bus state", "timeline", one(of_bus(pick("gohub_bus_up", BUS)), EACH),
        what="Whether messages flow between the node and the bus. Without a bus this board is empty, but for the fixed "
             "names below.",
        normal="up.",
        act="one node is down: its network or its login. All nodes: the server. The log of a node has the reason, and "
            "what to do.",
        alerts=("GohubBusDown",), mappings={0: ("down", CRITICAL), 1: ("up", GOOD)}, no_value="no bus",
        width=12, height=LOW,
    ),
    Panel(
        "Bus in use", "table", one(total(pick("gohub_bus_info", BUS), "job", "instance", "bus", "mode")),
        what="Which bus each node uses, and in which mode.",
        normal="the same on all nodes.",
        act="nodes with different buses do not hear each other: configure them alike.",
        columns={"instance": "Node", "bus": "Bus", "mode": "Mode", "job": "Job"},
        width=12, height=LOW,
    ),
    Panel(
        "Unconfirmed subscriptions", "graph",
        # More are confirmed than desired for a moment, when clients unsubscribe.
        one(f"clamp_min({DESIRED}\n  - {CONFIRMED}, 0)", EACH),
        what="Topics that the node wants from the bus and that the server has not confirmed.",
        normal="0; more for a moment when clients subscribe, or when the bus is back.",
        act="it stays above 0: clients of this node miss what other nodes publish there. The log names what the "
            "server refused, mostly for lack of a right.",
        alerts=("GohubBusSubscriptionsIncomplete",),
    ),
    Panel(
        "Messages lost within 5 minutes", "graph",
        one(of_bus(increase("5m", "gohub_bus_gap_messages_total", BUS)), EACH),
        what="Messages of other nodes that are known to be lost: their numbers have a gap.",
        normal="0. What is published during an outage of the bus is lost, unless a stream keeps it "
               "(`bus.redis.delivery: streams`, `bus.nats.jetstream`).",
        act="without an outage: the server closed a connection that read too slowly; see the disconnects.",
        alerts=("GohubBusMessageLoss",),
    ),
    Panel(
        "Failed probes within 3 minutes", "graph",
        one(of_bus(increase("3m", "gohub_bus_probe_failures_total", BUS)), EACH),
        what="Messages of a node to itself through the bus that did not arrive in time.",
        normal="0.",
        act="two or more while the bus is up: it takes messages and delivers none, or is too slow.",
        alerts=("GohubBusSilent",), limits=((1.5, CRITICAL),),
    ),
    Panel(
        "Time since the last message", "graph",
        one(f"time() - ({pick('gohub_bus_last_receive_timestamp_seconds', BUS)} > 0)", EACH), unit="s",
        what="How long ago the last message came from the bus.",
        normal="at most `bus.probe_after`, 30 s by default: then the node sends a probe to itself.",
        act="longer: nothing comes from the bus, and the node will reconnect.",
        alerts=("GohubBusSilent",),
    ),
    *distribution(
        "Probe round trip", "gohub_bus_probe_rtt_seconds", BUS, width=8,
        what="Time that a probe took to the server and back.",
        normal="the network's round trip, and a millisecond or two.",
        act="long on all nodes: the server is busy, or far away. On one node: its network.",
    ),
))

PUBLISH = Row("Publishing", (
    Panel(
        "Published to the bus", "graph", one(of_bus(rate("gohub_bus_published_total", BUS)), EACH), unit="mps",
        what="Publications that the bus took.",
        normal="rises and falls with what clients publish.",
        act="it falls while clients publish: see the failures beside.",
    ),
    Panel(
        "Publish failures by reason", "graph",
        one(total(rate("gohub_bus_publish_failures_total", BUS), "bus", "reason"), "{{bus}} {{reason}}"),
        unit="mps", stack=True,
        what="Publications that failed on the bus. Clients of the same node got them all the same.",
        normal="0.",
        act="`timeout`: the server is slow. `disconnected`: it is gone. `rejected`: a right is missing, or its memory is "
            "full.",
        alerts=("GohubBusPublishErrorBudgetBurn",),
    ),
    Panel(
        "Buffered publications", "graph",
        one(pick("gohub_bus_buffered_publishes", BUS), EACH),
        what="Publications that wait until the bus is back: `bus.buffer`.",
        normal="0 while the bus is up; always 0 with `bus.buffer.max_bytes: 0`.",
        act="it has reached its limit: further publications fail.",
    ),
    *distribution(
        "Publish duration", "gohub_bus_publish_duration_seconds", BUS, cells="mps",
        what="Time from publishing until the bus answered, failures included.",
        normal="a few milliseconds; never more than `bus.publish_timeout`.",
        act="long on all nodes: the server is busy. `redis-cli --latency` and the slow log of Redis show more, `/varz` "
            "of NATS.",
        alerts=("GohubBusLatencyHigh",), limits=((0.1, WARNING),),
    ),
    budget_burn(
        "Publish failures by window", "job:gohub_bus_publish_failures", 0.001,
        what="The share of publications that failed, over each window of the alert. There is no data below one "
             "publication in ten seconds.",
        normal="0.",
        act="the alert fires when two windows are above a line: 1.44 % in 1h and 5m, 0.6 % in 6h and 30m, 0.3 % in 1d "
            "and 2h, 0.1 % in 3d and 6h.",
        alert="GohubBusPublishErrorBudgetBurn",
    ),
    Panel(
        "Outbox bytes", "graph", one(pick("gohub_bus_outbox_bytes", BUS), EACH), unit="bytes",
        what="What loops have for the bus and have not yet written to it.",
        normal="near 0; a loop that has 4 MiB pauses its publishers.",
        act="it stays high: the bus is slower than the clients publish.",
        width=12,
    ),
))

RECEIVE = Row("Receiving", (
    Panel(
        "Received from the bus", "graph",
        (
            Target(of_bus(rate("gohub_bus_received_total", BUS)), EACH),
            Target(of_bus(rate("gohub_bus_bare_received_total", BUS)), f"of other programs {EACH}"),
        ),
        unit="mps",
        what="Messages that came from the bus, the node's own included, and how many of them other programs sent.",
        normal="what all nodes publish together.",
        act="other programs should not publish: set `bus.accept_bare: false`.",
    ),
    Panel(
        "Bytes received", "graph", one(of_bus(rate("gohub_bus_received_bytes_total", BUS)), EACH), unit="Bps",
        what="Bytes of the messages that came from the bus.",
        normal="rises and falls with the messages.",
        act="near what the network can do: a node gets only what its own clients subscribed to, so add nodes, or publish "
            "less.",
    ),
    Panel(
        "Received and dropped by reason", "graph",
        one(total(rate("gohub_bus_inbound_dropped_total", BUS), "bus", "reason"), "{{bus}} {{reason}}"),
        unit="mps", stack=True,
        what="Messages from the bus that the node dropped.",
        normal="0.",
        act="`decode`, `unknown_version`: somebody writes what the node does not understand. `bare_refused`: another "
            "program publishes where it may not. `too_large`: nodes have different limits. `queue_full`: a client reads "
            "too slowly.",
    ),
    *distribution(
        "Node-to-node latency", "gohub_bus_transit_seconds", BUS, cells="mps",
        what="From publishing on a node until the message arrived here, the node's own included. It compares the clocks "
             "of two machines.",
        normal="a few milliseconds.",
        act="look at the clock skew first (below), then at the bus.",
        alerts=("GohubBusLatencyHigh",), limits=((0.1, WARNING),),
    ),
    Panel(
        "Duplicate messages", "graph", one(of_bus(rate("gohub_bus_duplicates_total", BUS)), EACH), unit="mps",
        what="Messages of other nodes that came twice; the second was not delivered.",
        normal="0, a few after an outage.",
        act="many without an outage: two connections of one node read the same.",
    ),
    Panel(
        "Messages with clock skew", "graph", one(of_bus(rate("gohub_bus_clock_skew_total", BUS)), EACH), unit="mps",
        what="Messages that arrived before they were sent, or a day later.",
        normal="0.",
        act="synchronize the clocks of the nodes (NTP); until then the node-to-node latency is wrong.",
    ),
    Panel(
        "Topics watched for gaps", "graph",
        (
            Target(of_bus(pick("gohub_bus_sequence_topics", BUS), "side"), "{{instance}} {{side}}"),
            Target(
                of_bus(increase("5m", "gohub_bus_sequence_evictions_total", BUS), "side"),
                "forgotten in 5m {{instance}} {{side}}",
            ),
        ),
        what="Topics whose messages this node numbers, or watches for gaps, and those that it forgot to make room.",
        normal="at most 100 000 a side, and none forgotten.",
        act="a loss in a forgotten topic is not noticed. Nothing else is wrong.",
    ),
))

OUTAGES = Row("Outages", (
    Panel(
        "Disconnects by reason within 5 minutes", "graph",
        one(total(increase("5m", "gohub_bus_disconnects_total", BUS), "bus", "reason"), "{{bus}} {{reason}}"),
        stack=True,
        what="Connections to the bus that were lost, and attempts to connect that failed.",
        normal="0.",
        act="`unreachable`: the server or the network. `refused`: user, password, rights or memory. `timeout`: the server "
            "hangs. `closed`: the server closed the connection. `moved`: a failover.",
    ),
    Panel(
        "Reconnects within 10 minutes", "graph", one(of_bus(increase("10m", "gohub_bus_reconnects_total", BUS)), EACH),
        what="How often the bus came back after it had been lost.",
        normal="0.",
        act="above 3 the connection flaps: the panel beside shows why it is lost.",
        alerts=("GohubBusFlapping",), limits=((3.5, WARNING),),
    ),
    Panel(
        "Outages within an hour", "graph", one(of_bus(increase("1h", "gohub_bus_outage_seconds_count", BUS)), EACH),
        what="How many outages of the bus ended.",
        normal="0.",
        act="many: the connection flaps; the panels beside show how often, and why.",
    ),
    Panel(
        "Outage time within an hour", "graph",
        one(of_bus(increase("1h", "gohub_bus_outage_seconds_sum", BUS)), EACH), unit="s",
        what="How long the outages that ended lasted together.",
        normal="0.",
        act="long: find out when the server came back, and whether the node reached it at once.",
        width=12,
    ),
    Panel(
        "Outage duration", "heatmap",
        one(total(increase("5m", "gohub_bus_outage_seconds_bucket", BUS), "le"), "{{le}}"), unit="s", cells="short",
        what="How long each outage lasted, of those that ended within 5 minutes.",
        normal="nothing.",
        act="seconds are normal after a restart of the server. Minutes: the network, or a login that fails.",
        width=12,
    ),
))

REDIS = Row("Redis: fixed names", (
    *distribution(
        "Redis: node-to-node latency", "gohub_bus_redis_latency_seconds", cells="mps",
        what="The same as Node-to-node latency, under a name that stays the same in all versions.",
        normal="a few milliseconds.",
        act="see Node-to-node latency.",
    ),
    Panel(
        "Redis: publish failures", "graph", one(node(rate("gohub_bus_redis_publish_errors_total"))), unit="mps",
        what="The same as Publish failures by reason, without the reasons.",
        normal="0.",
        act="see Publish failures by reason.",
    ),
    Panel(
        "Redis: subscriptions refused", "graph", one(node(rate("gohub_bus_redis_subscribe_errors_total"))), unit="eps",
        what="Subscriptions that Redis refused. No other panel counts them.",
        normal="0.",
        act="grant the hub's user its rights (`docs/bus_spec.md`), then let the node reconnect.",
        alerts=("GohubBusSubscriptionsIncomplete",),
    ),
    Panel(
        "Redis: reconnects within 10 minutes", "graph", one(node(increase("10m", "gohub_bus_redis_reconnects_total"))),
        what="The same as Reconnects within 10 minutes.",
        normal="0.",
        act="see Reconnects within 10 minutes.",
    ),
), collapsed=True)

NATS = Row("NATS and JetStream", (
    Panel(
        "NATS: errors", "graph",
        (
            Target(node(rate("gohub_bus_nats_publish_errors_total")), "publish {{instance}}"),
            Target(node(rate("gohub_bus_nats_subscribe_errors_total")), "subscribe {{instance}}"),
            Target(node(rate("gohub_bus_nats_ack_errors_total")), "acknowledge {{instance}}"),
        ),
        unit="eps",
        what="Publications that failed, subscriptions that NATS refused, acknowledgements that JetStream did not confirm "
             "within 5 s. Only here and in the two panels of times is there anything of a node with another bus: 0.",
        normal="0; acknowledgements may fail while a server is restarted.",
        act="publish: see Publish failures by reason. subscribe: the hub's user has no right to a subject. acknowledge, "
            "again and again: its user has no right to publish to `$JS.ACK.>`, or the stream has no leader.",
        alerts=("GohubBusSubscriptionsIncomplete", "GohubNatsMessagesGivenUp"),
    ),
    Panel(
        "NATS: reconnects within 10 minutes", "graph", one(node(increase("10m", "gohub_bus_nats_reconnects_total"))),
        what="The same as Reconnects within 10 minutes, which has the alert.",
        normal="0.",
        act="see Reconnects within 10 minutes.",
    ),
    Panel(
        "NATS: slow node and ending servers within 5 minutes", "graph",
        (
            Target(node(increase("5m", "gohub_bus_nats_slow_consumer_total")), "too slow {{instance}}"),
            Target(node(increase("5m", "gohub_bus_nats_lame_duck_total")), "server ends {{instance}}"),
        ),
        what="Times that the node dropped messages of NATS as it had no room for them, and that a server told that it is "
             "about to end (lame duck).",
        normal="0. A server that ends tells each of its nodes once; they go to another one.",
        act="too slow: those messages are lost to the node's clients. Its loops take too long, or more comes than they can "
            "pass on.",
        alerts=("GohubNatsSlowConsumer",),
    ),
    *distribution(
        "NATS: publish latency", "gohub_bus_nats_publish_latency_seconds", cells="mps",
        what="Time from publishing until the server had the message; with JetStream until the stream had stored it.",
        normal="a millisecond; with JetStream a few, more where the stream has replicas.",
        act="long on all nodes: the server's disk, a replica that is slow or away. On one node: its network.",
    ),
    *distribution(
        "NATS: node-to-node latency", "gohub_bus_nats_subscribe_latency_seconds", cells="mps",
        what="The same as Node-to-node latency, under a name that stays the same in all versions.",
        normal="a few milliseconds. With JetStream what a node catches up after an outage is as old as that was long.",
        act="see Node-to-node latency; with JetStream also the messages still to be delivered below.",
    ),
    Panel(
        "JetStream: unacknowledged messages", "graph",
        (
            Target(node(pick("gohub_bus_nats_ack_pending")), "unacknowledged {{instance}}"),
            Target(node(pick("gohub_bus_nats_ack_pending_limit")), "limit {{instance}}"),
        ),
        what="Messages that JetStream has delivered to the node and that it has not acknowledged, and how many there may "
             "be: `bus.nats.consumer.max_ack_pending`. Asked of the server every 5 s.",
        normal="near 0; some hundreds for a moment under load. With core NATS both are 0.",
        act="at its limit it gets nothing more of the stream, while its connection looks well: the acknowledgements do not "
            "reach the server.",
        alerts=("GohubNatsAckPendingHigh",),
    ),
    Panel(
        "JetStream: messages still to be delivered", "graph", one(node(pick("gohub_bus_nats_num_pending"))),
        what="Messages of the stream that JetStream has still to deliver to the node. Asked of the server every 5 s.",
        normal="0, and a moment of more when the node catches up after an outage.",
        act="it grows while the unacknowledged messages are at their limit: see there. It grows without that: more is "
            "published than the node takes; its clients get it late, and lose what the stream drops before.",
    ),
    Panel(
        "JetStream: redelivered and given up within 5 minutes", "graph",
        (
            Target(node(increase("5m", "gohub_bus_nats_redelivered_total")), "redelivered {{instance}}"),
            Target(node(increase("5m", "gohub_bus_nats_max_deliveries_total")), "given up {{instance}}"),
        ),
        what="Messages that came again, as they were not acknowledged within `bus.nats.consumer.ack_wait`, and those that "
             "JetStream will not deliver again, after `max_deliver` times. Clients get each but once.",
        normal="0.",
        act="for a moment: the node stood still. All the time: its acknowledgements do not reach the server.",
        alerts=("GohubNatsMessagesGivenUp",),
    ),
    Panel(
        "JetStream: options of the stream that differ", "graph", one(node(pick("gohub_bus_nats_stream_differences"))),
        what="How many options of the stream are not as `bus.nats.stream` has them. A node looks when it connects and "
             "once a minute, and changes nothing.",
        normal="0.",
        act="the node's log names them: change the stream, or the configuration.",
        alerts=("GohubNatsStreamDiffers",),
    ),
), collapsed=True)

BOARD = Board(
    "gohub-bus", "gohub / Bus",
    "Whether messages flow between nodes, how long they take, what was lost. Each kind of bus has a row of its own.",
    (STATE, PUBLISH, RECEIVE, OUTAGES, REDIS, NATS),
)
