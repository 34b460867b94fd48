# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The server of the bus goes away, and comes back."""

import asyncio
import contextlib
import time

from bus import BACK, LOST, await_ready, await_told, is_ready, node_settings, start_nodes, told
from client import Client
from process import eventually

# Publications are answered within 50 ms by default, and 10 ms with NATS; these machines may be slow.
SLACK = 3.0
TOPICS = 1000


def kinds(messages):
    return [message["message_type"] for message in messages]


async def ask_while_away(node, sender, reader):
    """What each request is answered while the bus is away; the node's own clients are served."""
    reply = await sender.request("publish", {"topic": "t", "payload": "local", "confirm": True}, expect="error")
    assert reply["data"]["code"] == "bus_unavailable", reply
    reply = await sender.request("broadcast", {"payload": "local", "confirm": True}, expect="error")
    assert reply["data"]["code"] == "bus_unavailable", reply
    reply = await sender.request("publish", {"topic": "t", "payload": "local"}, expect="published")
    assert reply["data"] == {"topic": "t", "bus": "unavailable"}
    reply = await sender.request("broadcast", {"payload": "local"}, expect="published")
    assert reply["data"] == {"topic": "broadcast", "bus": "unavailable"}
    reply = await sender.request("subscribe", {"topic": "new"}, expect="subscribed")
    assert reply["data"] == {"topic": "new", "bus": "unavailable"}
    reply = await sender.request("subscribe", {"topic": "t"}, expect="subscribed")
    assert reply["data"] == {"topic": "t", "bus": "unavailable"}
    await sender.request("unsubscribe", {"topic": "t"}, expect="unsubscribed")
    assert kinds(await sender.settle()) == ["message"] * 2
    for _ in range(4):
        assert (await reader.receive("message"))["data"]["payload"] == "local"


async def test_without_its_bus_a_node_serves_its_own_clients_and_afterwards_all(broker, start_hub):
    nodes = start_nodes(start_hub, broker, 2)
    here, there = nodes
    before = here.metrics()
    assert before.value("gohub_bus_up") == 1
    assert before.value("gohub_health_check", check="bus") == 1
    async with contextlib.AsyncExitStack() as stack:
        sender, reader, far = [await stack.enter_async_context(Client(node)) for node in (here, here, there)]
        for client in (reader, far):
            await client.request("subscribe", {"topic": "t"}, expect="subscribed")
        broker.kill()
        for node in nodes:
            await_ready(node, False)
            status, _, body = node.get("/readyz")
            assert status == 503 and "bus" in body, body
            assert node.get("/livez")[0] == 200
        await ask_while_away(here, sender, reader)
        start = time.monotonic()
        reply = await sender.request("unicast", {"client_id": far.id, "payload": 1}, expect="error")
        assert reply["data"]["code"] == "bus_unavailable"
        assert time.monotonic() - start < SLACK
        nobody = await sender.request("unicast", {"client_id": "nobody", "payload": 1}, expect="error")
        assert nobody["data"]["code"] == "client_not_found"
        away = here.metrics()
        assert away.value("gohub_bus_up") == 0
        assert away.value("gohub_health_check", check="bus") == 0
        assert away.value("gohub_health_check", check="ready") == 0
        assert away.value("gohub_bus_subscriptions", state="confirmed") == 0
        assert away.value("gohub_bus_subscriptions", state="desired") == 6
        assert away.value("gohub_bus_disconnects_total") >= 1
        assert away.value("gohub_bus_publish_failures_total", reason="disconnected") >= 4
        assert away.value(f"gohub_bus_{broker.kind}_publish_errors_total") >= 4
        assert away.value("gohub_unicasts_refused_total", reason="bus_unavailable") == 1
        assert await far.settle() == []

        broker.start()
        for node in nodes:
            await_ready(node)
        await sender.request("publish", {"topic": "t", "payload": "again", "confirm": True}, expect="published")
        for client in (reader, far):
            assert (await client.receive("message"))["data"]["payload"] == "again"
        # What was wanted while the bus was away is wanted there too.
        await far.request("publish", {"topic": "new", "payload": "for the late", "confirm": True}, expect="published")
        assert (await sender.receive("message"))["data"]["payload"] == "for the late"
        await sender.request("unicast", {"client_id": far.id, "payload": "you"}, expect="published")
        assert (await far.receive("message"))["data"]["payload"] == "you"
        reply = await sender.request("subscribe", {"topic": "t"}, expect="subscribed")
        assert reply["data"] == {"topic": "t"}
    for node in nodes:
        page = node.metrics()
        assert page.value("gohub_bus_up") == 1
        assert page.value("gohub_health_check", check="bus") == 1
        assert page.value("gohub_bus_reconnects_total") == 1
        assert page.value(f"gohub_bus_{broker.kind}_reconnects_total") == 1
        assert page.value("gohub_bus_outage_seconds_count") == 1
        assert page.value("gohub_bus_gap_messages_total") == 0
        subscriptions = page.value("gohub_bus_subscriptions", state="desired")
        assert page.value("gohub_bus_subscriptions", state="confirmed") == subscriptions
        (lost,) = told(node, LOST)
        (back,) = told(node, BACK)
        assert broker.address in lost["error"] and lost["reason"] == "closed"
        assert 0 < back["after"] < 30 and back["attempts"] >= 1
    warnings = [record for record in here.records() if record["level"] == "warning"]
    # One that it is lost, one or two that it cannot be reached, one of failed publications a second.
    assert len(warnings) <= 12, warnings


