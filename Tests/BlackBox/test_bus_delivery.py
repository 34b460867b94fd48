# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Clients of several nodes are clients of one hub."""

import asyncio
import contextlib
import json
import struct

import pytest

from bus import start_nodes
from client import CLOSE, Client, RawClient

NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"
MESSAGES = 300


@contextlib.asynccontextmanager
async def clients(nodes, count):
    """So many clients of each node, a list a node."""
    async with contextlib.AsyncExitStack() as stack:
        yield [[await stack.enter_async_context(Client(node)) for _ in range(count)] for node in nodes]


async def subscribe(readers, topic):
    for reply in await asyncio.gather(*(reader.request("subscribe", {"topic": topic}, "subscribed") for reader in readers)):
        assert "bus" not in reply["data"], reply


async def test_a_broadcast_reaches_the_clients_of_all_nodes_once(shared_nodes):
    async with clients(shared_nodes, 6) as groups:
        everyone = sum(groups, [])
        for sender in (groups[0][0], groups[-1][-1]):
            for number in range(3):
                await sender.request("broadcast", {"payload": number}, expect="published")
            for client in everyone:
                assert await client.payloads(3) == [0, 1, 2]


async def test_a_topic_reaches_its_subscribers_on_all_nodes_byte_for_byte(shared_nodes):
    async with clients(shared_nodes, 3) as groups:
        readers = [client for group in groups for client in group[:2]]
        strangers = [group[2] for group in groups]
        await subscribe(readers, "news/ü")
        payload = '{ "b" : 1.50 ,\t"a":"\\u00e9\\/ü", "n":[ 12345678901234567890 ] }'
        message = '{"message_id":7,"message_type":"publish","data":{"topic":"news/ü","payload":' + payload + "}}"
        await strangers[0].socket.send(message)
        assert (await strangers[0].receive("published"))["data"] == {"topic": "news/ü"}
        for reader in readers:
            text = await asyncio.wait_for(reader.socket.recv(), 10)
            assert payload in text
            assert json.loads(text)["data"]["from"] == strangers[0].id
        for client in readers + strangers:
            assert await client.settle() == []


async def test_bytes_arrive_at_all_nodes_as_they_were_sent(shared_nodes):
    async with clients(shared_nodes, 2) as groups:
        readers = sum(groups, [])
        await subscribe(readers, "bytes")
        for content in (bytes(range(256)), b"", b"\xffGHB\x01 no envelope", b"x" * 200_000):
            frame = struct.pack("B", 5) + b"bytes" + content
            await groups[0][0].socket.send(frame)
            for reader in readers:
                assert await asyncio.wait_for(reader.socket.recv(), 10) == frame
        frame = struct.pack("B", 9) + b"broadcast" + bytes(range(256))
        await groups[-1][0].socket.send(frame)
        for reader in readers:
            assert await asyncio.wait_for(reader.socket.recv(), 10) == frame


async def test_a_unicast_reaches_its_target_alone_on_any_node(shared_nodes):
    async with clients(shared_nodes, 3) as groups:
        everyone = sum(groups, [])
        sender = groups[0][0]
        for group in groups:
            target = group[1]
            reply = await sender.request("unicast", {"client_id": target.id.upper(), "payload": "psst"}, expect="published")
            assert reply["data"] == {"topic": f"unicast/{target.id}"}
            message = await target.receive("message")
            assert message["data"] == {"topic": f"unicast/{target.id}", "payload": "psst", "from": sender.id}
        for client in everyone:
            assert await client.settle() == []


async def test_a_unicast_to_nobody_is_an_error_whoever_would_have_had_it(shared_nodes):
    async with clients(shared_nodes, 1) as groups:
        sender = groups[0][0]
        # A digit that is random in each id, before the 16 bits that name the node.
        near = [client.id[:-5] + format(int(client.id[-5], 16) ^ 1, "x") + client.id[-4:] for (client,) in groups]
        for nobody in [NOBODY, "nobody", *near]:
            reply = await sender.request("unicast", {"client_id": nobody, "payload": 1}, expect="error")
            assert reply["data"]["code"] == "client_not_found", (nobody, reply)


