# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What the demo consists of: Redis, two hubs, Prometheus with the rules, Alertmanager, and the load.

For scripts/panels there are a NATS with JetStream and two hubs on it as well, which are a job of their own.
"""

import pathlib
import tempfile

from hub import merge
from nats_server import NatsServer
from redis_server import RedisServer
from stress_bus.worker import Worker

from stack.load import Load
from stack.nodes import Node
from stack.prometheus import Alertmanager, Prometheus

# Ports where docker-compose.yaml has them, if nobody else does.
NODES = {"node1": (8081, 9091), "node2": (8082, 9092)}
PROMETHEUS, ALERTMANAGER = 9090, 9093
# Shorter times and tighter limits than the defaults, so that all that can happen does within minutes.
SETTINGS = {
    "server": {
        "header_timeout": "2s",
        "close_timeout": "1s",
        "write_timeout": "10s",
        "message_timeout": "5s",
        "drain_delay": "4s",
        "drain_timeout": "3s",
        "max_connections": 2000,
        "max_connections_per_ip": 150,
    },
    "hub": {
        "ping_interval": "5s",
        "pong_timeout": "3s",
        "max_message_bytes": "64KiB",
        "message_buffer_cap": 64,
        "message_buffer_bytes": "256KiB",
        "max_subscriptions_per_client": 10,
        "max_topics": 16,
    },
    "bus": {"probe_after": "2s", "publish_timeout": "1s", "buffer": {"max_bytes": "64KiB", "max_age": "5s"}},
}
LISTENERS, PUBLISHERS = 50, 4  # of each node
POLICIES = {"node1": "disconnect", "node2": "drop_oldest"}
NATS_JOB = "gohub-nats"
NATS_LISTENERS, NATS_PUBLISHERS = 10, 2  # of each node
# A message that is not acknowledged is delivered again, and given up, within seconds. One of the nodes is configured for
# another stream than there is.
CONSUMER = {"ack_wait": "1s", "max_deliver": 2}
STREAMS = {"node3": {"max_bytes": "64MiB"}, "node4": {"max_bytes": "64MiB", "max_msgs": 500_000}}


class Stage:
    """Everything, once it runs and was scraped; ended by `stack`."""

    def __init__(self, stack, interval="2s", with_nats=False):
        self._stack = stack
        directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gohub-demo-")))
        self.redis = self._until_end(RedisServer(directory / "redis"), "stop")
        self.nodes = []
        for name, ports in NODES.items():
            bus = {"type": "redis", "redis": {"addrs": [self.redis.address]}}
            own = {"hub": {"slow_client_policy": POLICIES[name]}, "bus": bus}
            self.nodes.append(self._until_end(Node(name, directory, merge(SETTINGS, own), *ports), "close"))
        self.nats = self._until_end(NatsServer(directory / "nats", streams=True), "stop") if with_nats else None
        self.nats_nodes = [self._start_on_nats(name, directory) for name in (STREAMS if with_nats else ())]
        for node in self.all_nodes:
            node.wait()
        self.alertmanager = self._until_end(Alertmanager(directory / "alertmanager", ALERTMANAGER), "stop")
        targets = [node.operators_address for node in self.nodes]
        self.prometheus = self._until_end(
            Prometheus(directory / "prometheus", targets, interval, PROMETHEUS, self.alertmanager.address, self._others),
            "stop",
        )
        ports = [node.operators_port for node in self.nodes]
        load = Worker(Load, [node.url for node in self.nodes], LISTENERS, PUBLISHERS, ports)
        self.load = self._until_end(load, "close")
        self.load.ask("begin")
        self.nats_load = None
        if with_nats:
            load = Worker(Load, [node.url for node in self.nats_nodes], NATS_LISTENERS, NATS_PUBLISHERS)
            self.nats_load = self._until_end(load, "close")
            self.nats_load.ask("begin")
        self.prometheus.await_scraped(len(self.all_nodes))

    def _start_on_nats(self, name, directory):
        options = {"urls": [self.nats.url], "jetstream": True, "stream": STREAMS[name], "consumer": CONSUMER}
        settings = merge(SETTINGS, {"bus": {"type": "nats", "nats": options}})
        return self._until_end(Node(name, directory, settings), "close")

    @property
    def all_nodes(self):
        return [*self.nodes, *self.nats_nodes]

    @property
    def _others(self):
        return {NATS_JOB: [node.operators_address for node in self.nats_nodes]} if self.nats_nodes else {}

    def _until_end(self, part, end):
        self._stack.callback(getattr(part, end))
        return part

    def check(self):
        """Fails when a part has ended that no fault has ended."""
        for load in (self.load, self.nats_load):
            if load:
                load.ask("check")
        for name, program in (("Prometheus", self.prometheus.program), ("Alertmanager", self.alertmanager.program)):
            assert program.running, f"{name} has ended:\n{program.tail()}"
        for node in self.all_nodes:
            assert node.running, f"{node.name} has ended:\n{node.hub.program.tail()}"
