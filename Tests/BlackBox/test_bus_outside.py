# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What programs that are no nodes write to the bus: messages for clients, and garbage."""

import asyncio
import json
import random
import struct

from bus import node_settings, start_nodes
from client import Client
from conftest import every_way
from process import eventually
from redis_server import PREFIX

MAGIC = b"\xffGHB"
VERSION = b"\x01"
BARE = [
    (b'{"a": [1, 2.50]}', {"a": [1, 2.5]}),
    (b" null ", None),
    (b'"text"', "text"),
    ("hello, wörld \n\"quoted\" \x00".encode(), 'hello, wörld \n"quoted" \x00'),
    (b"", ""),
    (b"{broken", "{broken"),
]
NO_TEXT = bytes(range(256))
GARBAGE = 3000


class Drops:
    """What a node drops of what comes from the bus, from now on."""

    def __init__(self, node):
        self._node = node
        self._before = node.metrics()

    def count(self, name="gohub_bus_inbound_dropped_total", **labels):
        return self._node.metrics().value(name, **labels) - self._before.value(name, **labels)

    def wait(self, reason, count):
        eventually(lambda: self.count(reason=reason) == count, what=f"{count} dropped for {reason}")


async def frame(client):
    return await asyncio.wait_for(client.socket.recv(), 10)


async def test_what_other_programs_publish_reaches_clients(shared_broker, shared_pair):
    broker, pair = shared_broker, shared_pair
    async with Client(pair[0]) as here, Client(pair[1]) as there:
        for client in (here, there):
            await client.request("subscribe", {"topic": "news/1"}, expect="subscribed")
        broker.publish("topic/news/1", '{"text":"extra"}')
        broker.publish("broadcast", "all of you")
        for client in (here, there):
            message = await client.receive("message")
            assert message["data"] == {"topic": "news/1", "payload": {"text": "extra"}, "from": "bus"}
            message = await client.receive("message")
            assert message["data"] == {"topic": "broadcast", "payload": "all of you", "from": "bus"}
        broker.publish(f"unicast/{there.id}", "42")
        message = await there.receive("message")
        assert message["data"] == {"topic": f"unicast/{there.id}", "payload": 42, "from": "bus"}
        for client in (here, there):
            assert await client.settle() == []


async def test_json_stays_as_it_is_and_text_becomes_a_string_and_bytes_a_binary_frame(shared_broker, shared_pair):
    broker, node = shared_broker, shared_pair[0]
    drops = Drops(node)
    async with Client(node) as reader:
        await reader.request("subscribe", {"topic": "t"}, expect="subscribed")
        for topic in ("t", "broadcast", f"unicast/{reader.id}"):
            channel = "topic/t" if topic == "t" else topic
            for sent, expected in BARE:
                broker.publish(channel, sent)
                text = await frame(reader)
                assert json.loads(text)["data"] == {"topic": topic, "payload": expected, "from": "bus"}, text
            broker.publish(channel, b'{ "n" : 12345678901234567890 }')
            assert '"payload":{ "n" : 12345678901234567890 }' in await frame(reader)
            broker.publish(channel, NO_TEXT)
            name = topic.encode()
            assert await frame(reader) == struct.pack("B", len(name)) + name + NO_TEXT
        assert await reader.settle() == []
        assert drops.count("gohub_bus_bare_received_total") == 3 * (len(BARE) + 2)
        assert drops.count() == 0


async def test_nodes_are_not_spoken_to_by_others(shared_broker, shared_pair):
    broker, node = shared_broker, shared_pair[0]
    drops = Drops(node)
    for channel in ("nodes", "node/n1"):
        for payload in (b'{"id":"n1"}', b"text", b"", NO_TEXT):
            broker.publish(channel, payload)
    drops.wait("bare_refused", 8)
    assert drops.count() == 8
    # Nobody listens to the inboxes of nodes that are not there, nor to other names.
    assert [broker.listeners(name) for name in ("node/other", "topic/unwanted", "else")] == [0, 0, 0]


async def test_what_is_too_large_for_clients_or_for_nobody_is_dropped(shared_broker, shared_pair):
    broker, node = shared_broker, shared_pair[0]
    drops = Drops(node)
    async with Client(node) as client:
        broker.publish("broadcast", b"x" * ((1 << 20) + 1))
        # With the hub's own text around it this has too many bytes too.
        broker.publish("broadcast", b"x" * ((1 << 20) - 10))
        drops.wait("too_large", 2)
        broker.publish("unicast/nobody", "x")
        drops.wait("decode", 1)
        broker.publish("unicast/01890a5d-ac96-774b-bcce-b302099a8057", "x")
        broker.publish("broadcast", "end")
        assert (await client.receive("message"))["data"]["payload"] == "end"


