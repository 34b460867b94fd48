# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The load: a thousand publications a second between two nodes, and what becomes of each."""

import asyncio
import collections
import contextlib
import itertools
import json
import time
import types

import websockets
from client import REPLIES, Client
from ledger import BROADCAST, REFUSED, TAKEN, UNAVAILABLE, UNICAST, Ledger, Publication

TOPICS = [f"stress/{number}" for number in range(8)]
# Two publishers a node, each with half of the topics; 250 messages a second each.
PERIOD = 0.004
RATE = 4 / PERIOD
# Of so many messages of a publisher one is a broadcast, and one is for one client of the other node.
CYCLE = 50
SETTLE = 15.0


class Peer(Client):
    """A client that reads all the time and writes down what comes."""

    def __init__(self, name, url, load):
        super().__init__(types.SimpleNamespace(url=url))
        self.name = name
        self._load = load
        self.open = {}
        self.last = {}
        self.receipts = []

    async def read(self):
        with contextlib.suppress(websockets.ConnectionClosedError):
            await self._read()
        self._load.ledger.troubles.append(f"the connection of {self.name} was closed with {self.close_code}")

    async def _read(self):
        async for frame in self.socket:
            now = time.monotonic()
            message = json.loads(frame)
            kind = message["message_type"]
            if kind == "message":
                data = message["data"]
                publisher, number = data["payload"]
                topic = UNICAST if data["topic"].startswith("unicast/") else data["topic"]
                self.receipts.append((publisher, topic, number, now))
                self.last[publisher, topic] = number
            elif kind in REPLIES:
                self._load.answered(self.open.pop(message["message_id"]), message, now)

    async def ask(self, kind, data):
        """The reply to a request that is no publication."""
        future = asyncio.get_running_loop().create_future()
        await self.send(kind, data, lambda number: self.open.update({number: future}))
        return await asyncio.wait_for(future, SETTLE)

    async def publish(self, publication, kind, data):
        self._load.ledger.publications.append(publication)
        payload = [self.name, publication.number]
        await self.send(kind, {**data, "payload": payload}, lambda number: self.open.update({number: publication}))


