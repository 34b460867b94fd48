# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Faults of clients, or of limits that are too low for them."""

import contextlib

from client import RawClient
from hub import merge
from stack.raw import slow_clients

from alert_matrix.cell import cell, hold

# Nothing ends a client that does not read but its queue.
PATIENT = {"server": {"write_timeout": "2h", "read_timeout": "2h"}, "hub": {"ping_interval": "1h"}}
SLOW_TOPIC = "demo/slow"


@cell("GohubNearConnectionLimit", "90 and more of 100 connections are taken", within=900, resolves=120)
def near_limit(scene):
    scene.single({"server": {"max_connections": 100}})
    yield
    bench = scene.start_bench("idle", "--clients", "84", "--duration", "1200")
    try:
        yield from bench.hold()
    finally:
        bench.end()


@cell("GohubRejecting", "an address that has all the connections it may have asks for four more a second", within=720)
def rejecting(scene):
    node = scene.single(merge(PATIENT, {"server": {"max_connections_per_ip": 20}}))
    yield
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(RawClient(node)).upgrade()
        while True:
            with RawClient(node) as client:
                client.send(b"GET /ws HTTP/1.1\r\nHost: hub\r\n\r\n")
                status, _ = client.response_head()
                assert status == 503, status
            yield 0.25


@cell("GohubReconnectStorm", "25 clients a second come, after a quarter of an hour of few", baseline=1080)
def storm(scene):
    scene.single()
    yield
    while True:
        bench = scene.start_bench("connect", "--clients", "100")
        try:
            assert bench.program.wait(60) == 0, bench.program.tail()
        finally:
            bench.end()
        yield 4


def fill_queues(scene, count, is_full, size=20_000):
    """Publishes to clients that do not read until their queues are full."""
    while not is_full(scene.nodes[0].metrics()):
        scene.load.ask("flood", 0, SLOW_TOPIC, count, size)


@cell("GohubSlowClients", "15 clients do not read; their queues are nearly full", within=900, resolves=120)
def slow(scene):
    """There is room for what the load sends to all."""
    queues = {"slow_client_policy": "drop_oldest", "message_buffer_cap": 1200, "message_buffer_bytes": "64MiB"}
    node = scene.single(merge(PATIENT, {"hub": queues}))
    yield
    with slow_clients(node.url, 15, SLOW_TOPIC):
        fill_queues(scene, 50, lambda page: page.value("gohub_slow_clients") >= 15, size=5000)
        yield from hold()


@cell("GohubSlowDisconnects", "15 clients that do not read are disconnected", within=540)
def slow_disconnects(scene):
    node = scene.single(merge(PATIENT, {"hub": {"message_buffer_cap": 20}}))
    yield
    disconnected = "gohub_slow_client_actions_total"
    with slow_clients(node.url, 15, SLOW_TOPIC):
        fill_queues(scene, 5, lambda page: page.value(disconnected, action="disconnect") >= 15)
    yield from hold()


@cell("GohubDropsHigh", "of five clients that do not read messages are dropped, three a second", within=720)
def drops(scene):
    node = scene.single(merge(PATIENT, {"hub": {"slow_client_policy": "drop_oldest", "message_buffer_cap": 50}}))
    yield
    with slow_clients(node.url, 5, SLOW_TOPIC):
        fill_queues(scene, 20, lambda page: page.value("gohub_deliveries_dropped_total", reason="queue_messages") > 0)
        while True:
            scene.load.ask("flood", 0, SLOW_TOPIC, 1, 1000)
            yield 1.5


@cell("GohubDeliveryLatencyBudgetBurn", "20 clients read 30 KB a second, and always have more to read", within=900)
def late(scene):
    """Their queues are never nearly full, and never empty."""
    node = scene.single({"hub": {"message_buffer_cap": 1000, "message_buffer_bytes": "64MiB"}})
    yield
    with slow_clients(node.url, 20, SLOW_TOPIC) as readers:
        for reader in readers:
            reader.socket.setblocking(False)
        while True:
            if node.metrics().value("gohub_outbound_queue_messages") < 200:
                scene.load.ask("flood", 0, SLOW_TOPIC, 40, 20_000)
            for _ in range(8):
                for reader in readers:
                    with contextlib.suppress(BlockingIOError):
                        assert reader.socket.recv(1 << 16), "the hub closed the connection of a slow reader"
                yield 0.25