async def test_messages_of_one_publisher_keep_their_order_on_all_nodes(shared_nodes):
    async with clients(shared_nodes, 3) as groups:
        readers = [client for group in groups for client in group[:2]]
        publishers = [group[2] for group in groups]
        await subscribe(readers, "order")

        async def publish(publisher):
            numbers = [await publisher.send("publish", {"topic": "order", "payload": n}) for n in range(MESSAGES)]
            for number in numbers:
                reply = await publisher.reply(number)
                assert reply["data"] == {"topic": "order"}, reply

        await asyncio.gather(*(publish(publisher) for publisher in publishers))
        for reader in readers:
            messages = [await reader.receive("message") for _ in range(MESSAGES * len(publishers))]
            assert await reader.settle() == []
            for publisher in publishers:
                own = [message["data"]["payload"] for message in messages if message["data"]["from"] == publisher.id]
                assert own == list(range(MESSAGES))


async def test_echo_is_left_out_on_the_publishers_own_connection_alone(shared_nodes):
    async with clients(shared_nodes, 2) as groups:
        everyone = sum(groups, [])
        await subscribe(everyone, "echo")
        await everyone[0].request("publish", {"topic": "echo", "payload": 1, "echo": False}, expect="published")
        for client in everyone[1:]:
            assert await client.payloads(1) == [1]
        assert await everyone[0].settle() == []


async def test_confirmed_publications_are_answered_and_arrive(shared_nodes):
    async with clients(shared_nodes, 1) as groups:
        everyone = sum(groups, [])
        await subscribe(everyone, "sure")
        sender = groups[0][0]
        await sender.request("publish", {"topic": "sure", "payload": 1, "confirm": True}, expect="published")
        await sender.request("broadcast", {"payload": 2, "confirm": True}, expect="published")
        for client in everyone:
            assert sorted(await client.payloads(2)) == [1, 2]


async def test_nothing_was_lost_between_the_nodes(shared_nodes, shared_broker):
    for node in shared_nodes:
        page = node.metrics()
        page.assert_conservation()
        assert page.value("gohub_bus_gap_messages_total") == 0
        assert page.value("gohub_bus_duplicates_total") == 0
        assert page.value("gohub_bus_publish_failures_total") == 0
        assert page.value("gohub_bus_inbound_dropped_total") == 0
        assert page.value("gohub_bus_transit_seconds_count") > 0
        assert page.value(shared_broker.transit + "_count") == page.value("gohub_bus_transit_seconds_count")


async def answered_not_found(sender, gone):
    """Waits until a client is gone for those of another node."""
    while True:
        reply = await sender.request("unicast", {"client_id": gone, "payload": 1})
        if reply["message_type"] == "error" and reply["data"]["code"] == "client_not_found":
            return


@pytest.mark.parametrize("count", [2, 3])
async def test_a_far_client_that_does_not_read_or_answer_is_noticed(broker, start_hub, count):
    hub = {"message_buffer_cap": 16, "ping_interval": "1s", "pong_timeout": "1s"}
    nodes = start_nodes(start_hub, broker, count, {"hub": hub})
    near, far = nodes[0], nodes[-1]
    async with Client(near) as sender:
        with RawClient(far, receive_buffer=4096) as deaf, RawClient(far) as mute:
            target, silent = deaf.upgrade(), mute.upgrade()
            accepted = 0
            while True:
                reply = await sender.request("unicast", {"client_id": target, "payload": "x" * 100_000})
                if reply["message_type"] == "error":
                    break
                accepted += 1
                assert accepted < 200
            assert reply["data"]["code"] == "send_buffer_full"
            page = far.metrics()
            page.assert_conservation()
            assert page.value("gohub_deliveries_total", scope="client") == accepted
            assert near.metrics().value("gohub_unicasts_refused_total", reason="send_buffer_full") == 1
            # It has not answered a ping.
            await asyncio.to_thread(mute.until, CLOSE)
            await asyncio.wait_for(answered_not_found(sender, silent), 10)
        await asyncio.wait_for(answered_not_found(sender, target), 10)
    closed = far.metrics()
    assert closed.value("gohub_connections_closed_total", reason="no_pong") == 1
    assert closed.value("gohub_connections") == 0
