# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Hubs that keep their ports when they are restarted."""

import pathlib
import signal

from bus import await_ready, is_ready
from hub import Hub, merge

from stack.ports import HOST, choose_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
SETTINGS = {
    "server": {"loops": 2, "drain_timeout": "2s"},
}


def program():
    """The release build, or the debug build where there is no other."""
    for build in ("release", "debug"):
        binary = ROOT / ".build" / build / "gohub"
        if binary.exists():
            return binary
    raise FileNotFoundError(f"{ROOT / '.build/release/gohub'} is not there: run scripts/build release")


class Node:
    """A hub with the ports that it had at its first start; it is started at once, and serves after `wait`."""

    host = HOST

    def __init__(self, name, directory, settings=None, port=None, operators_port=None, binary=None):
        self.name = name
        self.port = choose_port(port)
        self.operators_port = choose_port(operators_port)
        self._binary = binary or program()
        self._directory = pathlib.Path(directory) / name
        self._directory.mkdir()
        own = {
            "server": {"addr": self.address, "admin_addr": self.operators_address},
            "hub": {"node_id": name},
        }
        self.settings = merge(merge(SETTINGS, settings or {}), own)
        self.start()

    @property
    def address(self):
        return f"{HOST}:{self.port}"

    @property
    def operators_address(self):
        """What Prometheus scrapes."""
        return f"{HOST}:{self.operators_port}"

    @property
    def url(self):
        return f"ws://{self.address}/ws"

    @property
    def pid(self):
        return self.hub.program.pid

    @property
    def running(self):
        return self.hub.program.running

    def start(self):
        self.hub = Hub(self._binary, self._directory, self.settings, wait=False)

    def wait(self):
        """Waits until it listens, and is ready."""
        self.hub.wait_until_listening()
        await_ready(self.hub, within=20)

    @property
    def is_ready(self):
        return self.running and is_ready(self.hub)

    def metrics(self):
        return self.hub.metrics()

    def signal(self, number):
        self.hub.program.send_signal(number)

    def drain(self, within=30.0):
        """Ends it as an operator does; its exit code has to be 0."""
        code = self.hub.program.stop(within=within)
        assert code == 0, f"{self.name} ended with {code}:\n{self.hub.program.tail()}"

    def restart(self):
        """Drains it, and starts it anew."""
        self.drain()
        self.start()
        self.wait()

    def kill(self):
        """Ends it as a crash does."""
        self.hub.program.kill()

    def freeze(self):
        self.signal(signal.SIGSTOP)

    def thaw(self):
        self.signal(signal.SIGCONT)

    def close(self):
        """Ends it, whatever state it is in."""
        if self.running:
            self.thaw()
            self.hub.program.kill()
