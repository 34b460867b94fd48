# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Names and sizes on the wire of NATS, seen by a client of NATS that is no node."""

import contextlib

import pytest

from bus import await_nodes, node_settings, start_nodes, start_together, told
from client import Client
from conftest import nodes_of_a_module
from nats_server import NatsServer, subject
from process import eventually

MAGIC = b"\xffGHB"
# Topics, and their subjects behind `gohub.topic.`
NAMES = {
    "news": "news",
    "a.b.c": "a.b.c",
    "two words": "two%20words",
    "*": "%2A",
    "a.>": "a.%3E",
    "100%": "100%25",
    ".hidden.": "%2Ehidden%2E",
    "a..b": "a%2E%2Eb",
    "room/ü": "room/ü",
}


@pytest.fixture(scope="module")
def shared_nats_pair(binary, tmp_path_factory):
    """A server and two nodes for tests that leave nothing behind in them."""
    server = NatsServer(tmp_path_factory.mktemp("nats"))
    try:
        with nodes_of_a_module(binary, server, tmp_path_factory.mktemp("pair"), 2) as nodes:
            yield server, nodes
    finally:
        server.stop()


@pytest.mark.parametrize("name", NAMES)
async def test_a_topic_has_one_subject_whatever_its_name_both_ways(shared_nats_pair, name):
    nats, (here, there) = shared_nats_pair
    wire = "gohub.topic." + NAMES[name]
    assert subject("topic/" + name) == wire
    async with Client(here) as sender, Client(there) as reader:
        await reader.request("subscribe", {"topic": name}, expect="subscribed")
        with nats.connect() as program:
            take = program.listen("gohub.topic.>")
            await sender.request("publish", {"topic": name, "payload": 1, "confirm": True}, expect="published")
            message = take()
            assert message.subject == wire and message.data.startswith(MAGIC)
            assert (await reader.receive("message"))["data"]["payload"] == 1
            program.publish_raw(wire, b'"bare"')
        assert (await reader.receive("message"))["data"] == {"topic": name, "payload": "bare", "from": "bus"}
        assert await reader.settle() == []


async def test_nodes_with_and_without_a_stream_hear_each_other(start_hub, start_nats):
    """So a hub goes from one to the other node by node."""
    server = start_nats(streams=True)
    ways = ({"jetstream": True, "stream": {"max_bytes": "64MiB"}}, {"jetstream": False})
    nodes = start_together(start_hub, [node_settings(server, f"n{n}", **keys) for n, keys in enumerate(ways)])
    for node in nodes:
        await_nodes(node, 2)
    for here, there in (nodes, reversed(nodes)):
        async with Client(here) as sender, Client(there) as reader:
            await reader.request("subscribe", {"topic": "news"}, expect="subscribed")
            for number in range(10):
                await sender.request("publish", {"topic": "news", "payload": number, "confirm": True}, expect="published")
            assert [(await reader.receive("message"))["data"]["payload"] for _ in range(10)] == list(range(10))
            await sender.request("broadcast", {"payload": "all"}, expect="published")
            await sender.request("unicast", {"client_id": reader.id, "payload": "one"}, expect="published")
            texts = {(await reader.receive("message"))["data"]["payload"] for _ in range(2)}
            assert texts == {"all", "one"}
            assert await reader.settle() == []
    for node in nodes:
        page = node.metrics()
        assert page.value("gohub_bus_gap_messages_total") == 0
        assert page.value("gohub_bus_duplicates_total") == 0
        assert not told(node, "a node publishes by another way")


async def test_who_hears_all_subjects_sees_envelopes(shared_nats_pair):
    nats, (here, there) = shared_nats_pair
    async with Client(here) as sender, Client(there) as target:
        with nats.connect() as program:
            take = program.listen("gohub.>")
            await sender.request("broadcast", {"payload": 1, "confirm": True}, expect="published")
            await sender.request("publish", {"topic": "t", "payload": 1, "confirm": True}, expect="published")
            await sender.request("unicast", {"client_id": target.id, "payload": 1}, expect="published")
            wanted = {"gohub.broadcast", "gohub.topic.t", "gohub.node.n1", "gohub.node.n2"}
            while wanted:
                message = take()
                if message.subject.startswith("gohub.receipt."):
                    assert message.data == b""
                    continue
                assert message.data.startswith(MAGIC), message
                wanted.discard(message.subject)


async def test_what_looks_like_no_name_below_the_prefix_ends_nothing(shared_nats_pair):
    nats, (node, _) = shared_nats_pair
    before = node.metrics()
    async with Client(node) as client:
        with nats.connect() as program:
            for wrong in ("gohub.unicast.%", "gohub.unicast.%zz", "gohub.unicast.a.b", "gohub.unicast.%FF", "gohub.else"):
                program.publish_raw(wrong, b"x")
            for listener in {name for each in nats.connections() for name in each.get("subscriptions_list", [])}:
                if listener.startswith("gohub.receipt."):
                    for answer in (b"", b"x", bytes(8), b"\xff" * 8, b"x" * 9):
                        program.publish_raw(listener, answer)
        await client.request("broadcast", {"payload": 1, "confirm": True}, expect="published")
        assert (await client.receive("message"))["data"]["payload"] == 1
        await client.request("subscribe", {"topic": "later"}, expect="subscribed")
    page = node.metrics()
    name = "gohub_bus_inbound_dropped_total"
    assert page.value(name, reason="decode") == before.value(name, reason="decode") + 4
    assert page.value("gohub_bus_disconnects_total") == 0


async def test_what_the_hub_takes_and_nats_does_not_is_told_and_counted(nats, start_hub):
    settings = {"hub": {"max_message_bytes": "2MiB", "message_buffer_bytes": "4MiB"}}
    here, there = start_nodes(start_hub, nats, 2, settings)
    longest = "x" * (1 << 20)
    async with Client(here) as sender, Client(here) as near, Client(there) as far:
        for reader in (near, far):
            await reader.request("subscribe", {"topic": "t"}, expect="subscribed")
        reply = await sender.request("publish", {"topic": "t", "payload": longest, "confirm": True}, expect="error")
        assert reply["data"]["code"] == "bus_unavailable" and "too_large" in reply["data"]["reason"]
        await sender.request("publish", {"topic": "t", "payload": "end", "confirm": True}, expect="published")
        assert (await near.receive("message"))["data"]["payload"] == longest
        for reader in (near, far):
            assert (await reader.receive("message"))["data"]["payload"] == "end"
    page = here.metrics()
    assert page.value("gohub_bus_publish_failures_total", reason="too_large") == 1
    assert page.value("gohub_bus_nats_publish_errors_total") == 1
    assert page.value("gohub_bus_disconnects_total") == 0


async def test_hubs_with_different_prefixes_do_not_hear_each_other(nats, start_hub):
    nodes = [start_hub(node_settings(nats, "n1", subject_prefix=prefix)) for prefix in ("one", "two.three")]
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(node)) for node in nodes]
        await clients[0].request("broadcast", {"payload": 1, "confirm": True}, expect="published")
        assert (await clients[0].receive("message"))["data"]["payload"] == 1
        with nats.connect() as program:
            program.publish_raw("two.three.broadcast", b'"a"')
        assert (await clients[1].receive("message"))["data"]["payload"] == "a"
        assert await clients[1].settle() == [] and await clients[0].settle() == []
    for node in nodes:
        eventually(lambda node=node: node.metrics().value("gohub_nodes") == 1)
