# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""A Redis server, or a sentinel, in a process of its own: frozen, killed and restarted as a test needs it."""

import socket
import subprocess

from bus_server import HOST, WITHIN, BusServer
from process import eventually

# Channels of the hub begin so, unless a test says otherwise.
PREFIX = "gohub:"


class RedisError(Exception):
    """What Redis answered instead of what was asked."""


class RedisConnection:
    """One connection, whose answers are bytes, numbers, None and lists."""

    def __init__(self, port, password=None, user="default", context=None):
        self._socket = socket.create_connection((HOST, port), timeout=WITHIN)
        if context:
            self._socket = context.wrap_socket(self._socket, server_hostname=HOST)
        self._answers = self._socket.makefile("rb")
        if password:
            self.command("AUTH", user, password)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._answers.close()
        self._socket.close()

    def command(self, *words):
        """The answer to a command; words that are no bytes are sent as text."""
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        lines = [b"*%d\r\n" % len(words)] + [b"$%d\r\n%b\r\n" % (len(word), word) for word in words]
        self._socket.sendall(b"".join(lines))
        return self.answer()

    def publish(self, name, payload):
        """Publishes to a name on the bus as any program can; answers how many got it."""
        return self.command("PUBLISH", PREFIX + name, payload)

    def answer(self):
        """The next answer."""
        line = self._answers.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis closed the connection")
        kind, text = line[:1], line[1:-2]
        if kind == b"-":
            raise RedisError(text.decode())
        if kind == b"+":
            return text
        number = int(text)
        if kind == b":":
            return number
        if number < 0:
            return None
        if kind == b"$":
            return self._answers.read(number + 2)[:-2]
        return [self.answer() for _ in range(number)]


class RedisServer(BusServer):
    """A running server on a port of its own; `options` are lines of its configuration, `keys` are of bus.redis for its nodes."""

    kind = "redis"
    # What gohub_bus_info says, unless keys say otherwise.
    mode = "single"
    # The name of the histogram that dashboards of Redis know.
    transit = "gohub_bus_redis_latency_seconds"
    # What it says to a wrong password.
    refusal = "WRONGPASS"
    # And to a node that may not do what it wants.
    denial = "NOPERM"

    def __init__(self, directory, options=(), arguments=(), password=None, context=None, keys=None):
        super().__init__(directory)
        self.password = password
        self._context = context
        self._options = list(options) + ([f"requirepass {password}"] if password else [])
        self._arguments = arguments
        self.keys = {"addrs": [self.address], **(keys or {})}
        self.start()

    def start(self, options=()):
        """Starts the server, on the port it had before, and waits until it answers; `options` are lines for this time."""
        port = f"port {self.port}"
        if self._context:
            port = f"port 0\ntls-port {self.port}"
        lines = [f"bind {HOST}", port, f'dir "{self.directory}"', "save \"\"", "enable-debug-command local"]
        lines += [*self._options, *options]
        file = self.directory / "redis.conf"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.launch(["redis-server", file, *self._arguments])
        eventually(self._answers, WITHIN, f"an answer of Redis on port {self.port}")

    def _answers(self):
        self.assert_runs()
        try:
            return self.command("PING") == b"PONG"
        except (OSError, RedisError):
            return False

    def connect(self):
        return RedisConnection(self.port, self.password, context=self._context)

    def command(self, *words):
        with self.connect() as connection:
            return connection.command(*words)

    def publish(self, name, payload):
        """Publishes to a name on the bus as any program can; answers how many got it."""
        with self.connect() as connection:
            return connection.publish(name, payload)

    def listeners(self, name):
        """How many connections listen to a name on the bus."""
        return self.command("PUBSUB", "NUMSUB", PREFIX + name)[1]

    def change_password(self, password):
        """Wants another password from now on, and ends the connections that gave the old one."""
        with self.connect() as administrator:
            administrator.command("CONFIG", "SET", "requirepass", password)
            administrator.command("CLIENT", "KILL", "USER", "default")
        self.password = password

    def grant(self, user, password, names):
        """Adds a user with rights to these names on the bus; `*` at an end is any end."""
        channels = [f"&{PREFIX}{name}" for name in names]
        self.command("ACL", "SETUSER", user, "reset", "on", f">{password}", *channels, "+@all")

    def cli(self, *words):
        """What redis-cli prints."""
        answer = subprocess.run(
            ["redis-cli", "-h", HOST, "-p", str(self.port), *words], capture_output=True, timeout=WITHIN, check=True
        )
        return answer.stdout.decode().strip()

    def clients(self):
        """How many connections are of nodes."""
        return self.command("CLIENT", "LIST").count(b" name=gohub ")


class Sentinel(RedisServer):
    """A sentinel that watches one master; `quorum` of them have to agree that it is down."""

    def __init__(self, directory, master, name="mymaster", quorum=1, options=()):
        monitor = f"sentinel monitor {name} {HOST} {master.port} {quorum}"
        super().__init__(directory, [monitor, *options], ["--sentinel"])
