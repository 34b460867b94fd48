# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The log: what stands in it, and that nobody has to read it."""

import fcntl
import json
import os
import re
import resource
import subprocess
import time

import pytest

from client import Client, RawClient
from hub import Hub
from metrics import Metrics
from process import die_with_parent, environment, eventually

UPGRADE = (
    b"Host: hub\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
MALFORMED = bytes([0xF1, 0x80, 0, 0, 0, 0])


class Started:
    """A hub that was started in another way than by ``Hub``; its page of metrics may be half a second old."""

    host, port, get = Hub.host, Hub.port, Hub.get

    def dropped(self):
        return Metrics(self.get("/metrics")[2]).value("gohub_log_dropped_total")


class Unread(Started):
    """A hub whose log goes into a pipe of 4 KiB, which is read only when asked for."""

    def __init__(self, binary):
        self.reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        self.process = subprocess.Popen(
            [binary, "serve", "--server-addr", "127.0.0.1:0", "--server-drain-timeout", "1s"]
            + ["--log-level", "debug", "--log-format", "json"],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=writer,
            preexec_fn=die_with_parent,
        )
        os.close(writer)
        self._rest = b""
        try:
            self.address = next(filter(None, map(Hub._listening, self.lines())))["addr"]
        except BaseException:
            self.close()
            raise

    def lines(self):
        """The lines of the log, read as they are taken."""
        while True:
            *lines, self._rest = self._rest.split(b"\n")
            yield from (line.decode() for line in lines)
            data = os.read(self.reader, 65536)
            if not data:
                return
            self._rest += data

    def flood(self, count):
        """Has the hub log `count` refusals of malformed frames."""
        for _ in range(count):
            with RawClient(self) as client:
                client.upgrade()
                client.send(MALFORMED)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.reader)


@pytest.fixture
def unread(binary):
    hub = Unread(binary)
    yield hub
    hub.close()


def test_a_log_that_nobody_reads_costs_lines_and_nothing_else(unread):
    assert unread.dropped() == 0
    unread.flood(500)

    def dropped():
        # Each lasts as long as it lasts to drop a line: not at all.
        unread.flood(100)
        return unread.dropped()

    eventually(dropped, within=60, what="a dropped line")
    start = time.monotonic()
    assert unread.get("/readyz")[0] == 200
    assert time.monotonic() - start < 1

    # Once it is read, it says what is missing.
    told = next(record for record in map(json.loads, unread.lines()) if "dropped" in record)
    assert told["level"] == "warning"
    assert eventually(lambda: unread.dropped() == told["dropped"])

    # Unread once more, it keeps nobody from ending the hub.
    unread.flood(100)
    unread.process.terminate()
    assert unread.process.wait(10) == 0


def test_a_file_at_its_limit_costs_lines_until_it_is_cut(binary, tmp_path):
    path = tmp_path / "log"

    def limit():
        die_with_parent()
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    with open(path, "ab") as log:
        process = subprocess.Popen(
            [binary, "serve", "--server-addr", "127.0.0.1:0", "--log-level", "debug", "--log-format", "json"],
            env={**environment(), "LLVM_PROFILE_FILE": "/dev/null"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            preexec_fn=limit,
        )
    try:
        address = eventually(lambda: next(filter(None, map(Hub._listening, path.read_text().splitlines())), None))["addr"]
        hub = Started()
        hub.address = address

        def malformed():
            with RawClient(hub) as client:
                client.send(b"no request\r\n\r\n")
                client.rest()

        def dropped():
            malformed()
            return hub.dropped()

        eventually(dropped, within=30, what="a dropped line")
        os.truncate(path, 0)

        def lines():
            malformed()
            return path.read_text().split("\n") if "lines were dropped" in path.read_text() else None

        records = [json.loads(line) for line in eventually(lines) if line]
        assert any(record.get("dropped", 0) > 0 for record in records)
        process.terminate()
        assert process.wait(30) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


async def test_every_line_names_the_node_and_the_node_does_not_name_its_host(start_hub):
    hub = start_hub({"log": {"level": "debug"}})
    async with Client(hub) as client:
        node = client.welcome["node_id"]
    assert re.fullmatch("node-[0-9a-f]{8}", node)
    assert {record["node"] for record in hub.records()} == {node}
    named = start_hub({"hub": {"node_id": "left-1"}})
    assert {record["node"] for record in named.records()} == {"left-1"}


async def test_debug_lines_name_who_came_and_why_they_left(start_hub):
    hub = start_hub({"log": {"level": "debug"}})
    async with Client(hub) as client:
        await client.request("publish", {"topic": "t", "payload": 1}, "published")
        peer = "%s:%d" % client.socket.local_address

    def closed():
        return [record for record in hub.records() if record["message"] == "connection closed"]

    (record,) = eventually(closed)
    (opened,) = [record for record in hub.records() if record["message"] == "connection opened"]
    assert (opened["client"], opened["peer"]) == (client.id, peer)
    assert (record["client"], record["peer"]) == (client.id, peer)
    assert (record["reason"], record["initiator"]) == ("normal", "client")
    assert record["received_messages"] == 1
    assert record["received_bytes"] > 50
    assert record["sent_bytes"] > 100
    assert record["duration"] > 0


def test_refusals_name_the_peer_once_a_second(start_hub):
    hub = start_hub({"server": {"max_connections_per_ip": 2}})
    with RawClient(hub) as first, RawClient(hub) as second:
        first.upgrade()
        second.upgrade()

        def refused():
            with RawClient(hub) as client:
                client.send(b"GET /ws HTTP/1.1\r\n" + UPGRADE)
                assert client.response_head()[0] == 503
            return [record for record in hub.records() if record["message"] == "connection refused"]

        record = eventually(refused)[0]
        assert record["level"] == "warning"
        assert record["reason"] == "ip_limit"
        assert record["peer"].startswith("127.0.0.1:")
        # Those that were left out are told of by the next line.
        assert eventually(lambda: any(record.get("suppressed", 0) > 0 for record in refused()))


async def test_slow_clients_are_named_when_they_are_disconnected(start_hub):
    hub = start_hub({"hub": {"message_buffer_cap": 4}, "server": {"close_timeout": "100ms"}})
    with RawClient(hub, receive_buffer=4096) as slow:
        identity = slow.upgrade()

        def named():
            return [record for record in hub.records() if record["message"] == "slow client disconnected"]

        async with Client(hub) as publisher:
            for _ in range(500):
                number = await publisher.send("broadcast", {"payload": "x" * 200_000})
                assert (await publisher.reply(number))["message_type"] == "published"
                if named():
                    break
        (record,) = named()
        assert (record["client"], record["reason"], record["level"]) == (identity, "slow", "info")
