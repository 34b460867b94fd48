# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Servers of NATS that are several: dead ones in a list, a cluster that loses one, a server that says that it will end."""

import contextlib

import pytest

from bus import BACK, LOST, UNREACHED, await_ready, await_told, node_settings, start_together, told
from bus_server import HOST, free_port
from client import Client
from process import eventually

QUICK = {"reconnect_wait": "200ms"}


class Cluster:
    """Servers that know each other, and tell their clients of each other."""

    def __init__(self, start_nats, count):
        self._start_nats = start_nats
        self._ports = [free_port() for _ in range(count)]
        self.servers = []
        for _ in range(count):
            self.add()

    def add(self):
        """Starts the next one, at the end of the list of routes, and waits until all know each other."""
        number = len(self.servers)
        if number == len(self._ports):
            self._ports.append(free_port())
        routes = ", ".join(f'"nats://{HOST}:{port}"' for port in self._ports)
        own = f'cluster: {{name: "test", listen: "{HOST}:{self._ports[number]}", routes: [{routes}]}}'
        # A server that says that it will end does so soon.
        self.servers.append(self._start_nats([own, 'lame_duck_grace_period: "100ms"', 'lame_duck_duration: "30s"']))
        for server in self.servers:
            eventually(lambda server=server: self._knows_all(server), 20, "a cluster")
        return self.servers[-1]

    def _knows_all(self, server):
        known = {route["remote_id"] for route in server.monitoring("routez")["routes"]}
        return len(known) == len(self.servers) - 1

    def server_of(self, name):
        """The server on which a node is, by what the server's monitoring calls its connection; None when it is nowhere."""
        for server in self.servers:
            with contextlib.suppress(OSError):
                if any(connection.get("name") == f"hub {name}" for connection in server.connections()):
                    return server
        return None


def start_named(start_hub, urls):
    """Nodes n1, n2 …, each with the URLs given for it."""
    own = [node_settings(urls[0], f"n{n}", urls=urls, client_name="hub", **QUICK) for n, urls in enumerate(urls, 1)]
    return start_together(start_hub, own)


async def assert_connected(here, there):
    """What is published on one node comes to the other.

    A server confirms a subscription for itself: those of its cluster know of it a moment later, and pass nothing on before.
    """
    async with Client(here) as sender, Client(there) as reader:
        reply = await reader.request("subscribe", {"topic": "t"}, expect="subscribed")
        assert reply["data"] == {"topic": "t"}
        while not (found := await reader.settle()):
            await sender.request("publish", {"topic": "t", "payload": 1, "confirm": True}, expect="published")
        assert {message["data"]["payload"] for message in found} == {1}


def test_a_dead_server_in_the_list_is_passed_over(nats, start_hub):
    dead = f"nats://{HOST}:{free_port()}"
    for node in start_named(start_hub, [[dead, nats.url], [nats.url, dead]]):
        await_ready(node)
        assert node.metrics().value("gohub_nodes") >= 1
    assert nats.clients() == 0 and len(nats.connections()) == 2


def test_a_server_of_the_list_that_dies_is_left_for_the_other(start_nats, start_hub):
    first, second = start_nats(), start_nats()
    (node,) = start_named(start_hub, [[first.url, second.url]])
    (server,) = [server for server in (first, second) if server.connections()]
    other = second if server is first else first
    server.kill()
    await_told(node, BACK)
    await_ready(node)
    assert [connection["name"] for connection in other.connections()] == ["hub n1"]


@pytest.mark.parametrize("known", [1, 3])
async def test_a_node_whose_server_of_a_cluster_is_killed_is_back_on_another(start_nats, start_hub, known):
    cluster = Cluster(start_nats, 3)
    urls = [server.url for server in cluster.servers]
    here, there = start_named(start_hub, [urls[:known], urls[1:][:known]])
    await assert_connected(here, there)
    server = cluster.server_of("n1")
    server.kill()
    await_told(here, LOST)
    eventually(lambda: cluster.server_of("n1") not in (None, server), 20, "n1 on another server")
    await_ready(here)
    await assert_connected(here, there)
    assert here.metrics().value("gohub_bus_nats_reconnects_total") == 1
    (lost,) = told(here, LOST)
    assert server.address in lost["error"]
    # And once more, with two of three dead.
    server = cluster.server_of("n1")
    server.kill()
    await_ready(here, True, 20)
    eventually(lambda: cluster.server_of("n1") not in (None, server), 20, "n1 on the last server")


async def test_a_server_that_joined_after_the_node_had_connected_is_known_when_the_first_dies(start_nats, start_hub):
    cluster = Cluster(start_nats, 1)
    first = cluster.servers[0]
    (node,) = start_named(start_hub, [[first.url]])
    second = cluster.add()
    first.kill()
    eventually(lambda: cluster.server_of("n1") is second, 20, "n1 on the server that joined")
    await_ready(node)


async def test_a_server_that_says_that_it_will_end_is_told_and_left(start_nats, start_hub):
    cluster = Cluster(start_nats, 2)
    urls = [server.url for server in cluster.servers]
    here, there = start_named(start_hub, [urls[:1], urls[1:]])
    assert here.metrics().value("gohub_bus_nats_lame_duck_total") == 0
    server = cluster.server_of("n1")
    server.send_lame_duck()
    record = await_told(here, "a server of NATS is about to end")
    assert record["level"] == "warning" and record["server"] == server.address
    assert here.metrics().value("gohub_bus_nats_lame_duck_total") == 1
    eventually(lambda: cluster.server_of("n1") not in (None, server), 40, "n1 on the other server")
    await_ready(here)
    await assert_connected(here, there)
    assert told(here, UNREACHED) == []
    assert there.metrics().value("gohub_bus_nats_lame_duck_total") == 0
