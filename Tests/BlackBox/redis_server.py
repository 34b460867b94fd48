# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""A Redis server, or a sentinel, in a process of its own: frozen, killed and restarted as a test needs it."""

import contextlib
import pathlib
import random
import signal
import socket
import ssl
import subprocess

from process import die_with_parent, eventually

HOST = "127.0.0.1"
WITHIN = 20.0


class RedisError(Exception):
    """What Redis answered instead of what was asked."""


def free_port():
    """A port that nobody has now, and that the kernel gives to no connection: it stays free while a server is restarted."""
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server((HOST, port)):
            return port


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


class RedisServer:
    """A running server on a port of its own; `options` are lines of its configuration."""

    def __init__(self, directory, options=(), arguments=(), password=None, context=None):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(exist_ok=True)
        self.password = password
        self._context = context
        self._options = list(options) + ([f"requirepass {password}"] if password else [])
        self._arguments = arguments
        self._frozen = False
        self.port = free_port()
        self.start()

    @property
    def address(self):
        return f"{HOST}:{self.port}"

    @property
    def log(self):
        """The file with what the server says, over all its starts."""
        return self.directory / "log"

    def start(self, options=()):
        """Starts the server, on the port it had before, and waits until it answers; `options` are lines for this time."""
        port = f"port {self.port}"
        if self._context:
            port = f"port 0\ntls-port {self.port}"
        lines = [f"bind {HOST}", port, f'dir "{self.directory}"', "save \"\"", "enable-debug-command local"]
        lines += [*self._options, *options]
        file = self.directory / "redis.conf"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._log = open(self.log, "ab")
        self._process = subprocess.Popen(
            ["redis-server", file, *self._arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        eventually(self._answers, WITHIN, f"an answer of Redis on port {self.port}")

    def _answers(self):
        assert self._process.poll() is None, self.log.read_text()
        try:
            return self.command("PING") == b"PONG"
        except (OSError, RedisError):
            return False

    def connect(self):
        return RedisConnection(self.port, self.password, context=self._context)

    def command(self, *words):
        with self.connect() as connection:
            return connection.command(*words)

    def publish(self, channel, payload):
        """Publishes as any program can; answers how many got it."""
        return self.command("PUBLISH", channel, payload)

    def cli(self, *words):
        """What redis-cli prints."""
        answer = subprocess.run(
            ["redis-cli", "-h", HOST, "-p", str(self.port), *words], capture_output=True, timeout=WITHIN, check=True
        )
        return answer.stdout.decode().strip()

    def clients(self):
        """How many connections are of nodes."""
        return self.command("CLIENT", "LIST").count(b" name=gohub ")

    def freeze(self):
        """Has it neither answer nor end: its connections stay open."""
        self._process.send_signal(signal.SIGSTOP)
        self._frozen = True

    def thaw(self):
        self._process.send_signal(signal.SIGCONT)
        self._frozen = False

    def kill(self):
        """Ends it as a crash does."""
        self._process.kill()
        self._wait()

    def stop(self):
        """Ends it, whatever state it is in."""
        if self._process.poll() is None:
            if self._frozen:
                self.thaw()
            self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        if self._process.poll() is None:
            self._process.kill()
        self._wait()

    def _wait(self):
        self._process.wait()
        self._frozen = False
        self._log.close()


class Sentinel(RedisServer):
    """A sentinel that watches one master; `quorum` of them have to agree that it is down."""

    def __init__(self, directory, master, name="mymaster", quorum=1, options=()):
        monitor = f"sentinel monitor {name} {HOST} {master.port} {quorum}"
        super().__init__(directory, [monitor, *options], ["--sentinel"])


class Certificates:
    """An authority, and a server's certificate by it for a host that is a name or an IP address."""

    def __init__(self, directory, host):
        directory.mkdir(exist_ok=True)
        self.authority = directory / "authority.pem"
        self.certificate = directory / "server.pem"
        self.key = directory / "server.key"
        authority_key = directory / "authority.key"
        extensions = directory / "extensions"
        kind = "IP" if host[0].isdigit() else "DNS"
        extensions.write_text(f"subjectAltName={kind}:{host}\n", encoding="ascii")
        request = directory / "server.csr"
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        openssl("req", "-x509", *key, "-keyout", authority_key, "-out", self.authority, "-days", "2", "-subj", "/CN=authority")
        openssl("req", *key, "-keyout", self.key, "-out", request, "-subj", "/CN=server")
        openssl(
            *["x509", "-req", "-in", request, "-CA", self.authority, "-CAkey", authority_key, "-set_serial", "2"],
            *["-days", "2", "-extfile", extensions, "-out", self.certificate],
        )

    @property
    def options(self):
        """A server's lines for TLS."""
        return [
            f'tls-cert-file "{self.certificate}"',
            f'tls-key-file "{self.key}"',
            f'tls-ca-cert-file "{self.authority}"',
            "tls-auth-clients no",
        ]

    @property
    def context(self):
        """For the test's own connections: any name will do."""
        context = ssl.create_default_context(cafile=self.authority)
        context.check_hostname = False
        return context


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], capture_output=True, timeout=30, check=True)
