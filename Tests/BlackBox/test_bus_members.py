# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Which nodes there are: how they come, go and fail."""

import asyncio
import json
import signal
import time

from bus import await_nodes, node_settings, start_nodes, start_together, told
from client import Client
from process import eventually

SECONDS = 0.5  # of load before a node is told to end


def listed(node):
    """What operators are told of the nodes, and whether the bus is ready."""
    status, _, body = node.get("/debug/nodes", port=node.operators_port)
    assert status == 200, body
    answer = json.loads(body)
    return answer["nodes"], answer["bus_ready"]


def test_nodes_that_publish_by_different_ways_warn_of_each_other(redis, start_hub):
    ways = {"n1": ("pubsub", "classic"), "n2": ("streams", "streams")}
    settings = [node_settings(redis, name, delivery=delivery) for name, (delivery, _) in ways.items()]
    for node, name, other in zip(start_together(start_hub, settings), ("n1", "n2"), ("n2", "n1")):
        await_nodes(node, 2)
        (warning,) = [record for record in node.records() if "by another way" in record["message"]]
        assert (warning["level"], warning["member"]) == ("warning", other)
        assert (warning["publications"], warning["its_publications"]) == (ways[name][1], ways[other][1])
    for node in start_nodes(start_hub, redis, 2, key_prefix="alike:"):
        assert not [record for record in node.records() if record["level"] == "warning"]


def test_operators_see_all_nodes_and_others_see_none(broker, start_hub):
    settings = {"server": {"admin_addr": "127.0.0.1:0"}}
    nodes = start_nodes(start_hub, broker, 2, settings)
    for node, name in zip(nodes, ("n1", "n2")):
        records, ready = listed(node)
        assert ready
        assert records[0]["id"] == name, "each node is the first in its own list"
        assert sorted(record["id"] for record in records) == ["n1", "n2"]
        # What others said of themselves last, which may be that they start.
        assert {record["phase"] for record in records} <= {"serving", "starting"}
        assert len({record["incarnation"] for record in records}) == 2
        assert all(record["version"] for record in records)
        assert node.get("/debug/nodes", port=node.port)[0] == 404
    bound = {name: f"127.0.0.1:{node.operators_port}" for node, name in zip(nodes, ("n1", "n2"))}
    for node in nodes:
        # Ports that the system chose, which a node knows when it listens.
        eventually(lambda: {record["id"]: record["admin"] for record in listed(node)[0]} == bound, 5, "the addresses")
        joined = told(node, "a node joined")
        assert len(joined) == 1 and joined[0]["nodes"] == 2


def test_the_second_node_of_one_name_does_not_serve(broker, start_hub, start_program):
    (first,) = start_nodes(start_hub, broker, 1)
    second = start_program(node_settings(broker, "n1"))
    assert second.wait() == 73, second.tail()
    last = json.loads(second.lines[-1])
    assert (last["level"], last["message"]) == ("error", "cannot serve")
    assert '"n1"' in last["error"] and "hub.node_id" in last["advice"]
    assert first.get("/readyz")[0] == 200
    await_nodes(first, 1)


def test_of_two_nodes_that_start_together_under_one_name_one_serves(broker, start_program):
    programs = [start_program(node_settings(broker, "n1")) for _ in range(2)]
    refused = eventually(lambda: next((each for each in programs if not each.running), None), 20, "the end of one")
    (other,) = [program for program in programs if program is not refused]
    assert refused.wait() == 73
    other.wait_for_line(lambda line: "listening" in line or None)
    assert other.stop() == 0


async def test_a_node_that_dies_is_gone_after_a_while(broker, start_hub):
    here, there = start_nodes(start_hub, broker, 2, {"server": {"admin_addr": "127.0.0.1:0"}})
    async with Client(here) as sender, Client(there) as lost:
        start = time.monotonic()
        there.program.kill()
        # Its node cannot answer, which the sender is told in time.
        reply = await sender.request("unicast", {"client_id": lost.id, "payload": 1}, expect="error")
        assert reply["data"]["code"] == "bus_unavailable"
        assert time.monotonic() - start < 6
        await asyncio.to_thread(await_nodes, here, 1, 25)
        assert time.monotonic() - start > 9, "a node may miss a heartbeat"
        (record,), _ = listed(here)
        assert (record["id"], record["phase"], record["clients"]) == ("n1", "serving", 1)
        reply = await sender.request("unicast", {"client_id": lost.id, "payload": 1}, expect="error")
        assert reply["data"]["code"] == "client_not_found"
    (record,) = told(here, "a node is silent, and counts as gone")
    assert record["member"] == "n2"
    # One that comes again under the same name is another one.
    (again,) = start_together(start_hub, [node_settings(broker, "n2")])
    await_nodes(here, 2)
    await_nodes(again, 2)


async def test_a_node_that_is_told_to_end_under_load_leaves_in_order(broker, start_hub):
    here, there = start_nodes(start_hub, broker, 2)
    async with Client(here) as publisher, Client(here) as reader, Client(there) as leaver, Client(there) as talker:
        for client in (reader, leaver):
            await client.request("subscribe", {"topic": "t"}, expect="subscribed")
        done = asyncio.Event()

        async def publish(client, failing):
            """Publishes one after the other; answers how many were taken."""
            count = 0
            while not done.is_set():
                try:
                    reply = await client.request("publish", {"topic": "t", "payload": count}, expect="published")
                except Exception:
                    assert failing
                    return count
                assert reply["data"] == {"topic": "t"} or failing, reply
                count += 1
            return count

        load = [asyncio.create_task(publish(publisher, False)), asyncio.create_task(publish(talker, True))]
        await asyncio.sleep(SECONDS)
        there.program.send_signal(signal.SIGTERM)
        rest = await leaver.rest()
        assert leaver.close_code == 1001
        assert [message["message_type"] for message in rest].count("draining") == 1
        assert await asyncio.to_thread(there.program.wait) == 0
        await asyncio.to_thread(await_nodes, here, 1, 3)
        done.set()
        taken = [await task for task in load]
        received = [message["data"] async for message in published(reader, sum(taken))]
        own = [data["payload"] for data in received if data["from"] == publisher.id]
        assert own == list(range(taken[0]))
        others = [data["payload"] for data in received if data["from"] == talker.id]
        assert others[: taken[1]] == list(range(taken[1]))
        own = [message["data"]["payload"] for message in rest if message["data"].get("from") == publisher.id]
        assert own == list(range(len(own))), "each message once, in order"
    assert len(told(here, "a node left")) == 1
    page = here.metrics()
    assert page.value("gohub_bus_gap_messages_total") == 0
    assert page.value("gohub_bus_publish_failures_total") == 0
    ended = there.records()[-1]
    assert (ended["message"], ended["residual"]) == ("ended", 0)


async def published(reader, count):
    """So many messages, and what else there is."""
    for _ in range(count):
        yield await reader.receive("message")
    for message in await reader.settle():
        yield message
