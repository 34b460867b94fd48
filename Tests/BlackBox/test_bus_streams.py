# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Delivery by streams: what was published while a node had no connection arrives when it is back, and nothing twice."""

import asyncio
import signal
import time

from bus import await_nodes, await_ready, node_settings, start_nodes, start_together
from client import Client
from process import eventually

SAFE = ["appendonly yes", "appendfsync always"]


def reconnects(node):
    return node.metrics().value("gohub_bus_reconnects_total")


def lossless(nodes, missing=0):
    """No node counts a duplicate, nor more lost messages than are missing."""
    for node in nodes:
        page = node.metrics()
        assert page.value("gohub_bus_gap_messages_total") <= missing
        assert page.value("gohub_bus_duplicates_total") == 0


def restart(redis):
    redis.kill()
    redis.start()


def cut(redis):
    redis.command("CLIENT", "KILL", "USER", "default")


async def test_a_node_without_a_connection_catches_up(start_redis, start_hub):
    redis = start_redis(SAFE)
    here, there = nodes = start_nodes(start_hub, redis, 2, delivery="streams")
    async with Client(here) as sender, Client(there) as reader:
        await reader.request("subscribe", {"topic": "t"}, expect="subscribed")
        for turn, interrupt in enumerate([restart, cut, cut, cut]):
            there.program.send_signal(signal.SIGSTOP)
            try:
                await asyncio.to_thread(interrupt, redis)
                await asyncio.to_thread(eventually, lambda: reconnects(here) > turn, 20, "a new connection")
                for number in range(30):
                    data = {"topic": "t", "payload": [turn, number], "confirm": True}
                    await sender.request("publish", data, expect="published")
                await sender.request("broadcast", {"payload": "all", "confirm": True}, expect="published")
            finally:
                there.program.send_signal(signal.SIGCONT)
            assert await reader.payloads(31) == [*([turn, number] for number in range(30)), "all"]
        await asyncio.to_thread(await_ready, there)
        await sender.request("publish", {"topic": "t", "payload": "live"}, expect="published")
        assert await reader.payloads(1) == ["live"]
        await sender.request("unicast", {"client_id": reader.id, "payload": "you"}, expect="published")
        assert await reader.payloads(1) == ["you"]
    lossless(nodes)


async def test_broadcasts_are_not_overtaken_by_what_their_node_says_of_itself(start_redis, start_hub):
    redis = start_redis()
    here, there = nodes = start_nodes(start_hub, redis, 2, delivery="streams")
    async with Client(here) as sender, Client(there) as reader:
        there.program.send_signal(signal.SIGSTOP)
        sent = 0
        try:
            # Two records of the node, one in five seconds, wait with the broadcasts, and come by another connection.
            end = time.monotonic() + 11
            while time.monotonic() < end:
                await sender.request("broadcast", {"payload": sent, "confirm": True}, expect="published")
                sent += 1
                await asyncio.sleep(0.1)
        finally:
            there.program.send_signal(signal.SIGCONT)
        assert await reader.payloads(sent) == list(range(sent))
    lossless(nodes)


