# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Faults that only nodes on NATS can have."""

import json

from bus import await_ready
from hub import merge
from threads import Thread

from alert_matrix.cell import cell, hold
from alert_matrix.nats_client import NatsClient

USER, PASSWORD = "gohub", "secret"
# What the user of the nodes needs to acknowledge what JetStream delivered.
ACKNOWLEDGEMENTS = "$JS.ACK.>"
# The server of a cell has room for less than a stream may take.
STREAM = {"max_bytes": "64MiB"}


def users(*denied):
    """The line of the server's configuration by which the user of the nodes may publish all but this."""
    publish = {"allow": ">", "deny": list(denied)}
    user = {"user": USER, "password": PASSWORD, "permissions": {"publish": publish}}
    return f"authorization: {json.dumps({'users': [user]})}"


def cluster_without_acknowledgements(scene, consumer):
    """Two nodes on a stream; what has to be called to take their right to acknowledge, and to give it back."""
    server = scene.start_nats(streams=True)
    server.reload([users()])
    secret = scene.directory / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    login = {"user": USER, "password_file": str(secret)}
    scene.cluster_on_nats({"jetstream": True, "stream": STREAM, "consumer": consumer, **login})

    def set_rights(*denied):
        # The server closes the connections of users whose rights change.
        server.reload([users(*denied)])
        for node in scene.nodes:
            await_ready(node.hub, within=20)

    return lambda: set_rights(ACKNOWLEDGEMENTS), set_rights


@cell(
    "GohubNatsAckPendingHigh",
    "NATS takes no acknowledgements of the nodes, and more is published than may wait for them",
    within=480,
    resolves=180,
    allowed={
        "GohubCanaryFailing": "the node's messages to itself over the bus wait with the others",
        "GohubBusLatencyHigh": "what the nodes get after all has waited",
        "GohubNatsMessagesGivenUp": "what is not acknowledged is delivered again, until JetStream gives it up",
        "GohubBusSilent": "the node misses its own probes, and connects anew",
        "GohubBusFlapping": "and again, as nothing comes behind the next hundred messages either",
    },
)
def ack_pending(scene):
    take_right, give_right = cluster_without_acknowledgements(scene, {"max_ack_pending": 100})
    yield
    take_right()
    try:
        yield from hold()
    finally:
        give_right()


@cell(
    "GohubNatsMessagesGivenUp",
    "NATS takes no acknowledgements of the nodes, and little is published",
    within=120,
    resolves=420,
)
def given_up(scene):
    take_right, give_right = cluster_without_acknowledgements(scene, {"ack_wait": "2s", "max_deliver": 2})
    yield
    take_right()
    try:
        yield from hold()
    finally:
        give_right()


@cell(
    "GohubNatsSlowConsumer",
    "another program publishes 60 MB while an event loop stands still for a second",
    within=120,
    resolves=420,
    allowed={"GohubBusMessageLoss": "what the node itself had published is among what is dropped"},
)
def slow_consumer(scene):
    """Without clients, who would be too slow for so much as well."""
    server = scene.start_nats()
    scene.cluster_on_nats({}, count=1, has_load=False)
    yield
    with Thread(scene.nodes[0].pid, "loop-1"):
        with NatsClient(server.port) as client:
            for _ in range(600):
                client.publish("gohub.broadcast", b"x" * 100_000)
        yield 1
    yield from hold()


@cell("GohubNatsStreamDiffers", "a node comes that is configured for another stream than there is", within=1080)
def stream_differs(scene):
    scene.start_nats(streams=True)
    stream = {"jetstream": True, "stream": STREAM}
    scene.cluster_on_nats(stream, count=1)
    yield
    node = scene.start_node_on_nats(merge(stream, {"stream": {"max_msgs": 500_000}}))
    node.wait()
    scene.prometheus.set_targets([each.operators_address for each in scene.nodes])
    yield from hold()