async def test_a_hub_that_is_told_so_hears_nodes_alone(broker, start_hub):
    nodes = start_nodes(start_hub, broker, 2, {"bus": {"accept_bare": False}})
    drops = Drops(nodes[1])
    async with Client(nodes[0]) as sender, Client(nodes[1]) as reader:
        await reader.request("subscribe", {"topic": "t"}, expect="subscribed")
        for channel in ("topic/t", "broadcast", f"unicast/{reader.id}", "nodes"):
            broker.publish(channel, '"bare"')
        drops.wait("bare_refused", 4)
        await sender.request("publish", {"topic": "t", "payload": "of a node"}, expect="published")
        assert (await reader.receive("message"))["data"]["payload"] == "of a node"
        assert await reader.settle() == []
        assert nodes[1].metrics().value("gohub_bus_bare_received_total") == 0


def garbage(generator, channel):
    """Bytes that begin as an envelope does, some of them with much of it right."""
    kind = generator.randrange(7)
    if kind == 0:
        return MAGIC + generator.randbytes(generator.randrange(80))
    if kind == 1:
        return MAGIC + VERSION + generator.randbytes(generator.randrange(400))
    topic = channel.encode() if generator.random() < 0.8 else generator.randbytes(5)
    origin = generator.choice([b"n1", b"n2", b"x", b"", generator.randbytes(20)])
    payload = generator.choice([b"", generator.randbytes(50), b'{"id":"zz","incarnation":"5","heads":{"broadcast":"1:9"}}'])
    extensions = generator.choice([b"", generator.randbytes(12), b"\x01\x00\x08" + generator.randbytes(8)])
    head = struct.pack(
        ">BBBQIQQHIH",
        generator.randrange(6),
        generator.randrange(4),
        len(origin),
        generator.choice([1, 5, generator.getrandbits(64)]),
        generator.choice([0, 1, generator.getrandbits(32)]),
        generator.choice([0, 1, (1 << 64) - 1, generator.getrandbits(64)]),
        generator.choice([0, 1 << 63, (1 << 63) - 1]),
        len(topic),
        generator.choice([len(extensions), generator.getrandbits(32)]),
        0,
    )
    return MAGIC + VERSION + head + origin + topic + extensions + payload


@every_way
async def test_garbage_that_begins_as_an_envelope_ends_nothing(broker, start_hub):
    node = start_hub(node_settings(broker, "n1"))
    generator = random.Random(11)
    async with Client(node) as client, Client(node) as reader:
        await reader.request("subscribe", {"topic": "t"}, expect="subscribed")
        channels = ["broadcast", "topic/t", "nodes", "node/n1", f"unicast/{client.id}"]
        with broker.connect() as writer:
            for number in range(GARBAGE):
                channel = channels[number % len(channels)]
                writer.publish(channel, garbage(generator, channel))
            if broker.keys.get("delivery") == "streams":
                for number in range(1000):
                    channel = channels[number % len(channels)]
                    fields = ["t", channel, "p", garbage(generator, channel)]
                    if number % 5 == 0:
                        fields = ["t", generator.randbytes(9), generator.randbytes(3), generator.randbytes(600)]
                    elif number % 7 == 0:
                        fields = fields[:2] * (number % 4 + 1)
                    writer.command("XADD", PREFIX + "stream", "*", *fields)
        eventually(lambda: node.metrics().value("gohub_bus_received_total") >= GARBAGE, what="all of the garbage")
        page = node.metrics()
        assert page.value("gohub_bus_inbound_dropped_total", reason="decode") > 100
        assert page.value("gohub_bus_inbound_dropped_total", reason="unknown_version") > 10
        assert page.value("gohub_bus_disconnects_total") == 0
    # Those clients may have got anything: whoever writes to the bus can pose as a node. Others are served as ever.
    async with Client(node) as client:
        await client.request("subscribe", {"topic": "t"}, expect="subscribed")
        await client.request("publish", {"topic": "t", "payload": "still here", "confirm": True}, expect="published")
    assert node.get("/readyz")[0] == 200
