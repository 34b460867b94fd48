# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Kills the server of a stream, nodes, or both without a warning, and holds what clients got against an outside ledger."""

import argparse
import asyncio
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import re
import signal
import sys
import tempfile
import time
import types

import nats
import page
import websockets
from bus import node_settings, start_together
from client import Client
from conftest import starter
from nats_server import NatsServer
from process import eventually
from table import table, verdict

ROOT = pathlib.Path(__file__).resolve().parents[2]
NODES = ["n1", "n2", "n3"]
TOPICS = [f"ledger/{number}" for number in range(4)]
# How many publications of a publisher wait for their answers.
WINDOW = 32
# How many have to be taken in a round before the crash and after it.
BEFORE, AFTER = 200, 400
WITHIN = 60.0
SETTINGS = {
    "server": {"loops": 2},
    "hub": {"message_buffer_cap": 100_000, "message_buffer_bytes": "64MiB"},
    "bus": {"probe_after": "2s", "publish_timeout": "0s"},
}
KEYS = {
    "jetstream": True, "connect_timeout": "1s", "reconnect_wait": "200ms",
    "stream": {"max_bytes": "200MiB"}, "consumer": {"ack_wait": "2s"},
}
VARIANTS = {
    "crashes": {},
    "crashes, at most 10 unacknowledged": {"consumer": {"ack_wait": "2s", "max_ack_pending": 10}},
}


class Publication:
    """One message: `via` is the connection of its publisher by which it was sent."""

    def __init__(self, publisher, topic, number, via):
        self.key = (publisher, topic, number)
        self.number = number
        self.via = via
        self.sent = time.monotonic()
        self.is_taken = False


class Publisher:
    """Publishes with `confirm`, at any node that lives, and writes down which were taken."""

    def __init__(self, name, scene, random):
        self.name = name
        self.scene = scene
        self.random = random
        self.publications = []
        self.taken = 0
        self.is_running = True
        self._numbers = collections.Counter()
        self._connections = 0

    async def run(self):
        while self.is_running:
            node = self.random.randrange(len(NODES))
            try:
                async with Client(types.SimpleNamespace(url=self.scene.url(node)), open_timeout=2) as client:
                    self._connections += 1
                    await self._publish(client)
            except (OSError, asyncio.TimeoutError, AssertionError, websockets.WebSocketException):
                await asyncio.sleep(0.05)

    async def _publish(self, client):
        room = asyncio.Semaphore(WINDOW)
        waiting = {}
        reader = asyncio.create_task(self._read(client, waiting, room))
        try:
            while self.is_running and not reader.done():
                await room.acquire()
                await self.scene.may_publish.wait()
                topic = self.random.choice(TOPICS)
                self._numbers[topic] += 1
                publication = Publication(self.name, topic, self._numbers[topic], (self.name, self._connections))
                self.publications.append(publication)
                data = {"topic": topic, "confirm": True, "payload": [self.name, topic, publication.number]}
                await client.send("publish", data, lambda number: waiting.update({number: publication}))
                await asyncio.sleep(0.002)
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _read(self, client, waiting, room):
        while True:
            message = await client.receive()
            publication = waiting.pop(message.get("message_id"), None)
            if publication is None:
                continue
            room.release()
            if message["message_type"] == "published" and message["data"].get("bus") != "unavailable":
                publication.is_taken = True
                self.taken += 1