async def test_a_thousand_subscriptions_while_the_bus_is_away_are_answered_and_kept(broker, start_hub):
    settings = {"hub": {"max_subscriptions_per_client": TOPICS}}
    here, there = start_nodes(start_hub, broker, 2, settings)
    async with Client(here) as reader, Client(there) as sender:
        broker.kill()
        await_ready(here, False)
        start = time.monotonic()
        numbers = [await reader.send("subscribe", {"topic": f"t{number}"}) for number in range(TOPICS)]
        for number in numbers:
            reply = await reader.reply(number)
            assert reply["message_type"] == "subscribed" and reply["data"]["bus"] == "unavailable", reply
        # Each would have been answered after two seconds at the latest, with a bus that does not answer.
        assert time.monotonic() - start < SLACK
        broker.start()
        for node in (here, there):
            await_ready(node)
        page = here.metrics()
        assert page.value("gohub_bus_subscriptions", state="desired") == TOPICS + 4
        assert page.value("gohub_bus_subscriptions", state="confirmed") == TOPICS + 4
        numbers = [await sender.send("publish", {"topic": f"t{n}", "payload": n}) for n in range(TOPICS)]
        for number in numbers:
            assert "bus" not in (await sender.reply(number))["data"]
        found = [(await reader.receive("message"))["data"]["payload"] for _ in range(TOPICS)]
        assert found == list(range(TOPICS))


async def test_a_frozen_server_is_noticed_by_what_is_published(broker, start_hub):
    here, there = start_nodes(start_hub, broker, 2, {"bus": {"publish_timeout": "0s"}})
    async with Client(here) as sender, Client(here) as reader, Client(there) as far:
        for client in (reader, far):
            await client.request("subscribe", {"topic": "t"}, expect="subscribed")
        broker.freeze()
        start = time.monotonic()
        reply = await sender.request("publish", {"topic": "t", "payload": 1, "confirm": True}, expect="error")
        assert reply["data"]["code"] == "bus_unavailable"
        assert time.monotonic() - start < SLACK
        await asyncio.to_thread(await_ready, here, False, 2.0)
        # Local clients were served, and are; whoever asks for no confirmation need not wait for it.
        assert (await reader.receive("message"))["data"]["payload"] == 1
        reply = await sender.request("publish", {"topic": "t", "payload": 2}, expect="published")
        assert (await reader.receive("message"))["data"]["payload"] == 2

        def refused():
            return here.metrics().value("gohub_bus_publish_failures_total", reason="timeout") >= 1

        await asyncio.to_thread(eventually, refused)
        while (await sender.request("publish", {"topic": "u", "payload": 3}))["data"].get("bus") != "unavailable":
            assert time.monotonic() - start < 10
        broker.thaw()
        for node in (here, there):
            await asyncio.to_thread(await_ready, node)
        # In the short time that a publication may take, a slow machine may get no answer either.
        end = {"topic": "t", "payload": "end", "confirm": True}
        while (reply := await sender.request("publish", end))["message_type"] != "published":
            assert reply["data"]["reason"].endswith("timeout") and time.monotonic() - start < 30, reply
        for client in (reader, far):
            while (await client.receive("message"))["data"]["payload"] != "end":
                pass
    page = here.metrics()
    assert page.value("gohub_bus_publish_failures_total", reason="timeout") >= 1
    assert page.value(f"gohub_bus_{broker.kind}_publish_errors_total") >= 1
    assert page.value("gohub_bus_up") == 1


async def test_a_frozen_server_is_noticed_in_silence_too(broker, start_hub):
    node = start_hub(node_settings(broker, "n1", {"bus": {"probe_after": "1s"}}))
    broker.freeze()
    await asyncio.to_thread(await_told, node, LOST, 15)
    assert not is_ready(node)
    assert node.metrics().value("gohub_bus_disconnects_total", reason="timeout") >= 1
    assert node.metrics().value("gohub_bus_probe_failures_total") >= 1
    broker.thaw()
    await asyncio.to_thread(await_ready, node, True, 15)


async def test_what_is_kept_while_the_bus_is_away_arrives_when_it_is_back(redis, start_hub):
    buffer = {"bus": {"buffer": {"max_bytes": "1MiB", "max_age": "30s"}}}
    # By a stream, as no order is promised in which the two nodes are back.
    here, there = start_nodes(start_hub, redis, 2, buffer, delivery="streams")
    async with Client(here) as sender, Client(there) as reader:
        await reader.request("subscribe", {"topic": "t"}, expect="subscribed")
        redis.kill()
        for node in (here, there):
            await_ready(node, False)
        for number in range(20):
            reply = await sender.request("publish", {"topic": "t", "payload": number}, expect="published")
            assert reply["data"] == {"topic": "t", "bus": "unavailable"}
        eventually(lambda: here.metrics().value("gohub_bus_buffered_publishes") == 20)
        redis.start()
        found = [(await reader.receive("message"))["data"]["payload"] for _ in range(20)]
        assert found == list(range(20))
        assert here.metrics().value("gohub_bus_buffered_publishes") == 0
