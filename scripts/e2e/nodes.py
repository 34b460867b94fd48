# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Two hubs on one bus as processes of this machine, and what runs the checks on them, or on others that are reached alike."""

import asyncio
import contextlib
import http.client
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from bus import node_settings
from checks import REGISTRY, STARTED, run
from hub import Hub
from metrics import Metrics

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Of the section hub. Short, as one check waits for a missed ping.
HEARTBEAT = {"ping_interval": "2s", "pong_timeout": "2s"}


class Nodes:
    """What all ways of running have in common."""

    admin_ports = ()

    def status(self, node, path):
        return self._get(node, path)[0]

    def metrics(self, node):
        time.sleep(0.6)  # a page that was made is given to all who ask within half a second
        status, body = self._get(node, "/metrics")
        assert status == 200, body
        return Metrics(body)

    def _get(self, node, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_ports[node], timeout=10)
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError as error:
            return 0, str(error)
        finally:
            connection.close()

    def wait_until_ready(self, within):
        deadline = time.monotonic() + within
        for node in (0, 1):
            while self.status(node, "/readyz") != 200:
                assert time.monotonic() < deadline, f"/readyz of node {node + 1} did not come true within {within} s"
                time.sleep(0.1)


class LocalNodes(Nodes):
    """A server of the bus on a free port of 127.0.0.1, and two hubs with four loops each."""

    def __init__(self, binary, start_server):
        """`start_server` starts the server, which has a directory of its own."""
        self.binary = binary
        self.directory = tempfile.TemporaryDirectory(prefix="gohub-e2e-")
        self.hubs = []
        self._start_server = start_server
        self.server = None

    def start(self):
        self.server = self._start_server(pathlib.Path(self.directory.name, "bus"))
        for name in ("node1", "node2"):
            folder = pathlib.Path(self.directory.name, name)
            folder.mkdir()
            self.hubs.append(Hub(self.binary, folder, node_settings(self.server, name, {"hub": HEARTBEAT})))
        self.urls = [hub.url for hub in self.hubs]
        self.admin_ports = [hub.port for hub in self.hubs]
        self.wait_until_ready(30)

    def start_bus(self):
        self.server.start()

    def stop_bus(self):
        self.server.stop()

    def publish(self, name, payload):
        self.server.publish(name, payload)

    def command(self, node, words):
        return [self.binary, words[0], "--url", self.urls[node], *words[1:]]

    def close(self):
        for hub in self.hubs:
            with contextlib.suppress(AssertionError):
                hub.program.stop()
        if self.server is not None:
            self.server.stop()
        self.directory.cleanup()


def binary():
    """The hub's program, whose path is printed."""
    path = pathlib.Path(os.environ.get("GOHUB_BINARY", ROOT / ".build/release/gohub")).resolve()
    if not os.access(path, os.X_OK):
        sys.exit(f"no program {path}: run scripts/build release first, or name one by GOHUB_BINARY")
    print(f"as processes of this machine, with {path}")
    return str(path)


def interrupt(*_):
    for program in STARTED:
        if program.running:
            program.send_signal(signal.SIGKILL)
    raise KeyboardInterrupt


def main(nodes):
    """Starts the nodes, runs all checks on them, and ends what was started; the exit code."""
    ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in ends:
        signal.signal(number, interrupt)
    # The accounts are looked at last.
    checks = sorted(REGISTRY, key=lambda entry: entry[0].startswith("every delivery"))
    try:
        nodes.start()
        passed, failed = asyncio.run(run(nodes, checks))
    except KeyboardInterrupt:
        print("interrupted; ending what was started", file=sys.stderr)
        return 130
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        print(f"FAILED  the nodes start: {error}")
        passed, failed = 0, 1
    finally:
        for number in ends:
            signal.signal(number, signal.SIG_IGN)
        nodes.close()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0
