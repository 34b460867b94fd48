# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What two hubs on one bus have to do, whatever the bus: checks by name, and what they need of the nodes.

The nodes are an object with
    urls                  of both WebSocket endpoints, whose hubs ping their clients every few seconds
    status(node, path)    the HTTP status of an operators' endpoint
    metrics(node)         a scrape, as Metrics
    command(node, words)  the command line of a gohub client command for a node
    publish(name, bytes)  publishes to a name on the bus, as a program that is no node
    stop_bus(), start_bus()
"""

import asyncio
import contextlib
import itertools
import json
import socket
import sys
import time
import traceback
import types
import urllib.parse

from client import WITHIN, Client
from process import Program
from websockets.exceptions import ConnectionClosed

REGISTRY = []
# The commands that checks have started.
STARTED = []
MARKS = itertools.count(1)


def check(name):
    """Adds a function to the list of checks."""

    def register(function):
        REGISTRY.append((name, function))
        return function

    return register


class Peer(Client):
    """A client that takes binary frames too."""

    def __init__(self, url, **options):
        super().__init__(types.SimpleNamespace(url=url), **options)

    async def _next(self):
        frame = await asyncio.wait_for(self.socket.recv(), WITHIN)
        if isinstance(frame, str):
            return json.loads(frame)
        end = 1 + frame[0]
        return {"message_type": "binary", "data": {"topic": frame[1:end].decode(), "payload": frame[end:]}}

    def read(self, reads):
        """Stops reading from the socket, so that not even a ping is answered, or begins again."""
        transport = self.socket.transport
        (transport.resume_reading if reads else transport.pause_reading)()

    async def subscribe(self, topic):
        reply = await self.request("subscribe", {"topic": topic}, expect="subscribed")
        assert "bus" not in reply["data"], reply

    async def publish(self, topic, payload, **more):
        return await self.request("publish", {"topic": topic, "payload": payload, "confirm": True, **more}, "published")


async def mark(sender, receivers):
    """What came to each receiver before a broadcast of `sender`, which is the last thing that it sends here.

    Some have to be of the other node: what is still on the way there would come to the clients of the next check.
    """
    end = f"end {next(MARKS)}"
    await sender.request("broadcast", {"payload": end, "confirm": True}, expect="published")
    return [await until(receiver, end) for receiver in receivers]


async def until(receiver, end):
    messages = []
    while True:
        message = await receiver.receive()
        if message["data"].get("payload") == end:
            return messages
        messages.append(message)


def payloads(messages, topic):
    return [message["data"]["payload"] for message in messages if message["data"]["topic"] == topic]


async def eventually(condition, what, within=30.0):
    """Waits until a function, which may block for a moment, is true."""
    deadline = time.monotonic() + within
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline, f"{what} did not come true within {within} s"
        await asyncio.sleep(0.1)


class Clients:
    """Three clients on each node."""

    def __init__(self, nodes):
        self.here = [Peer(nodes.urls[0]) for _ in range(3)]
        self.there = [Peer(nodes.urls[1]) for _ in range(3)]
        self.all = self.here + self.there

    async def __aenter__(self):
        for client in self.all:
            await client.__aenter__()
        return self

    async def __aexit__(self, *_):
        for client in self.all:
            await client.__aexit__()


@check("T1: a broadcast reaches every client of its node, once")
async def broadcast_here(nodes):
    async with Clients(nodes) as clients:
        await clients.here[0].request("broadcast", {"payload": "T1"}, expect="published")
        for got in (await mark(clients.here[0], clients.all))[: len(clients.here)]:
            assert payloads(got, "broadcast") == ["T1"], got


@check("T2: a broadcast reaches every client of both nodes, once")
async def broadcast_everywhere(nodes):
    async with Clients(nodes) as clients:
        for sender, text in ((clients.here[1], "T2 from the first"), (clients.there[1], "T2 from the second")):
            await sender.request("broadcast", {"payload": text, "confirm": True}, expect="published")
            for got in await mark(sender, clients.all):
                assert payloads(got, "broadcast") == [text], got


@check("T2: gohub sub on one node prints what gohub pub publishes on the other")
async def commands(nodes):
    def start(node, *words, **options):
        STARTED.append(Program(nodes.command(node, words), **options))
        return STARTED[-1]

    def run():
        reader = start(1, "sub", "--count", "2", "--payload-only", "e2e/commands", output=True)
        try:
            reader.wait_for_line(lambda line: "subscribed" in line or None)
            for payload in ('{"n":1}', "plain text"):
                assert start(0, "pub", "e2e/commands", payload).wait() == 0
            assert reader.wait() == 0, reader.tail()
        finally:
            if reader.running:
                reader.kill()
        assert reader.output == ['{"n":1}', '"plain text"'], reader.output

    await asyncio.to_thread(run)


@check("a topic's messages reach the other node once and in order, and their publisher as echo says")
async def topic(nodes):
    async with Clients(nodes) as clients:
        (publisher, reader, stranger), (distant, *_) = clients.here, clients.there
        for client in (publisher, reader, distant):
            await client.subscribe("e2e/topic")
        for number in range(200):
            await publisher.publish("e2e/topic", number, echo=number % 2 == 0)
        own, near, none, far = await mark(publisher, [publisher, reader, stranger, distant])
        assert payloads(near, "e2e/topic") == payloads(far, "e2e/topic") == list(range(200))
        assert payloads(own, "e2e/topic") == list(range(0, 200, 2))
        assert {message["data"]["from"] for message in far} == {publisher.id}
        assert not none, none


@check("T3: a unicast reaches its target on the other node and nobody else")
async def unicast(nodes):
    async with Clients(nodes) as clients:
        sender, target = clients.here[0], clients.there[2]
        answer = await sender.request("unicast", {"client_id": target.id, "payload": "T3"}, expect="published")
        assert answer["data"]["topic"] == f"unicast/{target.id}", answer
        for client, got in zip(clients.all, await mark(sender, clients.all), strict=True):
            assert payloads(got, f"unicast/{target.id}") == (["T3"] if client is target else []), got
            assert client is target or not got, got


@check("T3: an id that no client has is client_not_found, on this node, on the other, and nowhere")
async def unknown(nodes):
    async with Clients(nodes) as clients:
        tags = {clients.here[0].id[-4:], clients.there[0].id[-4:]}
        assert len(tags) == 2, "both nodes have one tag"
        strange = next(f"{tag:04x}" for tag in range(3) if f"{tag:04x}" not in tags)
        for tag in (*tags, strange):
            ids = {"client_id": f"0190b2c4-7d4e-7c3a-9f51-2b7c4f0e{tag}", "payload": 1}
            answer = await clients.here[0].request("unicast", ids, expect="error")
            assert answer["data"]["code"] == "client_not_found", (tag, answer)


@check("T4: a client that answers no ping is disconnected and removed, and others know")
async def heartbeat(nodes):
    async with Clients(nodes) as clients, Peer(nodes.urls[1]) as mute:
        await mute.subscribe("e2e/heartbeat")
        before = await asyncio.to_thread(nodes.metrics, 1)
        mute.read(False)
        sender = clients.here[0]
        await eventually_refused(sender, mute.id, "client_not_found", pause=0.2)
        others = before.value("gohub_connections") - 1
        await eventually(lambda: nodes.metrics(1).value("gohub_connections") == others, "one connection fewer")
        after = await asyncio.to_thread(nodes.metrics, 1)
        for name, labels, more in [
            ("gohub_connections_closed_total", {"reason": "no_pong"}, 1),
            ("gohub_connections_closed_total", {}, 1),
            ("gohub_subscriptions", {}, -1),
        ]:
            assert after.value(name, **labels) == before.value(name, **labels) + more, (name, labels)
        mute.read(True)
        with contextlib.suppress(ConnectionClosed):
            await mute.rest()
        assert mute.close_code == 1001, mute.close_code
        # Those that answer are still there.
        for got in await mark(sender, clients.all):
            assert not got, got


async def eventually_refused(sender, target, code, size=0, pause=0):
    """Sends to one client until that is an error; how many messages were taken before."""
    deadline = time.monotonic() + 30
    for number in itertools.count():
        await asyncio.sleep(pause)
        answer = await sender.request("unicast", {"client_id": target, "payload": f"{number} " + "x" * size})
        if answer["message_type"] == "error":
            assert answer["data"]["code"] == code, answer
            return number
        assert time.monotonic() < deadline, f"{number} messages were taken, and none was refused with {code}"


@check("T5: with a full send buffer the sender is told send_buffer_full, and nothing is lost uncounted")
async def full_buffer(nodes):
    def refused(node):
        return nodes.metrics(node).value("gohub_unicasts_refused_total", reason="send_buffer_full")

    async with Clients(nodes) as clients:
        for node, sender in enumerate((clients.here[0], clients.there[0])):
            before = await asyncio.to_thread(refused, node)
            # On the other node than the sender.
            async with Peer(nodes.urls[1 - node], sock=small_socket(nodes.urls[1 - node])) as target:
                target.read(False)
                taken = await eventually_refused(sender, target.id, "send_buffer_full", size=10_000)
                assert await asyncio.to_thread(refused, node) == before + 1
                target.read(True)
                for number in range(taken):
                    payload = (await target.receive("message"))["data"]["payload"]
                    assert payload.startswith(f"{number} "), (number, payload[:10])
                # There is room again, and nothing else came.
                await sender.request("unicast", {"client_id": target.id, "payload": "room"}, expect="published")
                assert await target.payloads(1) == ["room"]


def small_socket(url):
    """A connection that takes few bytes while nobody reads them."""
    address = urllib.parse.urlsplit(url)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((address.hostname, address.port))
    connection.setblocking(False)
    return connection


@check("an outside program's JSON arrives as it is, its text as a string, its bytes as a binary frame, all once")
async def bare(nodes):
    async with Clients(nodes) as clients:
        for client in (clients.here[0], clients.there[0]):
            await client.subscribe("e2e/bare")
        for payload in (b'{"a": [1, 2.50]}', b"plain text", b"\xca\xfe\n"):
            await asyncio.to_thread(nodes.publish, "topic/e2e/bare", payload)
        await asyncio.to_thread(nodes.publish, "broadcast", b'"to all"')
        # A node's own messages may overtake those by the bus.
        for client in clients.all:
            messages = await until(client, "to all")
            if client in (clients.here[0], clients.there[0]):
                assert payloads(messages, "e2e/bare") == [{"a": [1, 2.5]}, "plain text", b"\xca\xfe\n"], messages
                assert {message["data"].get("from", "bus") for message in messages} == {"bus"}, messages
            else:
                assert not messages, messages
        for messages in await mark(clients.here[1], clients.all):
            assert not messages, messages


@check("what an outside program sends to a client's id reaches this client and nobody else")
async def bare_unicast(nodes):
    async with Clients(nodes) as clients:
        target = clients.there[1]
        await asyncio.to_thread(nodes.publish, f"unicast/{target.id}", b'"alone"')
        assert (await target.receive("message"))["data"]["payload"] == "alone"
        for messages in await mark(clients.here[0], clients.all):
            assert not messages, messages


@check("while the bus is away nodes serve their own clients and say so; when it is back all is as before")
async def outage(nodes):
    async with Clients(nodes) as clients:
        (publisher, reader, _), (distant, *_) = clients.here, clients.there
        await reader.subscribe("e2e/outage")
        await distant.subscribe("e2e/outage")
        await asyncio.to_thread(nodes.stop_bus)
        try:
            for node in (0, 1):
                await eventually(lambda node=node: nodes.status(node, "/readyz") == 503, "/readyz says no")
                assert nodes.status(node, "/livez") == 200
            await away(publisher, reader, distant)
        finally:
            await asyncio.to_thread(nodes.start_bus)
        for node in (0, 1):
            await eventually(lambda node=node: nodes.status(node, "/readyz") == 200, "/readyz says yes")
        for sender, receivers in ((publisher, [reader, distant]), (distant, [reader, distant])):
            await sender.publish("e2e/outage", "back")
            for got in await mark(sender, receivers):
                assert payloads(got, "e2e/outage") == ["back"], got
        await eventually(lambda: nodes.metrics(0).value("gohub_nodes") == 2, "gohub_nodes is 2")
        await publisher.request("unicast", {"client_id": distant.id, "payload": "back"}, expect="published")
        assert (await distant.receive("message"))["data"]["payload"] == "back"
        # It was subscribed while the bus was away.
        await distant.publish("e2e/late", "late")
        assert payloads((await mark(distant, [reader]))[0], "e2e/late") == ["late"]


async def away(publisher, reader, distant):
    answer = await publisher.request("publish", {"topic": "e2e/outage", "payload": "alone"}, expect="published")
    assert answer["data"].get("bus") == "unavailable", answer
    data = {"topic": "e2e/outage", "payload": "unsure", "confirm": True}
    answer = await publisher.request("publish", data, expect="error")
    assert answer["data"]["code"] == "bus_unavailable", answer
    got = await reader.payloads(2)
    assert got == ["alone", "unsure"], got
    answer = await publisher.request("unicast", {"client_id": distant.id, "payload": 1}, expect="error")
    assert answer["data"]["code"] == "bus_unavailable", answer
    answer = await reader.request("subscribe", {"topic": "e2e/late"}, expect="subscribed")
    assert answer["data"].get("bus") == "unavailable", answer
    rest = await distant.settle()
    assert rest == [], rest


@check("every delivery is accounted for on both nodes, and nothing came twice")
async def books(nodes):
    for node in (0, 1):
        metrics = await asyncio.to_thread(nodes.metrics, node)
        metrics.assert_conservation()
        assert metrics.value("gohub_bus_duplicates_total") == 0


async def run(nodes, checks):
    """Runs checks one after the other and prints each; the numbers of those that passed and failed."""
    passed = failed = 0
    for name, function in checks:
        start = time.monotonic()
        try:
            await asyncio.wait_for(function(nodes), 120)
        except Exception as error:
            failed += 1
            print(f"FAILED  {name}: {type(error).__name__}: {error}", flush=True)
            # Where, as an assertion may say nothing of itself.
            traceback.print_exception(error, file=sys.stdout)
        else:
            passed += 1
            print(f"passed  {name} ({time.monotonic() - start:.1f} s)", flush=True)
    return passed, failed
