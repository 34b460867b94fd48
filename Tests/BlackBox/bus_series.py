# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Leads nodes through what the metrics of the bus count, for the test that each series moves."""

import asyncio
import http.client

from bus import await_ready, start_nodes
from client import Client
from process import eventually

OTHER_TESTS = "counted in tests of its own: "

# What this does not move: (name, labels, why).
# Of NATS, without what stands before.
JETSTREAM = [
    *("ack_errors_total", "ack_pending", "ack_pending_limit", "max_deliveries_total", "num_pending", "redelivered_total"),
    "stream_differences",
]
UNMOVED = [
    ("gohub_bus_disconnects_total", {"reason": "refused"}, OTHER_TESTS + "test_bus_login"),
    ("gohub_bus_disconnects_total", {"reason": "tls"}, OTHER_TESTS + "test_bus_faults"),
    ("gohub_bus_disconnects_total", {"reason": "moved"}, OTHER_TESTS + "test_bus_faults"),
    ("gohub_bus_disconnects_total", {"reason": "timeout"}, OTHER_TESTS + "test_bus_outage"),
    ("gohub_bus_disconnects_total", {"reason": "bad_reply"}, "a server that is no Redis; HubRedisTests"),
    ("gohub_bus_probe_failures_total", {}, OTHER_TESTS + "test_bus_outage"),
    ("gohub_canary_total", {"path": "bus", "result": "timeout"}, OTHER_TESTS + "test_canary"),
    ("gohub_canary_total", {"path": "bus", "result": "refused"}, OTHER_TESTS + "test_canary"),
    ("gohub_bus_publish_failures_total", {"reason": "rejected"}, OTHER_TESTS + "test_bus_login"),
    ("gohub_bus_publish_failures_total", {"reason": "too_large"}, "a bus that takes less than the hub; HubBusTests"),
    ("gohub_bus_publish_failures_total", {"reason": "closed"}, "a publication in the last moment of a node; HubBridgeTests"),
    ("gohub_bus_publish_failures_total", {"reason": "other"}, "an answer that nobody knows; HubBusTests"),
    ("gohub_bus_inbound_dropped_total", {"reason": "queue_full"}, "a client that reads nothing; HubBridgeTests"),
    ("gohub_http_requests_total", {"route": "/debug/nodes", "status": "5xx"}, "operators are not beyond a limit"),
    ("gohub_bus_gap_messages_total", {}, "a bus that loses messages; HubBridgeTests"),
    ("gohub_bus_duplicates_total", {}, "a bus that repeats messages; HubBridgeTests"),
    ("gohub_bus_clock_skew_total", {}, "clocks of two machines; HubBusTests"),
    ("gohub_bus_sequence_evictions_total", {}, "more than a hundred thousand topics; HubBridgeTests"),
    ("gohub_bus_redis_subscribe_errors_total", {}, OTHER_TESTS + "test_bus_login"),
    ("gohub_bus_nats_subscribe_errors_total", {}, OTHER_TESTS + "test_bus_login"),
    ("gohub_bus_nats_lame_duck_total", {}, OTHER_TESTS + "test_nats_cluster"),
    ("gohub_bus_nats_slow_consumer_total", {}, OTHER_TESTS + "test_nats_load"),
    *((f"gohub_bus_nats_{name}", {}, "a stream of JetStream; IntegrationTests") for name in JETSTREAM),
    *(
        ("gohub_command_errors_total", {"command": command, "code": "internal"}, "an answer that never comes; HubCoreTests")
        for command in ("publish", "broadcast", "subscribe", "unicast")
    ),
]


def ask_for_nodes(node, method, body=None):
    connection = http.client.HTTPConnection(node.host, node.operators_port, timeout=20)
    connection.request(method, "/debug/nodes", body, {"Connection": "close"})
    connection.getresponse().read()
    connection.close()


async def exercise_bus(broker, start_hub, ledger):
    """Two nodes: what goes well, what outside programs write, and a server that is frozen, and killed."""
    settings = {
        "server": {"admin_addr": "127.0.0.1:0"},
        "bus": {"publish_timeout": "2s", "buffer": {"max_bytes": "1KiB"}},
    }
    here, there = nodes = start_nodes(start_hub, broker, 2, settings)
    for method in ("GET", "HEAD", "POST"):
        ask_for_nodes(here, method)
        ask_for_nodes(here, method, b"x")
    async with Client(here) as sender, Client(there) as far:
        await far.request("subscribe", {"topic": "t"}, expect="subscribed")
        await sender.request("publish", {"topic": "t", "payload": 1, "confirm": True}, expect="published")
        await sender.request("unicast", {"client_id": far.id, "payload": 1}, expect="published")
        broker.publish("broadcast", "bare")
        broker.publish("broadcast", b"x" * (2 << 20))
        broker.publish("nodes", "bare")
        broker.publish("broadcast", b"\xffGHB\x09")
        broker.publish("broadcast", b"\xffGHB\x01")
        eventually(lambda: here.metrics().value("gohub_bus_inbound_dropped_total", reason="decode") == 1)
        broker.freeze()
        number = await sender.send("publish", {"topic": "t", "payload": 2, "confirm": True})
        # More than may be on its way without an answer.
        for _ in range(6):
            await sender.request("publish", {"topic": "large", "payload": "x" * 900_000}, expect="published")
        assert here.metrics().value("gohub_bus_outbox_bytes") > 0
        ledger.see(here.metrics())
        reply = await sender.reply(number)
        assert reply["data"]["code"] == "bus_unavailable", reply
        broker.kill()
        await asyncio.to_thread(await_ready, here, False)
        # The first are kept, and the last has no room.
        for _ in range(4):
            await sender.request("publish", {"topic": "t", "payload": "x" * 200}, expect="published")
        for kind, data in (("broadcast", {}), ("publish", {"topic": "t"})):
            await sender.request(kind, {"payload": 1, "confirm": True, **data}, expect="error")
        await sender.request("unicast", {"client_id": far.id, "payload": 1}, expect="error")
        eventually(lambda: here.metrics().value("gohub_bus_disconnects_total", reason="unreachable") >= 1)
        ledger.see(here.metrics())
        broker.start()
        for node in nodes:
            await asyncio.to_thread(await_ready, node, True, 20)
    for node in nodes:
        ledger.see(node.metrics())