class Witness:
    """Listens at one node, again and again, and writes down what comes and since when it listens."""

    def __init__(self, node, scene):
        self.node = node
        self.scene = scene
        self.is_running = True
        # Of the connection at hand: since when all topics are subscribed to, and what has come.
        self.since = None
        self.received = []

    async def run(self):
        while self.is_running:
            try:
                async with Client(types.SimpleNamespace(url=self.scene.url(self.node)), open_timeout=2) as client:
                    self.received = []
                    for topic in TOPICS:
                        await client.request("subscribe", {"topic": topic}, expect="subscribed")
                    self.since = time.monotonic()
                    while True:
                        message = await client.receive()
                        if message["message_type"] == "message":
                            self.received.append(tuple(message["data"]["payload"]))
            except (OSError, asyncio.TimeoutError, AssertionError, websockets.WebSocketException):
                self.since = None
                await asyncio.sleep(0.05)

    def judge(self, publications):
        """What of these is missing, came twice or came out of order."""
        counts = collections.Counter(self.received)
        twice = [key for key, count in counts.items() if count > 1]
        if twice:
            yield f"{len(twice)} messages came twice at {NODES[self.node]}: {twice[0]}"
        if self.since is not None:
            due = [p for p in publications if p.is_taken and p.sent > self.since]
            missing = [p.key for p in due if p.key not in counts]
            if missing:
                yield f"{len(missing)} of {len(due)} messages that were taken are missing at {NODES[self.node]}: {missing[0]}"
        ways = {p.key: p.via for p in publications}
        last = {}
        for key in self.received:
            line = (ways.get(key), key[1])
            if ways.get(key) and key[2] < last.get(line, 0):
                yield f"{key} came behind number {last[line]} at {NODES[self.node]}"
            last[line] = key[2]


class Scene:
    """A server, three nodes, two publishers and a witness at each node."""

    def __init__(self, binary, directory, keys, seed):
        # What it starts ends with its thread, which therefore has to outlast all rounds.
        self._starter = concurrent.futures.ThreadPoolExecutor(1)
        self.server = NatsServer(directory / "nats", streams=True)
        self._hubs = []
        self._start = starter(binary, directory, self._hubs)
        self._settings = [
            node_settings(("nats", {**self.server.keys, **KEYS, **keys}), name, SETTINGS) for name in NODES
        ]
        self.hubs = start_together(self._start, self._settings)
        self.may_publish = asyncio.Event()
        self.publishers = [Publisher(f"p{number}", self, random.Random(seed + number)) for number in (1, 2)]
        self.witnesses = [Witness(node, self) for node in range(len(NODES))]

    def url(self, node):
        return self.hubs[node].url

    async def restart(self, has_server, nodes):
        """Starts the server, and nodes."""
        await asyncio.get_running_loop().run_in_executor(self._starter, self._restart, has_server, nodes)

    def _restart(self, has_server, nodes):
        if has_server:
            self.server.start()
        for node, hub in zip(nodes, start_together(self._start, [self._settings[node] for node in nodes])):
            self.hubs[node] = hub

    def kill(self, node):
        self.hubs[node].program.kill()

    def is_ready(self):
        return all(hub.program.running and hub.get("/readyz", port=hub.operators_port)[0] == 200 for hub in self.hubs)

    def pending(self):
        return [hub.metrics().value("gohub_bus_nats_ack_pending") for hub in self.hubs]

    def close(self):
        for hub in self._hubs:
            if hub.program.running:
                hub.program.kill()
        self.server.stop()
        self._starter.shutdown()


async def until(condition, what, within=WITHIN):
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {within:.0f} s"
        await asyncio.sleep(0.02)


async def strike(scene, random):
    """Kills what chance says, and starts it again; says what it was."""
    victims = random.choice([(True, []), (False, [0]), (False, [1, 2]), (True, [1]), (True, [0, 1, 2]), (False, [2])])
    frozen = random.choice([None, None, *range(len(NODES))])
    if frozen is not None and frozen not in victims[1]:
        scene.hubs[frozen].program.send_signal(signal.SIGSTOP)
    await asyncio.sleep(random.uniform(0.05, 0.5))
    for node in victims[1]:
        scene.kill(node)
    if victims[0]:
        scene.server.kill()
    await asyncio.sleep(random.uniform(0.0, 1.0))
    await scene.restart(*victims)
    if frozen is not None and frozen not in victims[1]:
        scene.hubs[frozen].program.send_signal(signal.SIGCONT)
    names = (["the server"] if victims[0] else []) + [NODES[node] for node in victims[1]]
    return " and ".join(names) + (f", {NODES[frozen]} frozen" if frozen is not None and frozen not in victims[1] else "")


