# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Two hubs on one Redis, as processes of this machine or in containers; see scripts/e2e_redis.sh."""

import argparse
import contextlib
import os
import shutil
import socket
import subprocess
import sys

from nodes import HEARTBEAT, ROOT, LocalNodes, Nodes, binary, main
from redis_server import PREFIX, RedisServer


def free_ports(count):
    """Ports of 127.0.0.1 that nobody has now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class ByRedisCLI:
    """Publishes by redis-cli."""

    def publish(self, name, payload):
        words = [*self.redis_command(), "-x", "PUBLISH", PREFIX + name]
        result = subprocess.run(words, input=payload, capture_output=True, timeout=30)
        assert result.returncode == 0, result.stderr.decode()
        assert result.stdout.strip() == b"2", "both nodes listen"


class LocalRedisNodes(ByRedisCLI, LocalNodes):
    """redis-server of this machine."""

    def redis_command(self):
        return ["redis-cli", "-p", str(self.server.port)]


class ComposeNodes(ByRedisCLI, Nodes):
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
    return LocalRedisNodes(binary(), RedisServer)


parser = argparse.ArgumentParser(prog="scripts/e2e_redis.sh", description=__doc__)
where = parser.add_mutually_exclusive_group()
where.add_argument("--local", action="store_true", help="as processes of this machine")
where.add_argument("--compose", action="store_true", help="in containers")
sys.exit(main(choose(parser.parse_args())))
