# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Faults of the demo: each is done to a stage, lasts some seconds and is undone."""

import time

from client import short_frame
from process import eventually
from redis_server import PREFIX
from threads import Thread

from stack.raw import raw_clients, slow_clients

ALL = []
# What nodes need of Redis for everything but the topics below this one.
CHANNELS = [f"&{PREFIX}{name}" for name in ("broadcast", "nodes", "node/*", "unicast/*", "topic/demo/*")]
CLOSED_TOPIC = "closed/topic"


def fault(line):
    """Adds a function to the faults; `line` is what is said when it begins."""

    def register(function):
        ALL.append((line, function))
        return function

    return register


def hold(seconds):
    """How long a fault lasts: nothing is waited for."""
    time.sleep(seconds)


@fault("Redis stops answering for 6 seconds; its connections stay open")
def freeze_redis(stage):
    stage.redis.freeze()
    try:
        stage.load.ask("pour", 0, "demo/0", 400, 40_000)
        hold(6)
    finally:
        stage.redis.thaw()


@fault("the connections to Redis are cut four times while much is published: messages between nodes are lost")
def cut_connections(stage):
    stage.load.ask("begin_flood", 0, "demo/1", 6)
    for _ in range(4):
        hold(0.5)
        stage.redis.command("CLIENT", "KILL", "TYPE", "pubsub")
        stage.redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        await_all_ready(stage)


@fault("Redis crashes, and is back 3 seconds later")
def restart_redis(stage):
    stage.redis.kill()
    try:
        hold(3)
    finally:
        stage.redis.start()


@fault("Redis refuses a subscription, and takes no publications for 2 seconds")
def take_rights(stage):
    stage.redis.command("ACL", "SETUSER", "default", "resetchannels", *CHANNELS)
    try:
        answer = stage.load.ask("want", 0, CLOSED_TOPIC)
        assert answer.get("bus") == "unavailable", answer
        stage.redis.command("ACL", "SETUSER", "default", "-publish")
        hold(2)
    finally:
        stage.redis.command("ACL", "SETUSER", "default", "+@all", "allchannels")


@fault("something on the bus is no message of a node: bare payloads, too large ones, broken ones")
def publish_bare(stage):
    for channel, payload in (
        ("topic/demo/1", '{"from": "outside"}'),
        ("broadcast", "to all"),
        ("broadcast", b"x" * (1 << 20)),
        ("broadcast", b"\xffGHB\x09"),
        ("broadcast", b"\xffGHB\x01"),
        ("nodes", "nonsense"),
    ):
        stage.redis.publish(channel, payload)


@fault("node2 is drained and started again")
def restart_node(stage):
    stage.nodes[1].restart()


@fault("180 clients of one address come at once to node1, which takes 150 of them")
def burst(stage):
    stage.load.ask("burst", 0, 180, "127.0.1.1")


@fault("15 clients of each node stop reading: node1 disconnects them, node2 drops their messages")
def stop_reading(stage):
    with slow_clients(stage.nodes[0].url, 15, "demo/slow"), slow_clients(stage.nodes[1].url, 15, "demo/slow"):
        for _ in range(2):
            stage.load.ask("flood", 0, "demo/slow", 150, 30_000)
            hold(3)


@fault("node1 stands still for 1.5 seconds, in which 40 clients publish 500 messages each")
def freeze_node(stage):
    """More than fits into one slice of time of its loops, and less than the buffers of a connection take."""
    with raw_clients(stage.nodes[0].url, 40) as clients:
        stage.nodes[0].freeze()
        try:
            for client in clients:
                client.send(short_frame("publish", {"topic": "demo/nobody", "payload": "x"}) * 500)
            hold(1.5)
        finally:
            stage.nodes[0].thaw()
        # They stay until the node has come to each of them.
        for client in clients:
            client.messages(1)


@fault("an event loop of node1 stands still for 6 seconds, the other one runs on")
def stop_loop(stage):
    with Thread(stage.nodes[0].pid, "loop-1"):
        hold(6)


def strike(stage, function):
    """Does a fault and waits until it is over: all nodes are ready again, and know each other."""
    function(stage)
    await_all_ready(stage)
    stage.check()


def await_all_ready(stage):
    for node in stage.all_nodes:
        eventually(lambda: node.is_ready, 30, f"{node.name} is ready after the fault")