async def test_a_node_that_fails_to_connect_again_and_again_catches_up(start_redis, start_hub):
    redis = start_redis(SAFE)
    login = redis.directory / "password"
    login.write_text("secret", encoding="ascii")
    user = ["ACL", "SETUSER", "other", "on", ">secret", "~*", "&*", "+@all"]
    redis.command(*user)
    settings = [
        node_settings(redis, "n1", delivery="streams"),
        node_settings(redis, "n2", delivery="streams", user="other", password_file=str(login)),
    ]
    here, there = start_together(start_hub, settings)
    await_nodes(here, 2)
    async with Client(here) as sender, Client(there) as reader:
        await reader.request("subscribe", {"topic": "t"}, expect="subscribed")
        await sender.request("publish", {"topic": "t", "payload": "before", "confirm": True}, expect="published")
        assert await reader.payloads(1) == ["before"]
        redis.command("ACL", "SETUSER", "other", "off")
        redis.command("CLIENT", "KILL", "USER", "other")

        def attempts():
            return there.metrics().value("gohub_bus_disconnects_total", reason="refused")

        await asyncio.to_thread(eventually, lambda: attempts() >= 3, 30, "attempts that fail")
        for number in range(5):
            data = {"topic": "t", "payload": number, "confirm": True}
            await sender.request("publish", data, expect="published")
        await sender.request("broadcast", {"payload": "all", "confirm": True}, expect="published")
        redis.command("XADD", "gohub:stream", "*", "t", "topic/t", "p", '"from outside"')
        redis.command(*user)
        found = await reader.payloads(7)
        # The order of one topic is kept, and that of another has nothing to do with it.
        assert [payload for payload in found if payload != "all"] == [*range(5), "from outside"]
    lossless([here, there])


async def test_entries_that_are_no_messages_are_dropped_and_counted(start_redis, start_hub):
    redis = start_redis()
    (node,) = start_nodes(start_hub, redis, 1, delivery="streams")
    before = node.metrics().value("gohub_bus_inbound_dropped_total", reason="decode")
    async with Client(node) as reader:
        await reader.request("subscribe", {"topic": "t"}, expect="subscribed")
        for words in (
            ["p", "1", "t", "topic/t"], ["t", "topic/t", "p", "1", "x", "y"], ["t", "topic/t"], ["t", "gohub:topic/t", "p", "1"],
            ["t", "nothing", "p", "1"],
        ):
            redis.command("XADD", "gohub:stream", "*", *words)
        redis.command("XADD", "gohub:stream", "*", "t", "topic/t", "p", "1")
        assert await reader.payloads(1) == [1]
    assert node.metrics().value("gohub_bus_inbound_dropped_total", reason="decode") == before + 5


async def test_what_was_confirmed_arrives_once_however_often_connections_are_cut(start_redis, start_hub):
    redis = start_redis(SAFE)
    here, there = start_nodes(start_hub, redis, 2, {"hub": {"message_buffer_cap": 10_000}}, delivery="streams")
    async with Client(here) as sender, Client(there) as reader:
        await reader.request("subscribe", {"topic": "t"}, expect="subscribed")
        confirmed, sent = [], 0
        for cuts in range(4):
            for _ in range(50):
                reply = await sender.request("publish", {"topic": "t", "payload": sent, "confirm": True})
                if reply["message_type"] == "published":
                    confirmed.append(sent)
                sent += 1
                if sent % 50 == 25:
                    cut(redis)
            await asyncio.to_thread(eventually, lambda: reconnects(there) > cuts, 20, "a new connection")
            await asyncio.to_thread(await_ready, here)
        await sender.request("publish", {"topic": "t", "payload": "end", "confirm": True}, expect="published")
        found = []
        while not found or found[-1] != "end":
            found.append((await reader.receive("message"))["data"]["payload"])
        assert await reader.settle() == []
        found.pop()
        assert found == sorted(set(found)), "each once, in order"
        assert set(confirmed) <= set(found)
        assert len(confirmed) >= 4 * 20
    # What was on its way when the connection was cut has a number, and may never have come to the server.
    lossless([here])
    lossless([there], missing=sent - len(found))


async def test_a_new_node_does_not_get_what_was_before_it(start_redis, start_hub):
    redis = start_redis()
    (here,) = start_nodes(start_hub, redis, 1, delivery="streams")
    async with Client(here) as sender:
        for number in range(20):
            await sender.request("broadcast", {"payload": number, "confirm": True}, expect="published")
        there = start_hub(node_settings(redis, "n2", delivery="streams"))
        await_nodes(here, 2)
        async with Client(there) as reader:
            await sender.request("broadcast", {"payload": "new", "confirm": True}, expect="published")
            assert await reader.payloads(1) == ["new"]
