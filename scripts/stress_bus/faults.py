# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What is done to Redis, and to the way there, while messages flow; and what the nodes have to count then."""

import dataclasses
import itertools
import os
import time

from bus import PREFIX
from load import TOPICS
from servers import MASTER, Cluster, Sentinels
from tcp_proxy import CUT, OPEN, SILENT, Proxy
from worker import Worker

SAFE = ["appendonly yes", "appendfsync always"]
BOTH = (0, 1)
BUS = "gohub_bus_"
# Counters of gohub_bus_… that a node which lost its connection has moved.
LOST = [
    ("disconnects_total", {}), ("reconnects_total", {}), ("outage_seconds_count", {}),
    ("redis_reconnects_total", {}), ("probe_rtt_seconds_count", {}),
]
FAILED = [("publish_failures_total", {"reason": "disconnected"}), ("redis_publish_errors_total", {})]
TIMEOUT = ("publish_failures_total", {"reason": "timeout"})
LATE = [TIMEOUT, ("redis_publish_errors_total", {})]


def turn(choices, number):
    """What is done in a round."""
    return choices[number % len(choices)]


def by(reason):
    return ("disconnects_total", {"reason": reason})


@dataclasses.dataclass
class Strike:
    """One fault, as it was done: when, to which nodes, and what these have to have counted."""

    began: float
    over: float
    struck: tuple = BOTH
    moved: list = dataclasses.field(default_factory=list)
    # Whether what was confirmed may be lost, in a gap that the nodes tell.
    may_lose: bool = True
    # How long after its end nodes may take to be ready.
    bound: float = 12.0


class Fault:
    """One kind of fault; `prepare` starts what it needs, `strike` is called once a round."""

    def __init__(self, name, delivery="pubsub"):
        self.name = name if delivery == "pubsub" else f"{name}, streams"
        self.delivery = delivery

    @property
    def options(self):
        """Of the servers: by streams a restart keeps what was confirmed."""
        return SAFE if self.delivery == "streams" else []

    def prepare(self, start, stack, directory):
        """Starts servers; answers the keys of bus.redis of each node."""
        self.redis = start(self.options)
        return [{"addrs": [self.redis.address]}] * 2

    def rest(self):
        """Waits until the next round may begin."""

    def struck(self, began, moved, may_lose=False, **more):
        may_lose = may_lose or self.delivery == "pubsub"
        return Strike(began, time.monotonic(), moved=moved, may_lose=may_lose, **more)


class Kill(Fault):
    def strike(self, number, scene):
        began = time.monotonic()
        self.redis.kill()
        scene.await_loss(BOTH)
        scene.change_interest()
        self.redis.start()
        return self.struck(began, LOST + FAILED + [by("closed")])


class Freeze(Fault):
    # Once about as long as a probe may take, and once longer.
    SECONDS = [5.0, 5.5]

    def strike(self, number, scene):
        seconds = turn(self.SECONDS, number)
        began = time.monotonic()
        self.redis.freeze()
        try:
            scene.await_loss(BOTH)
            scene.change_interest()
            scene.hold(began + seconds)
        finally:
            self.redis.thaw()
        # Whether a connection is given up after five seconds is a matter of milliseconds.
        given_up = LOST + [by("timeout"), ("probe_failures_total", {})]
        return self.struck(began, LATE + FAILED + (given_up if seconds > 5 else []))


class Proxied(Fault):
    TARGETS = [BOTH, (0,), (1,)]

    def prepare(self, start, stack, directory):
        super().prepare(start, stack, directory)
        self.proxy = Worker(Proxy, self.redis.port, 2)
        stack.callback(self.proxy.close)
        return [{"addrs": [f"127.0.0.1:{port}"]} for port in self.proxy.ask("listen")]

    def rest(self):
        self.proxy.ask("forget")


class Cut(Proxied):
    def strike(self, number, scene):
        struck = turn(self.TARGETS, number)
        began = time.monotonic()
        self.proxy.ask("become", CUT, struck)
        scene.await_loss(struck)
        scene.change_interest()
        self.proxy.ask("become", OPEN, struck)
        return self.struck(began, LOST + FAILED + [by("closed")], struck=struck)


class HalfOpen(Proxied):
    # Once shorter and once longer than a probe may take.
    SECONDS = [3.0, 6.5]

    def strike(self, number, scene):
        struck = turn(self.TARGETS, number)
        began = time.monotonic()
        self.proxy.ask("become", SILENT, struck)
        scene.await_loss(struck)
        scene.change_interest()
        scene.hold(began + turn(self.SECONDS, number))
        self.proxy.ask("become", OPEN, struck)
        moved = LOST + LATE + FAILED + [by("timeout"), ("probe_failures_total", {})]
        return self.struck(began, moved, struck=struck)


