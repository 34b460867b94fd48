# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The ways in which publications travel: what nodes and servers are started with, and what a node promises there."""

import dataclasses

from nats_server import NatsServer
from redis_server import RedisServer

SAFE = ["appendonly yes", "appendfsync always"]


@dataclasses.dataclass(frozen=True)
class Way:
    """One way; `keys` are of the section of the bus's kind, shorter than the defaults so that rounds are short."""

    # What stands behind the name of a fault.
    suffix: str
    server: type
    keys: dict
    # bus.publish_timeout, in seconds, and how much later an answer may be.
    deadline: float
    grace: float
    # The bucket of gohub_bus_publish_duration_seconds above both.
    bucket: str
    # Whether what was confirmed outlasts a break.
    keeps: bool
    # What a server is started with.
    options: tuple = ()
    more: dict = dataclasses.field(default_factory=dict)

    @property
    def kind(self):
        return self.server.kind

    @property
    def answer(self):
        """The longest answer: the deadline is looked at when the loop has its turn."""
        return self.deadline + self.grace

    @property
    def share(self):
        """Of so many publications one is confirmed: a client with 256 requests without an answer is read no more."""
        return 4 if self.deadline > 1 else 2

    @property
    def detection(self):
        """From the first publication that the bus does not take until /readyz says no: processes may wait for a core meanwhile."""
        return self.deadline + 0.25

    def start(self, start, **more):
        return start(list(self.options), kind=self.server, **self.more, **more)

    def to(self, port):
        """The keys that lead to a port of this machine."""
        return {"urls": [f"nats://127.0.0.1:{port}"]} if self.kind == "nats" else {"addrs": [f"127.0.0.1:{port}"]}

    def counter(self, name):
        """One of the counters that dashboards know by the name of the bus."""
        return f"{self.kind}_{name}_total"


REDIS = {"connect_timeout": "1s", "sync_timeout": "1s"}
NATS = {"connect_timeout": "1s", "reconnect_wait": "200ms"}
STREAM = {"jetstream": True, "stream": {"max_bytes": "64MiB"}}
PUBSUB = Way("", RedisServer, REDIS, 0.05, 0.01, "0.1", False)
STREAMS = Way(", streams", RedisServer, {**REDIS, "delivery": "streams"}, 0.05, 0.01, "0.1", True, tuple(SAFE))
CORE = Way(", NATS", NatsServer, NATS, 0.01, 0.005, "0.025", False)
JETSTREAM = Way(", JetStream", NatsServer, {**NATS, **STREAM}, 2.0, 0.01, "2.5", True, more={"streams": True})
