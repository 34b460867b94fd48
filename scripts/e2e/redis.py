# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Two hubs on one Redis, as processes of this machine or in containers, and the checks; see scripts/e2e_redis.sh."""

import argparse
import asyncio
import contextlib
import http.client
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from checks import REGISTRY, STARTED, Clients, check, mark, payloads, run
from hub import Hub
from metrics import Metrics
from process import Program

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Of the section hub; docker-compose.yaml takes them from the environment. Short, as one check waits for a missed ping.
HEARTBEAT = {"ping_interval": "2s", "pong_timeout": "2s"}


def free_ports(count):
    """Ports of 127.0.0.1 that nobody has now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class Nodes:
    """What both ways of running have in common."""

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

    def redis_cli(self, *words, stdin=None):
        result = subprocess.run([*self.redis_command(), *words], input=stdin, capture_output=True, timeout=30)
        assert result.returncode == 0, result.stderr.decode()
        return result.stdout.decode().strip()

    def wait(self, condition, what, within):
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not come true within {within} s"
            time.sleep(0.1)

    def wait_until_ready(self, within):
        for node in (0, 1):
            self.wait(lambda node=node: self.status(node, "/readyz") == 200, f"/readyz of node {node + 1}", within)


class LocalNodes(Nodes):
    """redis-server on a free port of 127.0.0.1, and two hubs with four loops each."""

    def __init__(self, binary):
        self.binary = binary
        self.directory = tempfile.TemporaryDirectory(prefix="gohub-e2e-")
        self.hubs = []
        self.redis = None

    def start(self):
        [self.port] = free_ports(1)
        self.start_bus()
        for name in ("node1", "node2"):
            settings = {
                "server": {"loops": 4},
                "hub": {"node_id": name, **HEARTBEAT},
                "bus": {"type": "redis", "redis": {"addrs": [f"127.0.0.1:{self.port}"]}},
            }
            folder = pathlib.Path(self.directory.name, name)
            folder.mkdir()
            self.hubs.append(Hub(self.binary, folder, settings))
        self.urls = [hub.url for hub in self.hubs]
        self.admin_ports = [hub.port for hub in self.hubs]
        self.wait_until_ready(30)

    def start_bus(self):
        settings = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self.redis = Program(["redis-server", *settings, "--dir", self.directory.name])
        self.wait(self._answers, "redis-server answers", 20)

    def _answers(self):
        assert self.redis.running, "redis-server ended: " + self.redis.tail()
        with contextlib.suppress(AssertionError):
            return self.redis_cli("ping") == "PONG"
        return False

    def stop_bus(self):
        self.redis.stop()

    def redis_command(self):
        return ["redis-cli", "-p", str(self.port)]

    def command(self, node, words):
        return [self.binary, words[0], "--url", self.urls[node], *words[1:]]

    def close(self):
        for hub in self.hubs:
            with contextlib.suppress(AssertionError):
                hub.program.stop()
        if self.redis is not None and self.redis.running:
            with contextlib.suppress(AssertionError):
                self.redis.stop()
        self.directory.cleanup()


class ComposeNodes(Nodes):
    """docker-compose.yaml as a project of its own, on free ports."""

    def __init__(self, compose):
        names = ["NODE1_PORT", "NODE2_PORT", "NODE1_ADMIN_PORT", "NODE2_ADMIN_PORT"]
        ports = free_ports(len(names))
        self.environment = {**os.environ, **{name: str(port) for name, port in zip(names, ports, strict=True)}}
        self.environment |= {name.upper(): value for name, value in HEARTBEAT.items()}
        self.compose = [*compose, "--project-name", f"gohub-e2e-{os.getpid()}", "--file", str(ROOT / "docker-compose.yaml")]
        self.urls = [f"ws://127.0.0.1:{port}/ws" for port in ports[:2]]
        self.admin_ports = ports[2:]

    def start(self):
        self._compose("up", "--detach", "--build", "node1", "node2")
        self.wait_until_ready(120)

    def _compose(self, *words):
        subprocess.run([*self.compose, *words], env=self.environment, stdin=subprocess.DEVNULL, check=True)

    def start_bus(self):
        self._compose("start", "redis")

    def stop_bus(self):
        self._compose("stop", "redis")

    def redis_command(self):
        # The project's name and file suffice here; the ports are those of containers that run.
        return [*self.compose, "exec", "-T", "redis", "redis-cli"]

    def command(self, node, words):
        return [*self.compose, "exec", "-T", f"node{node + 1}", "gohub", *words]

    def close(self):
        self._compose("down", "--volumes", "--timeout", "5")


@check("redis-cli PUBLISH: JSON arrives as it is, text as a string, bytes as a binary frame, all once")
async def bare(nodes):
    async with Clients(nodes) as clients:
        for client in (clients.here[0], clients.there[0]):
            await client.subscribe("e2e/bare")
        for payload in ('{"a": [1, 2.50]}', "plain text"):
            assert await asyncio.to_thread(nodes.redis_cli, "PUBLISH", "gohub:topic/e2e/bare", payload) == "2"
        await asyncio.to_thread(nodes.redis_cli, "-x", "PUBLISH", "gohub:topic/e2e/bare", stdin=b"\xca\xfe\n")
        await asyncio.to_thread(nodes.redis_cli, "PUBLISH", "gohub:broadcast", '"to all"')
        got = await mark(clients.here[1], clients.all)
        for messages in (got[0], got[3]):
            assert payloads(messages, "e2e/bare") == [{"a": [1, 2.5]}, "plain text", b"\xca\xfe\n"], messages
            assert {message["data"].get("from", "bus") for message in messages} == {"bus"}, messages
        for messages in got:
            assert payloads(messages, "broadcast") == ["to all"], messages


@check("redis-cli PUBLISH to a client's id reaches this client and nobody else")
async def bare_unicast(nodes):
    async with Clients(nodes) as clients:
        target = clients.there[1]
        assert await asyncio.to_thread(nodes.redis_cli, "PUBLISH", f"gohub:unicast/{target.id}", '"alone"') == "2"
        for client, got in zip(clients.all, await mark(clients.here[0], clients.all), strict=True):
            assert [message["data"]["payload"] for message in got] == (["alone"] if client is target else []), got


def compose_command():
    """How Compose is called where a Docker engine runs; nothing elsewhere."""
    if not shutil.which("docker") or subprocess.run(["docker", "info"], capture_output=True).returncode != 0:
        return None
    if subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0:
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


def choose(arguments):
    compose = None if arguments.local else compose_command()
    if compose:
        print(f"in containers, by {' '.join(compose)}")
        return ComposeNodes(compose)
    if arguments.compose:
        sys.exit("no Docker engine with Compose runs here; --local needs none")
    binary = pathlib.Path(os.environ.get("GOHUB_BINARY", ROOT / ".build/release/gohub")).resolve()
    if not os.access(binary, os.X_OK):
        sys.exit(f"no program {binary}: run scripts/build release first, or name one by GOHUB_BINARY")
    print(f"as processes of this machine, with {binary}")
    return LocalNodes(str(binary))


def interrupt(*_):
    for program in STARTED:
        if program.running:
            program.send_signal(signal.SIGKILL)
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(prog="scripts/e2e_redis.sh", description=__doc__)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--local", action="store_true", help="as processes of this machine")
    where.add_argument("--compose", action="store_true", help="in containers")
    nodes = choose(parser.parse_args())
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


sys.exit(main())
