# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Clients that come, talk, stall and vanish at random, on one hub and on two nodes, until nothing of them may be left.

A few seconds and some clients by default. The long form, against a hub built with the thread sanitizer:

    swift build --sanitize thread --product gohub --scratch-path .build/tsan
    GOHUB_CHURN_SECONDS=60 GOHUB_CHURN_CLIENTS=1000 GOHUB_BINARY=.build/tsan/debug/gohub \
        .venv/bin/python -m pytest Tests/BlackBox/test_churn.py
"""

import asyncio
import gc
import json
import os
import random
import time

import conftest
import pytest
from bus import await_ready, start_nodes
from client import Client
from websockets.exceptions import ConnectionClosed, InvalidHandshake

SECONDS = float(os.environ.get("GOHUB_CHURN_SECONDS", "3"))
CLIENTS = int(os.environ.get("GOHUB_CHURN_CLIENTS", "60"))
SEED = int(os.environ.get("GOHUB_CHURN_SEED", "20261120"))
TOPICS = 40
conftest.TEST_SECONDS = max(conftest.TEST_SECONDS, SECONDS + 90)


class Churn:
    def __init__(self, hubs, seconds):
        self.hubs = hubs
        self.deadline = time.monotonic() + seconds
        self.ids = []
        self.counts = dict.fromkeys(["connected", "subscribed", "published", "unicast", "stalled", "vanished"], 0)

    async def run(self):
        """Many clients at once, until time is up."""
        await asyncio.gather(*(self.life(random.Random(SEED + number)) for number in range(CLIENTS)))
        assert min(self.counts.values()) > 0, self.counts
        gc.collect()

    async def life(self, dice):
        """One client after the other in one place, until time is up."""
        while time.monotonic() < self.deadline:
            try:
                # A queue of one message: a client that does not receive does not read either.
                async with asyncio.timeout(30), Client(dice.choice(self.hubs), max_queue=1) as client:
                    self.counts["connected"] += 1
                    self.ids.append(client.id)
                    await self.talk(client, dice)
            except (ConnectionClosed, InvalidHandshake, OSError, TimeoutError):
                pass  # closed as too slow, or refused: the counters have it
            await asyncio.sleep(dice.random() * 0.05)

    async def talk(self, client, dice):
        reader = asyncio.create_task(self.read(client))
        try:
            for _ in range(dice.randrange(1, 25)):
                if time.monotonic() > self.deadline:
                    break
                await self.act(client, dice)
                await asyncio.sleep(dice.random() * 0.2)
            if dice.random() < 0.3:
                reader.cancel()
                self.counts["stalled"] += 1
                await asyncio.sleep(dice.random() * 2)
            if dice.random() < 0.4:
                self.counts["vanished"] += 1
                client.socket.transport.abort()
        finally:
            reader.cancel()

    @staticmethod
    async def read(client):
        try:
            while True:
                await client.socket.recv()
        except ConnectionClosed:
            pass

    async def act(self, client, dice):
        kind = dice.choices(["subscribe", "unsubscribe", "publish", "binary", "unicast", "junk"], [6, 2, 10, 4, 4, 1])[0]
        topic = f"room/{dice.randrange(TOPICS)}"
        payload = "x" * dice.choice([1, 100, 5000])
        if kind in ("subscribe", "unsubscribe"):
            await client.send(kind, {"topic": topic})
            self.counts["subscribed"] += kind == "subscribe"
        elif kind == "publish":
            await client.send(kind, {"topic": topic, "payload": payload, "echo": dice.random() < 0.5})
            self.counts["published"] += 1
        elif kind == "binary":
            await client.socket.send(bytes([len(topic)]) + topic.encode() + payload.encode())
            self.counts["published"] += 1
        elif kind == "unicast":
            await client.send(kind, {"client_id": dice.choice(self.ids[-2000:]), "payload": payload})
            self.counts["unicast"] += 1
        else:
            await client.socket.send(json.dumps([payload[:10]]))


async def nothing_left(hub):
    """Polls until every table is empty."""
    names = ["gohub_connections", "gohub_topics", "gohub_subscriptions", "gohub_outbound_queue_messages"]
    for _ in range(300):
        metrics = await asyncio.to_thread(hub.metrics)
        left = {name: metrics.value(name) for name in names}
        if not any(left.values()):
            return metrics
        await asyncio.sleep(0.1)
    raise AssertionError(f"left behind: {left}")


# A handshake that is given up leaves its socket to the garbage collector, and the library warns of that.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("policy", ["disconnect"] if SECONDS > 10 else ["disconnect", "drop_oldest", "drop_newest"])
async def test_nothing_is_left_of_clients_that_come_and_go(start_hub, policy):
    hub = start_hub(
        {
            "server": {"loops": 2, "max_connections_per_ip": 0},
            "hub": {"slow_client_policy": policy, "message_buffer_cap": 32},
        }
    )
    churn = Churn([hub], SECONDS)
    await churn.run()
    metrics = await nothing_left(hub)
    # A client may vanish before it has read its welcome.
    assert opened_and_closed(metrics) >= churn.counts["connected"]
    assert_no_race(hub)
    print(f"{policy}: {churn.counts}")


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("delivery", ["pubsub", "streams"])
async def test_nothing_is_left_of_clients_that_come_and_go_on_two_nodes(redis, start_hub, delivery):
    settings = {"server": {"loops": 2}, "hub": {"message_buffer_cap": 32}}
    hubs = start_nodes(start_hub, redis, 2, settings, delivery=delivery)
    seconds = SECONDS / 2
    churn = Churn(hubs, seconds)
    cutting = asyncio.create_task(cut(redis, seconds / 3))
    try:
        await churn.run()
    finally:
        cutting.cancel()
    opened = 0
    for hub in hubs:
        await asyncio.to_thread(await_ready, hub)
        metrics = await nothing_left(hub)
        opened += opened_and_closed(metrics)
        assert metrics.value("gohub_bus_received_total") > 0
        assert metrics.value("gohub_bus_reconnects_total") > 0
        assert_no_race(hub)
    assert opened >= churn.counts["connected"]
    print(f"{delivery}: {churn.counts}")


async def cut(redis, period):
    """Ends the nodes' connections to Redis again and again."""
    while True:
        await asyncio.sleep(period)
        for kind in ("pubsub", "normal"):
            await asyncio.to_thread(redis.command, "CLIENT", "KILL", "TYPE", kind)


def opened_and_closed(metrics):
    """How many connections there were; none is left, and every delivery is accounted for."""
    metrics.assert_conservation()
    opened = metrics.value("gohub_connections_opened_total")
    assert opened == metrics.value("gohub_connections_closed_total")
    return opened


def assert_no_race(hub):
    assert not [line for line in hub.program.lines if "ThreadSanitizer" in line], hub.program.tail()