async def play(scene, rounds, random):
    """All rounds; what was wrong."""
    tasks = [asyncio.create_task(actor.run()) for actor in scene.publishers + scene.witnesses]
    faults = []

    def taken():
        return sum(publisher.taken for publisher in scene.publishers)

    try:
        for number in range(1, rounds + 1):
            scene.may_publish.set()
            before = taken()
            await until(lambda: taken() >= before + BEFORE, "publications before the crash")
            what = await strike(scene, random)
            await asyncio.to_thread(eventually, scene.is_ready, WITHIN, "ready nodes")
            await until(lambda: all(witness.since for witness in scene.witnesses), "witnesses")
            before = taken()
            await until(lambda: taken() >= before + AFTER, "publications after the crash")
            scene.may_publish.clear()
            found = await settle(scene)
            faults += [f"round {number} ({what}): {fault}" for fault in found]
            print(f"  round {number}: {what}; {taken()} taken in all" + "".join(f"\n    - {f}" for f in found), flush=True)
        await asyncio.to_thread(eventually, lambda: not any(scene.pending()), 20, "nothing unacknowledged")
    finally:
        for actor in scene.publishers + scene.witnesses:
            actor.is_running = False
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return faults


async def settle(scene):
    """Waits until everything that is due has come, and says what is wrong in the end."""
    publications = [p for publisher in scene.publishers for p in publisher.publications]

    def complete():
        return not any("missing" in fault for witness in scene.witnesses for fault in witness.judge(publications))

    try:
        await until(complete, "the messages that were taken", 15)
    except AssertionError:
        pass
    return [fault for witness in scene.witnesses for fault in witness.judge(publications)]


def stored(scene):
    """What the stream has, as a client of NATS reads it that is no part of the hub."""
    async def read():
        client = await nats.connect(scene.server.url)
        stream = client.jetstream()
        info = await stream.stream_info("GOHUB_BUS")
        found = set()
        for sequence in range(info.state.first_seq, info.state.last_seq + 1):
            message = await stream.get_msg("GOHUB_BUS", sequence)
            for publisher, topic, number in re.findall(rb'\["(p\d)", ?"(ledger/\d)", ?(\d+)\]', message.data or b""):
                found.add((publisher.decode(), topic.decode(), int(number)))
        await client.close()
        return found

    return asyncio.run(read())


def main():
    parser = argparse.ArgumentParser(prog="scripts/stress-crashes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("BUS_ROUNDS", 50)), help="of each variant; $BUS_ROUNDS, or 50")
    parser.add_argument("--gohub", default=ROOT / ".build/release/gohub", metavar="PROGRAM", help="another build")
    parser.add_argument("--write", action="store_true", help="writes the result to docs/stress.md")
    parser.add_argument("--seed", type=int, default=None, help="of the chances; printed at the start")
    arguments = parser.parse_args()
    rows, failed = [], []
    for name, keys in VARIANTS.items():
        seed = arguments.seed if arguments.seed is not None else random.randrange(1 << 32)
        print(f"{name}: {arguments.rounds} rounds, seed {seed}", flush=True)
        ledger, lost = set(), set()
        with tempfile.TemporaryDirectory(prefix="gohub-crashes-") as directory:
            scene = Scene(arguments.gohub, pathlib.Path(directory), keys, seed)
            try:
                faults = asyncio.run(play(scene, arguments.rounds, random.Random(seed)))
                ledger = {p.key for publisher in scene.publishers for p in publisher.publications if p.is_taken}
                lost = ledger - stored(scene)
                if lost:
                    faults.append(f"{len(lost)} of {len(ledger)} messages that were taken are not in the stream: {min(lost)}")
                print(f"  {len(ledger)} messages were taken, {len(lost)} of them are not in the stream", flush=True)
            except (AssertionError, OSError) as error:
                faults = [f"{type(error).__name__}: {error}"]
            finally:
                scene.close()
        failed.append(bool(faults))
        result = f"{len(faults)} FAILED" if faults else "passed"
        rows.append([name, arguments.rounds, seed, len(ledger), len(lost), result])
        for fault in faults[:20]:
            print(f"  FAILED  {fault}", flush=True)
    result = table(["variant", "rounds", "seed", "messages taken", "of those not in the stream", "result"], rows)
    print(result)
    if arguments.write:
        page.write("Crashes", arguments.gohub, result, verdict(failed))
    print(verdict(failed))
    return 1 if any(failed) else 0


if __name__ == "__main__":
    sys.exit(main())
