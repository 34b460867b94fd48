# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Who gets which message, how often, in which order."""

import contextlib
import struct

from client import Client


@contextlib.asynccontextmanager
async def clients(hub, count):
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Client(hub)) for _ in range(count)]


async def test_a_broadcast_reaches_every_client_once(hub):
    async with clients(hub, 20) as everyone:
        await everyone[0].request("broadcast", {"payload": {"text": "hello"}}, expect="published")
        for client in everyone:
            message = await client.receive("message")
            assert message["data"]["topic"] == "broadcast"
            assert message["data"]["payload"] == {"text": "hello"}
            assert message["data"]["from"] == everyone[0].id
        for client in everyone:
            assert await client.settle() == []
        metrics = hub.metrics()
        assert metrics.value("gohub_deliveries_total", scope="broadcast") == 20
        assert metrics.value("gohub_connections") == 20


async def test_a_publish_reaches_the_subscribers_of_its_topic_in_order(hub):
    async with clients(hub, 4) as (publisher, first, second, stranger):
        for client in (first, second):
            await client.request("subscribe", {"topic": "news"}, expect="subscribed")
        await stranger.request("subscribe", {"topic": "other"}, expect="subscribed")
        numbers = [await publisher.send("publish", {"topic": "news", "payload": n}) for n in range(200)]
        for number in numbers:
            assert (await publisher.reply(number))["message_type"] == "published"
        for client in (first, second):
            payloads = [(await client.receive("message"))["data"]["payload"] for _ in range(200)]
            assert payloads == list(range(200))
        for client in (publisher, first, second, stranger):
            assert await client.settle() == []


async def test_an_unsubscribed_client_gets_nothing_more(hub):
    async with clients(hub, 2) as (publisher, reader):
        await reader.request("subscribe", {"topic": "news"}, expect="subscribed")
        await publisher.request("publish", {"topic": "news", "payload": 1}, expect="published")
        await reader.receive("message")
        await reader.request("unsubscribe", {"topic": "news"}, expect="unsubscribed")
        await publisher.request("publish", {"topic": "news", "payload": 2}, expect="published")
        assert await reader.settle() == []


async def test_a_publisher_hears_itself_unless_it_asks_not_to(hub):
    async with clients(hub, 1) as (client,):
        await client.request("subscribe", {"topic": "news"}, expect="subscribed")
        await client.request("publish", {"topic": "news", "payload": 1}, expect="published")
        assert [message["data"]["payload"] for message in await client.settle()] == [1]
        await client.request("publish", {"topic": "news", "payload": 2, "echo": False}, expect="published")
        assert await client.settle() == []


async def test_a_unicast_reaches_only_its_target(hub):
    async with clients(hub, 3) as (sender, target, other):
        await sender.request("unicast", {"client_id": target.id, "payload": "psst"}, expect="published")
        assert (await target.receive("message"))["data"]["payload"] == "psst"
        for client in (sender, target, other):
            assert await client.settle() == []


async def test_a_unicast_to_nobody_is_an_error(hub):
    async with clients(hub, 1) as (sender,):
        nobody = "01890a5d-ac96-774b-bcce-b302099a8057"
        reply = await sender.request("unicast", {"client_id": nobody, "payload": 1}, expect="error")
        assert reply["data"]["code"] == "client_not_found"
        assert reply["data"]["message_type"] == "unicast"


async def test_a_binary_publish_arrives_as_it_was_sent(hub):
    async with clients(hub, 2) as (publisher, reader):
        await reader.request("subscribe", {"topic": "bytes"}, expect="subscribed")
        frame = struct.pack("B", 5) + b"bytes" + bytes(range(256))
        await publisher.socket.send(frame)
        assert await reader.socket.recv() == frame
        assert await publisher.settle() == []


async def test_data_passes_through_byte_for_byte(hub):
    async with clients(hub, 1) as (client,):
        data = '{ "b" : 1.50 ,\t"a":"\\u00e9\\/", "n":[ 12345678901234567890 ] }'
        await client.socket.send('{"message_id":7,"message_type":"ping","ts":1,"data":' + data + "}")
        assert data in await client.socket.recv()
