# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Clients of all nodes that do, at a moderate rate, everything that a client may do, and some that they may not."""

import asyncio
import contextlib
import itertools
import random

from stack.misuse import Misuse
from stack.peers import ENDS, TOPICS, Peer, keep_coming

SIZES = [16, 64, 64, 200, 200, 1000, 1000, 4000, 30_000]


class Load:
    """Begun once; runs until its process ends."""

    def __init__(self, urls, listeners, publishers, operators_ports=()):
        """So many clients of each node; with the ports of operators' endpoints there are also clients that break rules."""
        self._urls = urls
        self._listeners = listeners
        self._publishers = publishers
        self._operators_ports = operators_ports
        self._sources = itertools.cycle(range(2, 250))
        self._ids = {}
        self._tasks = []
        self._floods = []

    async def begin(self):
        for url in self._urls:
            self._start(keep_coming(lambda url=url: self._peer(url), self._watch))
            for _ in range(self._listeners):
                self._start(keep_coming(lambda url=url: self._peer(url), self._listen, (0.2, 4.0)))
            for _ in range(self._publishers):
                self._start(keep_coming(lambda url=url: self._peer(url), self._publish))
        for url, port in zip(self._urls, self._operators_ports):
            misuse = Misuse(url, port)
            self._start(keep_coming(lambda url=url: self._peer(url), misuse.commands))
            self._start(misuse.connections())

    def _start(self, work):
        self._tasks.append(asyncio.create_task(work))

    def _peer(self, url):
        return Peer(url, local_addr=(f"127.0.0.{next(self._sources)}", 0))

    async def check(self):
        """Fails when a part of the load has ended, which none does by itself."""
        for task in self._tasks:
            if task.done():
                task.result()
                raise AssertionError(f"{task} has ended")

    @contextlib.contextmanager
    def _known(self, peer):
        self._ids[peer.id] = True
        try:
            yield
        finally:
            del self._ids[peer.id]

    async def _listen(self, peer):
        """Wants some topics, others after a while, and leaves after a minute or two."""
        with self._known(peer):
            for _ in range(random.randint(1, 6)):
                wanted = random.sample(TOPICS, 2)
                for topic in wanted:
                    await peer.ask("subscribe", {"topic": topic})
                await peer.ask("ping")
                await self._stay(peer, random.uniform(5, 20))
                await peer.ask("unsubscribe", {"topic": wanted[0]})

    async def _stay(self, peer, seconds):
        done, _ = await asyncio.wait([peer.reader], timeout=seconds)
        if done:
            raise ConnectionError("the connection ended")

    async def _publish(self, peer):
        """Two or three messages a second: to topics, now and then to all, to one, to nobody, and bytes."""
        with self._known(peer):
            for count in itertools.count():
                await asyncio.sleep(random.uniform(0.2, 0.6))
                payload = "x" * random.choice(SIZES)
                if count % 20 == 5:
                    await peer.ask("broadcast", {"payload": payload[:500], "confirm": True})
                elif count % 4 == 2:
                    await peer.ask("unicast", {"client_id": random.choice(list(self._ids)), "payload": payload})
                elif count % 20 == 15:
                    await peer.ask("unicast", {"client_id": peer.id[:-1] + "_", "payload": 1})
                elif count % 20 == 19:
                    await peer.ask("publish", {"topic": "demo/nobody", "payload": payload})
                elif count % 10 == 7:
                    topic = random.choice(TOPICS).encode()
                    await peer.socket.send(bytes([len(topic)]) + topic + payload.encode())
                else:
                    data = {"topic": random.choice(TOPICS), "payload": payload, "echo": count % 2 == 0}
                    await peer.ask("publish", {**data, "confirm": count % 3 == 0})

    async def _watch(self, peer):
        """A client that stays, as those of a dashboard do."""
        for topic in TOPICS:
            await peer.ask("subscribe", {"topic": topic})
        await peer.socket.wait_closed()

    # What faults ask for.

    async def burst(self, node, count, source):
        """So many connections of one address at once, which go after a moment; how many were let in."""

        async def one():
            try:
                async with Peer(self._urls[node], local_addr=(source, 0)) as peer:
                    await self._stay(peer, 2)
            except ENDS:
                return False
            return True

        return sum(await asyncio.gather(*(one() for _ in range(count))))

    async def want(self, node, topic):
        """The answer to a subscription of a client that comes for it and goes."""
        async with self._peer(self._urls[node]) as peer:
            return (await peer.ask("subscribe", {"topic": topic}))["data"]

    async def begin_wait(self, node, topic):
        """Has a client subscribe, and stay."""

        async def stay(peer):
            await peer.ask("subscribe", {"topic": topic})
            await peer.socket.wait_closed()

        self._start(keep_coming(lambda: self._peer(self._urls[node]), stay))

    async def begin_flood(self, node, topic, seconds):
        """Has a client publish as fast as it is answered, for so long, while other things are done."""
        self._floods = [task for task in self._floods if not task.done()]
        self._floods.append(asyncio.create_task(self._flood(node, topic, asyncio.get_running_loop().time() + seconds)))

    async def _flood(self, node, topic, until):
        with contextlib.suppress(*ENDS):
            async with self._peer(self._urls[node]) as peer:
                while asyncio.get_running_loop().time() < until:
                    await peer.ask("publish", {"topic": topic, "payload": "x" * 200})

    async def flood(self, node, topic, count, size):
        """Publishes so much at once, and waits until the node has taken it."""
        async with self._peer(self._urls[node]) as peer:
            for _ in range(count):
                await peer.ask("publish", {"topic": topic, "payload": "x" * size})

    async def pour(self, node, topic, count, size):
        """Publishes so much without waiting for answers, as long as the node reads it; at most five seconds."""
        with contextlib.suppress(*ENDS):
            async with self._peer(self._urls[node]) as peer, asyncio.timeout(5):
                for _ in range(count):
                    await peer.send("publish", {"topic": topic, "payload": "x" * size})