class Load:
    """Clients of both nodes; begun and ended once a round."""

    def __init__(self, urls, share):
        """`share`: of so many publications to topics one asks for a confirmation."""
        self._urls = urls
        self._share = share
        self._numbers = collections.Counter()
        self._answers = 0
        self._tasks = []
        self._reading = []
        self._publishing = False
        self._late_topic = None

    async def connect(self):
        """Connects all clients and subscribes those that listen."""
        self.peers, self.publishers = {}, []
        self.ledger = Ledger({}, {})
        for node, letter in enumerate("ab"):
            for role in ("p1", "p2", "s1", "s2"):
                peer = Peer(letter + role, self._urls[node], self)
                await peer.__aenter__()
                self.peers[peer.name] = peer
                self.ledger.nodes[peer.name] = node
                self._reading.append(asyncio.create_task(peer.read()))
            self.publishers += [(self.peers[letter + "p1"], TOPICS[:4]), (self.peers[letter + "p2"], TOPICS[4:])]
            for topic in TOPICS:
                await self._subscribe(letter + "s1", topic)
            for topic in TOPICS[:2]:
                await self._subscribe(letter + "s2", topic)

    async def _subscribe(self, name, topic):
        reply = await self.peers[name].ask("subscribe", {"topic": topic})
        assert reply["message_type"] == "subscribed", reply
        self.ledger.subscribers.setdefault(topic, []).append(name)
        return reply

    async def begin(self):
        """Begins a round: publishes from now on."""
        self.ledger = Ledger(self.ledger.nodes, self.ledger.subscribers)
        self._answers = 0
        self._publishing = True
        self.ledger.began = time.monotonic()
        for peer in self.peers.values():
            peer.receipts = []
        self._tasks = [asyncio.create_task(self._publish(*publisher)) for publisher in self.publishers]
        self._tasks.append(asyncio.create_task(self._watch_lag()))

    async def _watch_lag(self):
        due = time.monotonic()
        while self._publishing:
            due = max(due + 0.005, time.monotonic())
            await asyncio.sleep(due - time.monotonic())
            now = time.monotonic()
            if now - due > 0.0005:
                self.ledger.lags.append((now, now - due))

    async def _publish(self, peer, topics):
        target = self.peers[("b" if peer.name.startswith("a") else "a") + "s1"]
        due = time.monotonic()
        for count in itertools.count():
            due += PERIOD
            if due > time.monotonic():
                await asyncio.sleep(due - time.monotonic())
            if not self._publishing:
                return
            if count % CYCLE == 10:
                await self._send(peer, BROADCAST, count % 100 == 10)
            elif count % CYCLE == 35:
                await self._send_to(peer, target)
            else:
                await self._send(peer, topics[count % len(topics)], count // 4 % self._share == 0)

    async def _send(self, peer, topic, is_confirmed):
        self._numbers[peer.name, topic] += 1
        number = self._numbers[peer.name, topic]
        publication = Publication(peer.name, topic, number, is_confirmed, time.monotonic())
        await peer.publish(publication, "publish", {"topic": topic, "confirm": is_confirmed})
        return publication

    async def _send_to(self, peer, target):
        self._numbers[peer.name, UNICAST] += 1
        publication = Publication(
            peer.name, UNICAST, self._numbers[peer.name, UNICAST], False, time.monotonic(), target=target.name
        )
        await peer.publish(publication, "unicast", {"client_id": target.id})
        return publication

    def answered(self, waiting, message, now):
        """Notes the answer to what was sent."""
        if isinstance(waiting, asyncio.Future):
            return waiting.done() or waiting.set_result(message)
        self._answers += 1
        waiting.answered = now
        data = message["data"]
        if message["message_type"] == "published":
            waiting.answer = UNAVAILABLE if data.get("bus") == "unavailable" else TAKEN
        elif data["code"] == "bus_unavailable":
            waiting.answer, waiting.reason = REFUSED, data["reason"]
        else:
            waiting.answer = f"{data['code']}: {data['reason']}"

    async def more(self, count):
        """Waits until so many further publications were answered."""
        until = self._answers + count
        while self._answers < until:
            await asyncio.sleep(0.01)

    async def change_interest(self, round_number):
        """Gives up the topic that was new in the round before, and wants a new one."""
        if self._late_topic:
            await self.peers["bs1"].ask("unsubscribe", {"topic": self._late_topic})
            del self.ledger.subscribers[self._late_topic]
        self._late_topic = f"late/{round_number}"
        await self._subscribe("bs1", self._late_topic)

    async def end(self):
        """Ends the round: all is answered, and a last message from everybody to everybody has arrived.

        What was lost before it is found missing by the nodes when it comes.
        """
        self._publishing = False
        self.ledger.ended = time.monotonic()
        ends = await asyncio.gather(*self._tasks, return_exceptions=True)
        failed = [f"publishing: {end!r}" for end in ends if end]
        if failed:
            # A node has ended: what is known of the round is told all the same.
            self.ledger.troubles += failed
            return self._closed()
        await self._until(lambda: not any(peer.open for peer in self.peers.values()), "answers to all publications")
        marks = []
        for peer, topics in self.publishers:
            late = [self._late_topic] if self._late_topic and peer.name.endswith("1") else []
            marks += [await self._send(peer, topic, True) for topic in [*topics, *late, BROADCAST]]
        for letter, other in ("ab", "ba"):
            marks.append(await self._send_to(self.peers[letter + "p1"], self.peers[other + "s1"]))
        await self._until(lambda: all(mark.answer for mark in marks), "answers to the last publications")
        for mark in marks:
            if mark.answer != TAKEN:
                self.ledger.troubles.append(f"after the fault {mark.key} was answered {mark.answer} {mark.reason}")
        await self._until(lambda: not self._missing(marks), "the last publications")
        for name, mark in self._missing(marks):
            self.ledger.troubles.append(f"after the fault {mark.key} did not reach {name}")
        return self._closed()

    def _closed(self):
        self.ledger.receipts = {name: peer.receipts for name, peer in self.peers.items()}
        return self.ledger

    def _missing(self, marks):
        missing = []
        for mark in marks:
            names = [mark.target] if mark.target else [
                *self.ledger.receivers(mark.topic, 0), *self.ledger.receivers(mark.topic, 1)
            ]
            for name in names:
                if self.peers[name].last.get((mark.publisher, mark.topic), 0) < mark.number:
                    missing.append((name, mark))
        return missing

    async def _until(self, condition, what):
        deadline = time.monotonic() + SETTLE
        while not condition():
            if time.monotonic() > deadline:
                return self.ledger.troubles.append(f"{what} did not come within {SETTLE} s")
            await asyncio.sleep(0.01)
