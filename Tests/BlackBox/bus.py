# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Hubs that are nodes on one bus."""

from hub import merge
from process import eventually

# What the log says of the connection.
LOST = "the message bus is lost; clients of other nodes are not reached until it is back"
BACK = "the message bus is back; all subscriptions are restored"
UNREACHED = "the message bus cannot be reached; trying again"


def section(server):
    """The kind of bus that a server carries, or what listens at an address, and the keys that lead to it; or both as they are."""
    if isinstance(server, tuple):
        return server
    if not isinstance(server, str):
        return server.kind, server.keys
    return ("nats", {"urls": [server]}) if server.startswith(("nats://", "tls://")) else ("redis", {"addrs": [server]})


def node_settings(server, name, settings=None, **options):
    """The settings of one node; `options` are keys of the bus's own section, `server` is one that runs, or an address.

    No publication fails because the machine is slow; `publish_timeout` is "0s" where the kind's own time is wanted.
    """
    kind, keys = section(server)
    base = {
        "server": {"loops": 4, "max_connections_per_ip": 0},
        "hub": {"node_id": name},
        "bus": {"type": kind, "publish_timeout": "5s", kind: {**keys, **options}},
    }
    return merge(base, settings or {})


def start_together(start_hub, settings):
    """Hubs with these settings, started side by side: each looks for others for a second before it serves."""
    hubs = [start_hub(own, wait=False) for own in settings]
    for hub in hubs:
        hub.wait_until_listening()
    return hubs


def start_nodes(start_hub, server, count, settings=None, **options):
    """Nodes n1, n2 …, each of which knows all the others."""
    names = [f"n{number}" for number in range(1, count + 1)]
    nodes = start_together(start_hub, [node_settings(server, name, settings, **options) for name in names])
    for node in nodes:
        await_nodes(node, count)
    return nodes


def await_nodes(node, count, within=10.0):
    """Waits until a node knows so many nodes, itself among them."""
    eventually(lambda: node.metrics().value("gohub_nodes") == count, within, f"{count} nodes")


def is_ready(node):
    return node.get("/readyz", port=node.operators_port)[0] == 200


def await_ready(node, ready=True, within=10.0):
    eventually(lambda: is_ready(node) == ready, within, "readiness" if ready else "no readiness")


def told(node, message):
    """The records of a node's log with this message."""
    return [record for record in node.records() if record["message"] == message]


def await_told(node, message, within=10.0):
    """The first record with this message."""
    return eventually(lambda: told(node, message), within, f'"{message}" in the log')[0]
