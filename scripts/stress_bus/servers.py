# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Groups of Redis servers: a master with a replica under three sentinels, and a cluster of six."""

from bus_server import HOST, free_port
from process import eventually
from redis_server import RedisError, RedisServer, Sentinel

WITHIN = 40.0
MASTER = "mymaster"
# Sentinels that look around more often than by themselves, which no configuration file can say.
HURRY = [
    *("ping-period", 400, "info-period", 200, "ask-period", 100, "publish-period", 200),
    *("min-link-reconnect-period", 500, "election-timeout", 2000, "tilt-trigger", 10000, "tilt-period", 1000),
]
CLUSTER = [
    *("cluster-enabled yes", "cluster-config-file nodes.conf", "cluster-node-timeout 1000"),
    *("cluster-replica-validity-factor 0", "cluster-allow-replica-migration no"),
]


def attempt(function, default=None):
    """What a function answers; the default where a server does not answer or says no."""
    try:
        return function()
    except (OSError, RedisError):
        return default


def pairs(answer):
    """A list of names and values as a dictionary of texts."""
    words = [word.decode() for word in answer]
    return dict(zip(words[::2], words[1::2]))


def fields(text):
    """The lines "name:value" of an answer."""
    return dict(line.split(":", 1) for line in text.decode().splitlines() if ":" in line)


class Sentinels:
    """A master, a replica and three sentinels of which two have to agree."""

    def __init__(self, start, options=()):
        self.servers = [start(options), start(options)]
        self.servers[1].command("REPLICAOF", HOST, self.servers[0].port)
        options = [
            *(f"sentinel down-after-milliseconds {MASTER} 1000", f"sentinel failover-timeout {MASTER} 2000"),
            f"sentinel parallel-syncs {MASTER} 1",
        ]
        self.sentinels = [
            start(self.servers[0], kind=Sentinel, name=MASTER, quorum=2, options=options) for _ in range(3)
        ]
        for sentinel in self.sentinels:
            sentinel.command("SENTINEL", "DEBUG", *HURRY)

    def master(self, sentinel=None):
        """The server that a sentinel takes for the master."""
        _, port = (sentinel or self.sentinels[0]).command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER)
        return next(server for server in self.servers if server.port == int(port))

    def other(self, server):
        return self.servers[1 - self.servers.index(server)]

    def settle(self):
        """Waits until all agree, and the replica could become the master."""
        eventually(lambda: attempt(self._is_settled), WITHIN, "sentinels that agree")

    def _is_settled(self):
        master = self.master()
        for sentinel in self.sentinels:
            known = pairs(sentinel.command("SENTINEL", "MASTER", MASTER))
            (replica,) = map(pairs, sentinel.command("SENTINEL", "REPLICAS", MASTER))
            expected = {"port": str(master.port), "flags": "master", "num-other-sentinels": "2"}
            if any(known[name] != value for name, value in expected.items()):
                return False
            expected = {"flags": "slave", "master-port": str(master.port), "master-link-status": "ok"}
            if any(replica[name] != value for name, value in expected.items()):
                return False
        return fields(master.command("INFO", "replication"))["role"] == "master"

    def fail_over(self):
        """Makes the replica the master while both run."""
        before = self.master()
        eventually(lambda: attempt(lambda: self._has_failed_over(before)), WITHIN, "a fail-over")
        self.await_master(self.other(before))

    def _has_failed_over(self, before):
        """Whether the first sentinel has another master; asks it for one again when it has given up."""
        known = pairs(self.sentinels[0].command("SENTINEL", "MASTER", MASTER))
        if known["port"] != str(before.port):
            return True
        if "failover_in_progress" not in known["flags"]:
            self.sentinels[0].command("SENTINEL", "FAILOVER", MASTER)
        return False

    def await_master(self, server):
        """Waits until each sentinel takes a server for the master."""
        eventually(
            lambda: all(self.master(sentinel) is server for sentinel in self.sentinels), WITHIN, "the new master"
        )


class Cluster:
    """Three masters and three replicas."""

    def __init__(self, start, options=()):
        self.servers = []
        for _ in range(6):
            self.servers.append(start([*CLUSTER, f"cluster-port {free_port()}", *options]))
        for index, server in enumerate(self.servers):
            server.command("CLUSTER", "SET-CONFIG-EPOCH", index + 1)
            if index < 3:
                server.command("CLUSTER", "ADDSLOTSRANGE", 16384 * index // 3, 16384 * (index + 1) // 3 - 1)
            for other in self.servers[:index]:
                port = other.command("CONFIG", "GET", "cluster-port")[1]
                server.command("CLUSTER", "MEET", HOST, other.port, port)
        for replica, master in zip(self.servers[3:], self.servers):
            number = self.identity(master)
            eventually(lambda: attempt(lambda: replica.command("CLUSTER", "REPLICATE", number)), WITHIN, "a replica")
        self.settle()

    @staticmethod
    def identity(server):
        return server.command("CLUSTER", "MYID").decode()

    @property
    def addresses(self):
        return [server.address for server in self.servers]

    def _owners(self, witness):
        """The port of each range's master, as one server sees it."""
        return {(first, last): master[1] for first, last, master, *_ in witness.command("CLUSTER", "SLOTS")}

    def owner(self, slot, witness=None):
        """The master of a slot, as a server sees it that runs."""
        for server in [witness] if witness else self.servers:
            for (first, last), port in attempt(lambda: self._owners(server), {}).items():
                if first <= slot <= last:
                    return next(server for server in self.servers if server.port == port)
        return None

    def masters(self):
        ports = set(self._owners(self.servers[0]).values())
        return [server for server in self.servers if server.port in ports]

    def slot(self, key):
        return self.servers[0].command("CLUSTER", "KEYSLOT", key)

    def settle(self):
        """Waits until all run, are in order, and see the same owners."""
        eventually(lambda: attempt(self._is_settled), WITHIN, "a cluster in order")

    def _is_settled(self):
        views = []
        for server in self.servers:
            info = fields(server.command("CLUSTER", "INFO"))
            replication = fields(server.command("INFO", "replication"))
            nodes = [line.split() for line in server.command("CLUSTER", "NODES").decode().splitlines()]
            if (info["cluster_state"], info["cluster_known_nodes"]) != ("ok", "6"):
                return False
            if replication["role"] == "slave" and replication["master_link_status"] != "up":
                return False
            if any("fail" in node[2] or node[7] != "connected" for node in nodes):
                return False
            views.append(self._owners(server))
        return len(set(views[0].values())) == 3 and all(view == views[0] for view in views)

    def move(self, slot, target):
        """Moves a slot with its keys to another master, as redis-cli does it."""
        source = self.owner(slot)
        target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", self.identity(source))
        source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", self.identity(target))
        while keys := source.command("CLUSTER", "GETKEYSINSLOT", slot, 100):
            source.command("MIGRATE", HOST, target.port, "", 0, 5000, "KEYS", *keys)
        for server in (target, source):
            server.command("CLUSTER", "SETSLOT", slot, "NODE", self.identity(target))
        eventually(
            lambda: all(self.owner(slot, server) is target for server in self.servers), WITHIN, "all know the new owner"
        )

    def await_successor(self, slot, dead):
        """Waits until another server has the slots of one that is dead."""
        living = [server for server in self.servers if server is not dead]
        eventually(
            lambda: all(self.owner(slot, server) is not dead for server in living), WITHIN, "a successor of the master"
        )
