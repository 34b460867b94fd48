# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""A server of a bus in a process of its own: frozen, killed and restarted as a test needs it."""

import contextlib
import itertools
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess

from process import die_with_parent

HOST = "127.0.0.1"
WITHIN = 20.0


def own_ports():
    """The ports of this process, of as many as run tests side by side, in any order and each once before they come again."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    first = 20_000 + number * 1_500
    return itertools.cycle(random.sample(range(first, first + 1_500), 1_500))


PORTS = own_ports()


def free_port():
    """A port that nobody has now, and that the kernel gives to no connection: it stays free while a server is restarted."""
    while True:
        port = next(PORTS)
        with contextlib.suppress(OSError), socket.create_server((HOST, port)):
            return port


def in_memory(room):
    """A directory in memory that has so many bytes, for servers whose disk is not to be measured; None if there is none."""
    memory = pathlib.Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free >= room else None


class BusServer:
    """A process with a directory and a port of its own; `keys` are of the bus' section, for its nodes."""

    # The signal that ends it in good order.
    end = signal.SIGTERM

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(exist_ok=True)
        self.port = free_port()
        self._frozen = False

    @property
    def address(self):
        return f"{HOST}:{self.port}"

    @property
    def log(self):
        """The file with what the server says, over all its starts."""
        return self.directory / "log"

    def launch(self, command):
        """Starts the process, which ends with this one."""
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def assert_runs(self):
        assert self._process.poll() is None, self.log.read_text()

    def send_signal(self, number):
        self._process.send_signal(number)

    def freeze(self):
        """Has it neither answer nor end: its connections stay open."""
        self.send_signal(signal.SIGSTOP)
        self._frozen = True

    def thaw(self):
        self.send_signal(signal.SIGCONT)
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
            self.send_signal(self.end)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        if self._process.poll() is None:
            self._process.kill()
        self._wait()

    def _wait(self):
        self._process.wait()
        self._frozen = False
