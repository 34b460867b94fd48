# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""A NATS server in a process of its own: frozen, killed and restarted as a test needs it."""

import asyncio
import json
import re
import shutil
import signal
import socket
import threading
import urllib.parse
import urllib.request

import nats

from bus_server import HOST, WITHIN, BusServer, free_port
from process import eventually


# Subjects of the hub begin so, unless a test says otherwise.
PREFIX = "gohub."
# Whose the password of a server is.
USER = "hub"


def subject(name):
    """The subject of a name on the bus."""
    kind, _, rest = name.partition("/")
    if kind == name:
        return PREFIX + name
    # What no subject can have, and a dot that would leave a token empty.
    unfit = re.compile(rb"[\x00-\x20\x7f*>%]|^\.|\.(?=\.|$)|(?<=\.)\.")
    text = unfit.sub(lambda byte: b"%%%02X" % byte[0][0], rest.encode()).decode() or "%"
    return f"{PREFIX}{kind}.{text}"


class NatsProgram:
    """A program that is no node, by nats-py, on a thread of its own."""

    def __init__(self, url, **options):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        try:
            self._client = self._run(nats.connect(url, allow_reconnect=False, connect_timeout=WITHIN, **options))
        except BaseException:
            self._end()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._run(self._client.close())
        finally:
            self._end()

    def _end(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WITHIN)
        self._loop.close()

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(WITHIN)

    def publish(self, name, payload):
        """Publishes to a name on the bus; the server has it when this returns."""
        self.publish_raw(subject(name), payload)

    def publish_raw(self, subject, payload):
        """Publishes to any subject."""
        self._run(self._publish(subject, payload if isinstance(payload, bytes) else payload.encode()))

    async def _publish(self, subject, payload):
        await self._client.publish(subject, payload)
        await self._flush()

    async def _flush(self):
        """Returns once the server has taken all that was said before."""
        # nats-py writes its PING ahead of what waits to be written; that is written before the answer is read.
        for _ in range(2):
            await self._client.flush(WITHIN)

    def flood(self, name, payload, count):
        """Publishes the same to a name on the bus again and again, as fast as it can."""

        async def publish():
            for number in range(count):
                await self._client.publish(wire, payload)
                if number % 1000 == 0:
                    await self._flush()
            await self._flush()

        wire = subject(name)
        self._run(publish())

    def listen(self, subject):
        """Hears a subject from now on; what came is taken by calls of what this answers."""

        async def subscribe():
            subscription = await self._client.subscribe(subject)
            await self._flush()
            return subscription

        subscription = self._run(subscribe())
        return lambda: self._run(subscription.next_msg(WITHIN))


class NatsServer(BusServer):
    """A running server on a port of its own; `options` are lines of its configuration, the last of two of a name counts, and
    `keys` are of bus.nats for its nodes.

    `streams` gives it JetStream, whose streams are kept in its directory, over a restart too; with a `password` it takes no
    user but USER.
    """

    end = signal.SIGINT
    kind = "nats"
    # What gohub_bus_info says, unless keys say otherwise.
    mode = "core"
    # The name of the histogram that dashboards of NATS know.
    transit = "gohub_bus_nats_subscribe_latency_seconds"
    # What it says to a wrong password.
    refusal = "Authorization Violation"
    # And to a node that may not do what it wants.
    denial = "Permissions Violation"

    def __init__(self, directory, options=(), streams=False, password=None, keys=None):
        super().__init__(directory)
        self._options = list(options)
        if streams:
            self._options.append(f'jetstream: {{store_dir: "{self.directory}/store", max_mem: 64MB, max_file: 256MB}}')
        self._login = {}
        if password:
            self._set_login(USER, password)
        self.monitoring_port = free_port()
        self.keys = {"urls": [self.url], **({"user": USER} if password else {}), **(keys or {})}
        self.start()

    def _set_login(self, user, password, others=""):
        """Wants this of everybody; `others` are more users."""
        self._login = {"user": user, "password": password}
        own = f"{{user: {json.dumps(user)}, password: {json.dumps(password)}}}"
        self._options.append(f"authorization: {{users: [{own}{others}]}}")

    @property
    def url(self):
        return f"nats://{self.address}"

    @property
    def monitoring_address(self):
        """Where operators ask it."""
        return f"{HOST}:{self.monitoring_port}"

    def write(self, options=()):
        """Writes the configuration; `options` are lines for this time."""
        lines = [
            f'server_name: "gohub-test-{self.port}"',
            f'listen: "{self.address}"',
            f'http: "{self.monitoring_address}"',
        ]
        lines += [*self._options, *options]
        (self.directory / "nats.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def start(self, options=()):
        """Starts the server, on the ports it had before, and waits until it is ready; `options` are lines for this time."""
        self.write(options)
        self.launch([shutil.which("nats-server") or "/usr/sbin/nats-server", "--config", self.directory / "nats.conf"])
        eventually(self._ready, WITHIN, f"an answer of NATS on port {self.port}")

    def _ready(self):
        self.assert_runs()
        # Its clients' port is the last that it opens.
        try:
            return self.monitoring("healthz")["status"] == "ok" and self._greets()
        except OSError:
            return False

    def _greets(self):
        with socket.create_connection((HOST, self.port), timeout=WITHIN) as connection:
            return connection.recv(5) == b"INFO "

    def reload(self, options=()):
        """Has it read its configuration again, with these lines added; users whose password changed are disconnected."""
        self.write(options)
        before = self.monitoring("varz")["config_load_time"]
        self.send_signal(signal.SIGHUP)
        eventually(lambda: self.monitoring("varz")["config_load_time"] != before, WITHIN, "the new configuration of NATS")

    def change_password(self, password):
        """Wants another password from now on, and ends the connections that gave the old one."""
        self._set_login(USER, password)
        self.reload()

    def grant(self, user, password, names, publish=None):
        """Adds a user with rights to these names on the bus, or others to publish to; `*` at an end is any end."""
        rights = {"subscribe": names, "publish": names if publish is None else publish}
        for kind, names in rights.items():
            subjects = [PREFIX + name.replace("/", ".").replace("*", ">") for name in names]
            rights[kind] = {"allow": subjects} if subjects else {"deny": [">"]}
        login = f"user: {user}, password: {json.dumps(password)}"
        self._set_login("administrator", password, f", {{{login}, permissions: {json.dumps(rights)}}}")
        self.reload()

    def connect(self):
        """A program of its own at this server."""
        return NatsProgram(self.url, **self._login)

    def publish(self, name, payload):
        """Publishes to a name on the bus as any program can."""
        with self.connect() as program:
            program.publish(name, payload)

    def listeners(self, name):
        """How many connections listen to a name on the bus."""
        return self.monitoring("subsz?subs=1&test=" + urllib.parse.quote(subject(name))).get("total", 0)

    def monitoring(self, path):
        """What it answers at its port for monitoring: `varz`, `connz?subs=1`, `jsz?streams=1`."""
        with urllib.request.urlopen(f"http://{self.monitoring_address}/{path}", timeout=WITHIN) as answer:
            return json.load(answer)

    def connections(self):
        """Its clients, each with `name` and, in `subscriptions_list`, the subjects it hears."""
        return self.monitoring("connz?subs=1")["connections"]

    def clients(self):
        """How many connections are of nodes."""
        return sum(connection.get("name", "").startswith("gohub") for connection in self.connections())

    def send_lame_duck(self):
        """Has it tell its clients that it will end, and then end their connections one by one, and itself."""
        self.send_signal(signal.SIGUSR2)

    def restart(self, options=()):
        """Ends it in good order and starts it again."""
        self.stop()
        self.start(options)
