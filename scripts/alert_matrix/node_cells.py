# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Faults of a node itself."""

import contextlib
import os
import resource
import socket
import struct

from client import RawClient
from process import eventually
from stack.nodes import program
from threads import Thread

from alert_matrix.cell import cell, hold
from alert_matrix.firehose import Firehose

LOOP = "a loop that does not turn answers no scrape"
MALFORMED = bytes([0xF1, 0x80, 0, 0, 0, 0])
CANARY = "the node's messages to itself pass all its loops"


@cell("GohubDown", "one of two nodes is killed", resolves=150)
def down(scene):
    scene.cluster()
    yield
    scene.nodes[0].kill()
    try:
        yield from hold()
    finally:
        scene.nodes[0].start()
        scene.nodes[0].wait()


@cell("GohubAbsent", "the targets of the job are gone from Prometheus's configuration", within=480, resolves=120)
def absent(scene):
    scene.single()
    yield
    scene.prometheus.set_targets([])
    try:
        yield from hold()
    finally:
        scene.prometheus.set_targets(scene.targets)


@cell("GohubCrashLooping", "a node is killed and started three times within two minutes")
def crash(scene):
    scene.cluster()
    yield
    for _ in range(3):
        scene.nodes[0].kill()
        scene.nodes[0].start()
        scene.nodes[0].wait()
        yield 35
    yield from hold()


def quiet_loop(scene):
    """The loop that does not serve Prometheus's connection, stopped: the node is scraped on."""
    api = scene.prometheus.api
    for name in ("loop-0", "loop-1"):
        loop = Thread(scene.nodes[0].pid, name)
        before = scrape_time(api)
        loop.stop()
        eventually(lambda: scrape_time(api) > before, 30, "a scrape")
        if api.value("up") == 1:
            return loop
        loop.resume()
        eventually(lambda: api.value("up") == 1, 30, "the node is up")
    raise AssertionError("the node is not scraped whichever loop stands still")


def scrape_time(api):
    return api.value("timestamp(up)")


@contextlib.contextmanager
def stopped_loop(scene):
    loop = quiet_loop(scene)
    try:
        yield loop
    finally:
        loop.resume()


@cell(
    "GohubNotLive",
    "one of two event loops stands still",
    resolves=120,
    allowed={"GohubLoopStuck": LOOP},
)
def not_live(scene):
    scene.single()
    yield
    with stopped_loop(scene):
        yield from hold()


@cell("GohubLoopStuck", "one of two event loops stands still for seven seconds of each thirty")
def loop_stuck(scene):
    scene.single()
    yield
    with stopped_loop(scene) as loop:
        while True:
            yield 7
            loop.resume()
            yield 23
            loop.stop()


@cell(
    "GohubNotReady",
    "one of two event loops turns for a moment in half a minute",
    within=420,
    resolves=120,
    allowed={"GohubLoopStuck": LOOP, "GohubCanaryFailing": CANARY},
)
def not_ready(scene):
    """It turns between two scrapes, so that each finds it standing, and never for long enough to be called dead."""
    scene.single()
    yield
    api = scene.prometheus.api
    with stopped_loop(scene) as loop:
        while True:
            yield 15
            scraped = scrape_time(api)
            eventually(lambda: scrape_time(api) > scraped, 15, "a scrape")
            loop.resume()
            yield 0.3
            loop.stop()


@cell("GohubEventLoopLag", "the process stands still for 300 ms of each two seconds", within=720, resolves=420)
def lag(scene):
    node = scene.single()
    yield
    try:
        while True:
            node.freeze()
            yield 0.3
            node.thaw()
            yield 1.7
    finally:
        node.thaw()


@cell("GohubEventLoopSaturated", "a client publishes as fast as one event loop can read", within=1080, is_heavy=True)
def saturated(scene):
    node = scene.single()
    yield
    firehose = scene.until_end(Firehose(node))
    yield from firehose.hold()


@cell("GohubFdsHigh", "the process may open one more descriptor for each ten that it has", within=600, resolves=120)
def descriptors(scene):
    """The limit is lowered while it runs: by itself a node takes no more clients than leave room."""
    node = scene.single()
    bench = scene.start_bench("idle", "--clients", "200", "--duration", "1200")
    yield
    limits = resource.prlimit(node.pid, resource.RLIMIT_NOFILE)
    few = int(1.1 * node.metrics().value("process_open_fds"))
    resource.prlimit(node.pid, resource.RLIMIT_NOFILE, (few, limits[1]))
    try:
        yield from bench.hold()
    finally:
        resource.prlimit(node.pid, resource.RLIMIT_NOFILE, limits)


@cell("GohubAcceptPauses", "the process may open no further descriptor for two seconds of each minute", within=720)
def accept_pauses(scene):
    node = scene.single()
    yield
    limits = resource.prlimit(node.pid, resource.RLIMIT_NOFILE)
    api = scene.prometheus.api
    while True:
        scraped = scrape_time(api)
        eventually(lambda: scrape_time(api) > scraped, 15, "a scrape")
        highest = max(int(name) for name in os.listdir(f"/proc/{node.pid}/fd"))
        with socket.socket() as client:
            try:
                resource.prlimit(node.pid, resource.RLIMIT_NOFILE, (0, limits[1]))
                client.connect((node.host, node.port))
                yield 2
            finally:
                resource.prlimit(node.pid, resource.RLIMIT_NOFILE, limits)
        assert highest < limits[0]
        yield 50


@cell("GohubMemoryPerConnection", "1100 clients each hold a message of 100 KiB that is not whole", within=1200)
def memory(scene):
    settings = {
        "server": {"max_connections_per_ip": 0, "message_timeout": "2h", "read_timeout": "2h"},
        "hub": {"ping_interval": "1h"},
    }
    node = scene.single(settings)
    yield
    with contextlib.ExitStack() as stack:
        for _ in range(1100):
            client = stack.enter_context(RawClient(node))
            client.upgrade()
            client.send(b"\x01\xff" + struct.pack(">Q", 100_000) + bytes(4) + b"x" * 99_000)
        eventually(lambda: node.metrics().value("gohub_connections_peak") > 1000, 30, "more than 1000 connections")
        yield from hold()


# Passes the log on until the hub listens; then nobody reads it, and its pipe fills up.
UNREAD = """#!/usr/bin/env bash
exec {program} "$@" 2> >(
    while read -r line; do
        echo "$line" >&2
        [[ $line != *listening* ]] || exec tail --pid=$$ -f /dev/null
    done
)
"""


@cell("GohubLogLinesDropped", "nobody reads a log of several lines a second", within=1080)
def log_lines(scene):
    file = scene.directory / "unread"
    file.write_text(UNREAD.format(program=program()), encoding="utf-8")
    file.chmod(0o755)
    node = scene.single({"log": {"level": "debug"}}, binary=file)
    yield
    while True:
        for _ in range(20):
            with RawClient(node) as client:
                client.upgrade()
                client.send(MALFORMED)
        yield 1
