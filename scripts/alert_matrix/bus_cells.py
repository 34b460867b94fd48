# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Faults of the bus, and of what nodes may do there."""

from bus import await_ready
from redis_server import PREFIX
from stack.peers import TOPICS

from alert_matrix.bus_proxy import BusProxy
from alert_matrix.cell import cell, hold

CLOSED = "closed/topic"
# What the user of the nodes may reach: all but CLOSED.
CHANNELS = [f"&{PREFIX}{name}" for name in ("broadcast", "nodes", "node/*", "unicast/*", "topic/demo/*")]
SECONDS_OF_FLOOD = 5


@cell(
    "GohubBusDown",
    "Redis is killed",
    within=360,
    resolves=450,
    allowed={
        "GohubBusMessageLoss": "what was published while it was down is missing once it is back",
        "GohubBusPublishErrorBudgetBurn": "what is published while it is down fails",
        "GohubCanaryFailing": "the node's messages to itself over the bus are refused",
        "GohubNotReady": "a node without its bus is not ready",
    },
)
def bus_down(scene):
    scene.cluster()
    yield
    scene.redis.kill()
    try:
        yield from hold()
    finally:
        scene.redis.start()


@cell("GohubNodesMissing", "two nodes are at different Redis servers", within=540, baseline=90)
def nodes_missing(scene):
    """Before the fault there is one node."""
    scene.start_node(bus=scene.start_redis().address)
    scene.await_nodes()
    scene.start_load()
    yield
    node = scene.start_node(bus=scene.start_redis().address)
    node.wait()
    scene.prometheus.set_targets([each.operators_address for each in scene.nodes])
    yield from hold()


@cell(
    "GohubBusSilent",
    "Redis delivers nothing, though it is connected and takes what is published",
    within=540,
    allowed={"GohubCanaryFailing": "the node's messages to itself are among those that do not come"},
)
def silent(scene):
    proxy = scene.until_end(BusProxy(scene.start_redis().port))
    scene.start_node({"bus": {"probe_after": "20m"}}, bus=proxy.address)
    scene.await_nodes()
    scene.start_load()
    yield
    proxy.is_silent = True
    yield from hold()


@cell("GohubCanaryFailing", "what Redis sends to subscribers comes more than a second late", within=480, resolves=420)
def canary(scene):
    proxy = scene.until_end(BusProxy(scene.start_redis().port))
    scene.start_node(bus=proxy.address)
    scene.await_nodes()
    scene.start_load()
    yield
    proxy.message_delay = 1.3
    try:
        yield from hold()
    finally:
        proxy.message_delay = 0.0


@cell("GohubBusLatencyHigh", "all that comes from Redis comes 150 ms late", within=1080, resolves=420)
def latency(scene):
    proxy = scene.until_end(BusProxy(scene.start_redis().port))
    for _ in range(2):
        scene.start_node({"bus": {"publish_timeout": "2s"}}, bus=proxy.address)
    scene.await_nodes()
    scene.start_load(publishers=3)
    yield
    proxy.delay = 0.15
    try:
        yield from hold()
    finally:
        proxy.delay = 0.0


@cell("GohubBusPublishErrorBudgetBurn", "Redis refuses what is published to one topic", within=480)
def publish_errors(scene):
    scene.cluster()
    yield
    scene.redis.command("ACL", "SETUSER", "default", "resetchannels", *CHANNELS)
    while True:
        scene.load.ask("flood", 0, CLOSED, 1, 100)
        yield 1


@cell("GohubBusSubscriptionsIncomplete", "Redis refuses the subscription to one topic", within=600)
def subscriptions(scene):
    scene.cluster()
    yield
    scene.redis.command("ACL", "SETUSER", "default", "resetchannels", *CHANNELS)
    scene.load.ask("begin_wait", 0, CLOSED)
    yield from hold()


@cell("GohubBusMessageLoss", "Redis cuts the connections of subscribers while much is published", within=120)
def loss(scene):
    scene.cluster()
    yield
    scene.load.ask("begin_flood", 0, TOPICS[1], SECONDS_OF_FLOOD)
    for _ in range(2):
        yield 1
        scene.redis.command("CLIENT", "KILL", "TYPE", "pubsub")
        for node in scene.nodes:
            await_ready(node.hub, within=20)
    yield from hold()


@cell("GohubBusFlapping", "Redis cuts all connections five times within two minutes", within=240)
def flapping(scene):
    """Nothing is published, so that nothing is lost."""
    scene.cluster(has_load=False)
    yield
    for _ in range(5):
        scene.redis.command("CLIENT", "KILL", "TYPE", "pubsub")
        scene.redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        for node in scene.nodes:
            await_ready(node.hub, within=20)
        yield 20
    yield from hold()