class Password(Fault):
    def prepare(self, start, stack, directory):
        self._file = directory / "password"
        self._passwords = (f"secret-{number}" for number in itertools.count())
        first = next(self._passwords)
        self._write(first)
        self.redis = start(self.options, password=first)
        return [{"addrs": [self.redis.address], "password_file": str(self._file)}] * 2

    def _write(self, password):
        new = self._file.with_suffix(".new")
        new.write_text(password + "\n", encoding="utf-8")
        os.replace(new, self._file)

    def strike(self, number, scene):
        password = next(self._passwords)
        command = ["CONFIG", "SET", "requirepass", password]
        if number // 2 % 2:
            command = ["ACL", "SETUSER", "default", "resetpass", ">" + password]
        is_early = number % 2 == 0
        if is_early:
            self._write(password)
        began = time.monotonic()
        with self.redis.connect() as administrator:
            administrator.command(*command)
            administrator.command("CLIENT", "KILL", "USER", "default")
        self.redis.password = password
        moved = LOST + [by("closed")]
        if not is_early:
            scene.await_loss(BOTH)
            scene.change_interest()
            scene.await_count(BOTH, *by("refused"))
            self._write(password)
            moved = moved + FAILED + [by("refused")]
        return self.struck(began, moved)


class FailOver(Fault):
    """The replica becomes the master: by streams a replica gets entries when their publishers were told already."""

    def prepare(self, start, stack, directory):
        self.group = Sentinels(start, self.options)
        self.group.settle()
        addresses = [sentinel.address for sentinel in self.group.sentinels]
        return [
            {"mode": "sentinel", "master_name": MASTER, "addrs": own} for own in (addresses, addresses[::-1])
        ]

    def strike(self, number, scene):
        began = time.monotonic()
        self.group.fail_over()
        return self.struck(began, LOST, may_lose=True)

    def rest(self):
        self.group.settle()


class MasterKilled(FailOver):
    def strike(self, number, scene):
        began = time.monotonic()
        dead = self.group.master()
        dead.kill()
        scene.await_loss(BOTH)
        scene.change_interest()
        successor = self.group.other(dead)
        self.group.await_master(successor)
        dead.start([f"replicaof 127.0.0.1 {successor.port}"])
        return self.struck(began, LOST + FAILED + [by("closed")], may_lose=True)


class Clustered(Fault):
    """A topic's channel is where its slot is, as a stream is."""

    def prepare(self, start, stack, directory):
        self.group = Cluster(start, self.options)
        name = PREFIX + ("stream" if self.delivery == "streams" else f"topic/{TOPICS[0]}")
        self._slot = self.group.slot(name)
        addresses = self.group.addresses
        return [
            {"mode": "cluster", "addrs": addresses, "client_name": "n1"},
            {"mode": "cluster", "addrs": addresses[1:] + addresses[:1], "client_name": "n2"},
        ]

    def rest(self):
        self.group.settle()


class SlotMoved(Clustered):
    def strike(self, number, scene):
        owner = self.group.owner(self._slot)
        target = next(server for server in self.group.masters() if server is not owner)
        began = time.monotonic()
        self.group.move(self._slot, target)
        # Both nodes have the topic's subscription there, or the stream.
        return self.struck(began, LOST + [by("moved")])


class ClusterMasterKilled(Clustered):
    """A replica gets entries when their publishers were told already."""

    def strike(self, number, scene):
        masters = self.group.masters()
        if self.delivery == "streams":
            dead = self.group.owner(self._slot)
        else:
            dead = max(masters, key=lambda server: len(self._connected(server)))
        struck = self._connected(dead)
        slot = next(slot for slot in (self._slot, 0, 8000, 16383) if self.group.owner(slot) is dead)
        began = time.monotonic()
        dead.kill()
        if self.delivery == "streams":
            scene.await_loss(struck)
        else:
            # Any other server will do, so that the node is back before anybody could see it.
            scene.await_count(struck, "disconnects_total", {})
        scene.change_interest()
        self.group.await_successor(slot, dead)
        dead.start()
        return self.struck(began, LOST + FAILED + [by("closed")], struck=struck, may_lose=True)

    @staticmethod
    def _connected(server):
        """The nodes that are connected to a server."""
        clients = server.command("CLIENT", "LIST")
        return tuple(index for index, name in enumerate((b" name=n1 ", b" name=n2 ")) if name in clients)


KINDS = [
    (Kill, "kill -9 of the server"),
    (Freeze, "server frozen"),
    (Cut, "connections cut"),
    (HalfOpen, "half-open connections"),
    (Password, "password rotated"),
    (FailOver, "sentinel fail-over"),
    (MasterKilled, "sentinel, master killed"),
    (SlotMoved, "cluster, slot moved"),
    (ClusterMasterKilled, "cluster, master killed"),
]
ALL = [kind(name, delivery) for delivery in ("pubsub", "streams") for kind, name in KINDS]
