# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What a cell consists of: hubs, a Redis or a NATS if it needs one, a light load, a Prometheus."""

import pathlib

from bus import await_nodes
from hub import merge
from nats_server import NatsServer
from process import Program
from redis_server import RedisServer
from stack.load import Load
from stack.nodes import Node, program
from stack.prometheus import Prometheus
from stress_bus.worker import Worker

INTERVAL = "5s"
LISTENERS, PUBLISHERS = 6, 1  # of each node


class Scene:
    """Everything of one cell; ended by `stack`."""

    def __init__(self, directory, stack):
        self.directory = pathlib.Path(directory)
        self._stack = stack
        self.nodes = []
        self.servers = []
        self.nats = None
        self.prometheus = None
        # What Prometheus scrapes where that is not the nodes themselves, and what runbooks call the node.
        self.targets = None

    def until_end(self, part, end="stop"):
        self._stack.callback(getattr(part, end))
        return part

    # What cells start.

    def start_redis(self):
        server = RedisServer(self.directory / f"redis-{len(self.servers)}")
        self.servers.append(self.until_end(server))
        return server

    @property
    def redis(self):
        return self.servers[0]

    def start_nats(self, **options):
        self.nats = self.until_end(NatsServer(self.directory / "nats", **options))
        return self.nats

    def start_node_on_nats(self, options):
        """A node at the NATS; `options` are keys of bus.nats."""
        return self.start_node({"bus": {"type": "nats", "nats": {"urls": [self.nats.url], **options}}})

    def start_node(self, settings=None, bus=None, **options):
        """A node, at the Redis or proxy with the address `bus` if there is one; it serves after `await_nodes`."""
        own = {"bus": {"type": "redis", "redis": {"addrs": [bus]}}} if bus else {}
        node = Node(f"n{len(self.nodes) + 1}", self.directory, merge(own, settings or {}), **options)
        self.nodes.append(self.until_end(node, "close"))
        return node

    def await_nodes(self):
        for node in self.nodes:
            node.wait()

    def start_load(self, listeners=LISTENERS, publishers=PUBLISHERS):
        self.load = self.until_end(Worker(Load, [node.url for node in self.nodes], listeners, publishers), "close")
        self.load.ask("begin")

    def single(self, settings=None, **options):
        """One node without a bus, and a load."""
        node = self.start_node(settings, **options)
        self.await_nodes()
        self.start_load()
        return node

    def cluster(self, count=2, settings=None, has_load=True):
        """Nodes on a Redis that know each other, and a load."""
        self.start_redis()
        for _ in range(count):
            self.start_node(settings, self.redis.address)
        self._begin(has_load)

    def cluster_on_nats(self, options, count=2, has_load=True):
        """The same on the NATS, which was started before; `options` are keys of bus.nats."""
        for _ in range(count):
            self.start_node_on_nats(options)
        self._begin(has_load)

    def _begin(self, has_load):
        self.await_nodes()
        for node in self.nodes:
            await_nodes(node, len(self.nodes))
        if has_load:
            self.start_load()

    def start_bench(self, *words):
        """A `gohub bench` against the first node."""
        words = [words[0], "--url", self.nodes[0].url, *words[1:]]
        return self.until_end(Bench(Program([program(), "bench", *words])), "end")

    # What the trial needs.

    def start_prometheus(self):
        self.targets = self.targets or [node.operators_address for node in self.nodes]
        self.prometheus = self.until_end(Prometheus(self.directory / "prometheus", self.targets, INTERVAL))
        self.prometheus.await_scraped(len(self.targets))

    @property
    def environment(self):
        """What the commands of runbooks are given."""
        found = {"NODE": self.targets[0], "PROMETHEUS": self.prometheus.url}
        if self.servers:
            found["REDIS"] = self.redis.address
        if self.nats:
            found["NATS"] = self.nats.monitoring_address
        return found

    def logs(self):
        """The ends of the logs of all nodes."""
        return {node.name: node.hub.program.tail(15) for node in self.nodes}


class Bench:
    """A bench that is ended if it still runs."""

    def __init__(self, program):
        self.program = program

    def hold(self):
        """Goes on until the cell is over; fails when the bench is over before."""
        while True:
            assert self.program.running, f"the bench has ended:\n{self.program.tail()}"
            yield 5

    def end(self):
        if self.program.running:
            self.program.kill()
