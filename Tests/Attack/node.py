# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""A hub to attack: its settings, its process and what the kernel says about it."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/BlackBox"))

import wire  # noqa: E402
from hub import merge, yaml  # noqa: E402
from metrics import Metrics  # noqa: E402
from process import die_with_parent, environment, eventually  # noqa: E402
from redis_server import RedisServer  # noqa: E402

LOOPS = 2


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Node:
    """A running hub with `port` for clients and `http_port` for health and metrics."""

    def __init__(self, binary, directory, attack):
        self.port = self.http_port = free_port()
        server = {"addr": f"127.0.0.1:{self.port}", "loops": LOOPS, "drain_timeout": "1s"}
        if attack.has_admin:
            self.http_port = free_port()
            server["admin_addr"] = f"127.0.0.1:{self.http_port}"
        self.redis = RedisServer(directory) if attack.has_bus else None
        bus = {"bus": {"type": "redis", "redis": {"addrs": [self.redis.address]}}} if self.redis else {}
        self.settings = merge({"server": server, "log": {"format": "json"}, **bus}, attack.settings)
        file = pathlib.Path(directory) / "config.yaml"
        file.write_text(yaml(self.settings))
        limit = ["prlimit", f"--nofile={attack.open_files}"] if attack.open_files else []
        self.log = pathlib.Path(directory) / "log"
        # A pipe keeps its reading end open, so that a write into it waits and does not fail.
        self._unread, errors = os.pipe() if attack.is_log_unread else (None, os.open(self.log, os.O_CREAT | os.O_WRONLY))
        self._process = subprocess.Popen(
            [*limit, str(binary), "serve", "--config", str(file)],
            env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
            start_new_session=True, preexec_fn=die_with_parent,
        )
        os.close(errors)
        try:
            eventually(self._answers, what="a ready hub")
        except BaseException:
            self.kill()
            raise

    @property
    def pid(self):
        return self._process.pid

    @property
    def is_running(self):
        return self._process.poll() is None

    def _answers(self):
        assert self.is_running, f"the hub ended with {self._process.returncode}: {self.tail()}"
        try:
            return wire.get(self.http_port, "/readyz")[0] == 200
        except OSError:
            return False

    def tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-5:]) if self.log.exists() else ""

    def metrics(self):
        status, body = wire.get(self.http_port, "/metrics")
        assert status == 200, f"/metrics answers {status}"
        return Metrics(body.decode())

    def resident(self, figure="VmRSS"):
        """Resident memory in bytes: now, or with VmHWM the most there ever was."""
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(figure + ":"):
                return int(line.split()[1]) * 1024
        return 0

    def processor_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def warm_up(self):
        """Has it do once what it does under load, so that its code is in memory before memory is judged."""
        clients = wire.web_sockets(self.port, wire.addresses("127.0.3.1", 40, 40))
        for client in clients:
            reader = wire.Reader(client)
            for kind, data in [
                ("subscribe", {"topic": "warm"}), ("publish", {"topic": "warm", "payload": "x" * 2000}), ("ping", "x"),
                ("unsubscribe", {"topic": "warm"}),
            ]:
                client.sendall(wire.message(kind, data))
                reader.frame()
            client.sendall(wire.frame(b"\x04warmbytes", wire.BINARY) + wire.frame(b"", wire.PING))
            wire.reset(client)
        eventually(lambda: self.metrics().value("gohub_connections") == 0, what="a hub without clients")

    def calm(self, within):
        """Waits until the hub uses less than a tenth of a core, or for `within` seconds."""
        deadline = time.monotonic() + within
        while self.is_running and time.monotonic() < deadline:
            before = self.processor_seconds()
            time.sleep(0.5)
            if self.is_running and self.processor_seconds() - before < 0.05:
                return

    def send_signal(self, number):
        self._process.send_signal(number)

    def stop(self, within=10):
        """The exit code after SIGTERM; nothing when it does not end, and it is killed then."""
        self.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(within)
            self._stop_redis()
            return code
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def kill(self):
        self._process.kill()
        self._process.wait()
        self._stop_redis()

    def _stop_redis(self):
        if self.redis:
            self.redis.stop()
