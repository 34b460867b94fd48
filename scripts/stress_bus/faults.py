# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What is done to the server, and to the way there, while messages flow; and what the nodes have to count then."""

import dataclasses
import itertools
import time

from load import TOPICS
from process import replace_file
from redis_server import PREFIX
from servers import MASTER, Cluster, Sentinels
from tcp_proxy import CUT, OPEN, SILENT, Proxy
from ways import CORE, JETSTREAM, PUBSUB, STREAMS
from worker import Worker

BOTH = (0, 1)
BUS = "gohub_bus_"
# Counters of gohub_bus_… that a node which lost its connection has moved.
LOST = [
    ("disconnects_total", {}), ("reconnects_total", {}), ("outage_seconds_count", {}),
    ("probe_rtt_seconds_count", {}),
]
FAILED = [("publish_failures_total", {"reason": "disconnected"})]
TIMEOUT = ("publish_failures_total", {"reason": "timeout"})
LATE = [TIMEOUT]


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
    # How often each of these nodes lost its connection and got it back; None where that is a matter of chance.
    reconnects: int | None = None
    # How long after its end nodes may take to be ready.
    bound: float = 12.0


class Fault:
    """One kind of fault; `prepare` starts what it needs, `strike` is called once a round."""

    def __init__(self, name, way):
        self.name = name + way.suffix
        self.way = way

    def prepare(self, start, stack, directory):
        """Starts servers; answers the keys of the bus's section of each node."""
        self.server = self.way.start(start)
        return [self.server.keys] * 2

    def rest(self):
        """Waits until the next round may begin."""

    def struck(self, began, moved, may_lose=False, **more):
        may_lose = may_lose or not self.way.keeps
        # Dashboards know these by the name of the bus.
        if ("reconnects_total", {}) in moved:
            moved = [*moved, (self.way.counter("reconnects"), {})]
        if TIMEOUT in moved or FAILED[0] in moved:
            moved = [*moved, (self.way.counter("publish_errors"), {})]
        return Strike(began, time.monotonic(), moved=moved, may_lose=may_lose, **more)


class Kill(Fault):
    def strike(self, number, scene):
        began = time.monotonic()
        self.server.kill()
        scene.await_loss(BOTH)
        scene.change_interest()
        self.server.start()
        return self.struck(began, LOST + FAILED + [by("closed")], reconnects=1)


class Freeze(Fault):
    # Once about as long as a probe may take, and once longer.
    SECONDS = [5.0, 5.5]

    def strike(self, number, scene):
        # A probe is sent when an answer is late.
        seconds = turn(self.SECONDS, number) + self.way.deadline
        began = time.monotonic()
        self.server.freeze()
        try:
            scene.await_loss(BOTH)
            scene.change_interest()
            scene.hold(began + seconds)
        finally:
            self.server.thaw()
        # Whether a connection is given up after five seconds is a matter of milliseconds.
        given_up = LOST + [by("timeout"), ("probe_failures_total", {})]
        return self.struck(began, LATE + FAILED + (given_up if turn(self.SECONDS, number) > 5 else []))


class Proxied(Fault):
    TARGETS = [BOTH, (0,), (1,)]

    def prepare(self, start, stack, directory):
        super().prepare(start, stack, directory)
        self.proxy = Worker(Proxy, self.server.port, 2)
        stack.callback(self.proxy.close)
        return [self.way.to(port) for port in self.proxy.ask("listen")]

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
        return self.struck(began, LOST + FAILED + [by("closed")], struck=struck, reconnects=1)


class HalfOpen(Proxied):
    # Once shorter and once longer than a probe may take.
    SECONDS = [3.0, 6.5]

    def strike(self, number, scene):
        struck = turn(self.TARGETS, number)
        began = time.monotonic()
        self.proxy.ask("become", SILENT, struck)
        scene.await_loss(struck)
        scene.change_interest()
        scene.hold(began + turn(self.SECONDS, number) + self.way.deadline)
        self.proxy.ask("become", OPEN, struck)
        moved = LOST + LATE + FAILED + [by("timeout"), ("probe_failures_total", {})]
        return self.struck(began, moved, struck=struck)


class Password(Fault):
    def prepare(self, start, stack, directory):
        self._file = directory / "password"
        self._passwords = (f"secret-{number}" for number in itertools.count())
        first = next(self._passwords)
        self._write(first)
        self.server = self.way.start(start, password=first)
        return [{**self.server.keys, "password_file": str(self._file)}] * 2

    def _write(self, password):
        replace_file(self._file, password + "\n")

    def strike(self, number, scene):
        password = next(self._passwords)
        is_early = number % 2 == 0
        if is_early:
            self._write(password)
        began = time.monotonic()
        self._change(password, number)
        moved = LOST
        if not is_early:
            scene.await_loss(BOTH)
            scene.change_interest()
            scene.await_count(BOTH, *by("refused"))
            self._write(password)
            moved = moved + FAILED + [by("refused")]
        return self.struck(began, moved)

    def _change(self, password, number):
        if self.way.kind == "nats":
            return self.server.change_password(password)
        command = ["CONFIG", "SET", "requirepass", password]
        if number // 2 % 2:
            command = ["ACL", "SETUSER", "default", "resetpass", ">" + password]
        with self.server.connect() as administrator:
            administrator.command(*command)
            administrator.command("CLIENT", "KILL", "USER", "default")
        self.server.password = password


class FailOver(Fault):
    """The replica becomes the master: by streams a replica gets entries when their publishers were told already."""

    def prepare(self, start, stack, directory):
        self.group = Sentinels(start, self.way.options)
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
        self.group = Cluster(start, self.way.options)
        name = PREFIX + ("stream" if self.way.keeps else f"topic/{TOPICS[0]}")
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
        if self.way.keeps:
            dead = self.group.owner(self._slot)
        else:
            dead = max(masters, key=lambda server: len(self._connected(server)))
        struck = self._connected(dead)
        slot = next(slot for slot in (self._slot, 0, 8000, 16383) if self.group.owner(slot) is dead)
        began = time.monotonic()
        dead.kill()
        if self.way.keeps:
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


SINGLE = [
    (Kill, "kill -9 of the server"),
    (Freeze, "server frozen"),
    (Cut, "connections cut"),
    (HalfOpen, "half-open connections"),
    (Password, "password rotated"),
]
GROUPED = [
    (FailOver, "sentinel fail-over"),
    (MasterKilled, "sentinel, master killed"),
    (SlotMoved, "cluster, slot moved"),
    (ClusterMasterKilled, "cluster, master killed"),
]
ALL = [
    *(kind(name, way) for way in (PUBSUB, STREAMS) for kind, name in SINGLE + GROUPED),
    *(kind(name, way) for way in (CORE, JETSTREAM) for kind, name in SINGLE),
]
