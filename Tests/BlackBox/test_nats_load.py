# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""NATS core under load: what a crash of the server loses is told, late answers are given in time, slowness is counted."""

import asyncio
import signal
import time

from bus import BACK, LOST, await_ready, await_told, node_settings, start_nodes, told
from client import Client
from process import eventually
from threads import Thread

GAP = "a gap in what another node has sent"
ROUNDS = 3
# Publications are answered within 10 ms by default; these machines may be slow.
SLACK = 1.0
# How many bytes of messages a node has room for that no loop has taken yet: as many wait as are being handed over.
ROOM = 2 * 16 << 20


def gaps(node, topic):
    """How many messages to a topic the log says are lost."""
    return sum(record["messages"] for record in told(node, GAP) if record["topic"] == f"topic/{topic}")


async def publish_until(done, client, topic):
    """Publishes numbers one after the other; those of which no failure was told, and how many others there are."""
    taken, number = [], 0
    while not done.is_set():
        reply = await client.request("publish", {"topic": topic, "payload": number}, expect="published")
        if "bus" not in reply["data"]:
            taken.append(number)
        number += 1
    return taken, number - len(taken)


async def test_what_a_server_that_is_killed_under_load_loses_is_told_as_gaps(nats, start_hub):
    settings = {"log": {"level": "debug"}, "hub": {"message_buffer_cap": 100_000}}
    here, there = nodes = start_nodes(start_hub, nats, 2, settings, reconnect_wait="100ms")
    async with Client(here) as sender, Client(there) as reader:
        await reader.request("subscribe", {"topic": "t"}, expect="subscribed")
        done = asyncio.Event()
        load = asyncio.create_task(publish_until(done, sender, "t"))
        for number in range(1, ROUNDS + 1):
            before = here.metrics().value("gohub_publishes_total", scope="topic")
            await asyncio.to_thread(published_more, here, before + 200)
            await asyncio.to_thread(nats.kill)
            await asyncio.to_thread(nats.start)
            for node in nodes:
                await asyncio.to_thread(eventually, lambda node=node: len(told(node, BACK)) == number, 20, "the bus")
                await asyncio.to_thread(await_ready, node)
        done.set()
        taken, told_failures = await load
        while (await sender.request("publish", {"topic": "t", "payload": "end", "confirm": True}))["message_type"] == "error":
            assert here.program.running
        found = []
        while not found or found[-1] != "end":
            found.append((await reader.receive("message"))["data"]["payload"])
        found = [payload for payload in found if payload != "end"]
    assert found == sorted(set(found)), "each once, in order"
    missing = len(set(taken) - set(found))
    # Those that were on their way to the bus when it was lost have no number, and are counted as failed.
    failures = here.metrics().value("gohub_bus_publish_failures_total", reason="disconnected")
    assert gaps(there, "t") <= missing <= gaps(there, "t") + failures - told_failures
    for node in nodes:
        page = node.metrics()
        assert page.value("gohub_bus_duplicates_total") == 0
        assert page.value("gohub_bus_nats_reconnects_total") == ROUNDS


def published_more(node, count):
    eventually(lambda: node.metrics().value("gohub_publishes_total", scope="topic") >= count, what=f"{count} publications")


async def test_with_a_server_that_is_frozen_publications_are_answered_in_time(nats, start_hub):
    node = start_hub(node_settings(nats, "n1", {"bus": {"publish_timeout": "0s"}}))
    async with Client(node) as client:
        nats.freeze()
        for number in range(10):
            start = time.monotonic()
            data = {"topic": "t", "payload": number, "confirm": True}
            reply = await client.request("publish", data, expect="error")
            assert reply["data"]["code"] == "bus_unavailable"
            assert time.monotonic() - start < SLACK
        await asyncio.to_thread(await_ready, node, False)
        nats.thaw()
        await asyncio.to_thread(await_ready, node)
        while (await client.request("publish", data))["message_type"] != "published":
            assert time.monotonic() - start < 20
    page = node.metrics()
    assert page.value("gohub_bus_publish_failures_total", reason="timeout") >= 1
    assert page.value("gohub_bus_nats_publish_errors_total") >= 10
    # The first answers were late by their own deadline, and not by another that is longer.
    assert page.value("gohub_bus_publish_duration_seconds_bucket", le="0.1") > 0


async def test_a_node_that_the_server_cuts_off_as_too_slow_is_back(start_nats, start_hub):
    nats = start_nats(['write_deadline: "100ms"', "max_payload: 512KB", "max_pending: 1MB"])
    node = start_hub(node_settings(nats, "n1"))
    node.program.send_signal(signal.SIGSTOP)
    try:
        with nats.connect() as program:
            await asyncio.to_thread(program.flood, "broadcast", b"x" * 100_000, 200)
        eventually(lambda: nats.monitoring("varz")["slow_consumers"] > 0, what="a slow consumer")
    finally:
        node.program.send_signal(signal.SIGCONT)
    # The server says no word before it does so: it is a connection that was closed.
    lost = await asyncio.to_thread(await_told, node, LOST)
    assert lost["reason"] == "closed"
    await asyncio.to_thread(await_told, node, BACK)
    await_ready(node)
    async with Client(node) as client:
        nats.publish("broadcast", '"after the flood"')
        assert (await client.receive("message"))["data"]["payload"] == "after the flood"


async def test_messages_for_which_a_node_has_no_time_are_dropped_and_counted(nats, start_hub):
    node = start_hub(node_settings(nats, "n1", {"server": {"loops": 1}}))
    assert node.metrics().value("gohub_bus_nats_slow_consumer_total") == 0
    payload = b"x" * 50_000
    with nats.connect() as program, Thread(node.program.pid, "loop-0"):
        # What lies in sockets is not at the node yet.
        await asyncio.to_thread(program.flood, "broadcast", payload, 3 * ROOM // 2 // len(payload))
        eventually(lambda: all(each["pending_bytes"] == 0 for each in nats.monitoring("connz")["connections"]), what="the flood")
    eventually(lambda: node.metrics().value("gohub_bus_nats_slow_consumer_total") > 0, what="dropped messages")
    record = await_told(node, "this node is too slow for NATS")
    assert record["level"] == "warning" and "dropped" in record["reason"]
    # Once all that it had taken is done, what comes is served.
    async with Client(node) as client:
        await_ready(node)
        found = []
        while "after the flood" not in found:
            nats.publish("broadcast", '"after the flood"')
            found = [message["data"]["payload"] for message in await client.settle()]
