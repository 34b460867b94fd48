# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Runs a program in a test: collects its lines, waits for one of them, and never leaves it behind."""

import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
import time


def die_with_parent():
    """Has the kernel end this process when the test run ends, however that ends."""
    if sys.platform == "linux":
        parent_death_signal = 1
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)


def prepare(files):
    """What a child does before it becomes the program; `files` is how many it may open."""
    die_with_parent()
    if files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))


def environment():
    """The environment without what would configure a hub; GOHUB_BINARY, which is for the tests, goes as well."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GOHUB_")}


def eventually(check, within=10.0, what="the condition"):
    """The first true answer of `check`, asked again and again; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        answer = check()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{what} did not come true within {within} s"
        time.sleep(0.02)


def replace_file(file, text):
    """Writes a file that a program may read at any time: it finds the old text or the new one, never half of either."""
    new = file.with_name(file.name + ".new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, file)
    return file


class Program:
    """One process whose standard error is read line by line; its standard output is there after its end, if asked for,
    or goes to the file `stdout`."""

    def __init__(self, arguments, output=False, stdout=subprocess.DEVNULL, files=None):
        self.lines = []
        self.output = []
        self._ended = False
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            [str(argument) for argument in arguments],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if output else stdout,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=lambda: prepare(files),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self):
        return self._process.pid

    @property
    def running(self):
        return self._process.poll() is None

    def _read(self):
        for line in self._process.stderr:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_for_line(self, find, within=20.0):
        """What `find` makes of the first line for which that is not None."""
        seen = 0
        deadline = time.monotonic() + within
        with self._changed:
            while True:
                for line in self.lines[seen:]:
                    answer = find(line)
                    if answer is not None:
                        return answer
                seen = len(self.lines)
                left = deadline - time.monotonic()
                assert not self._ended, "the program ended:\n" + self.tail()
                assert left > 0, f"the line did not come within {within} s:\n" + self.tail()
                self._changed.wait(left)

    def tail(self, count=30):
        return "\n".join(self.lines[-count:])

    def send_signal(self, number):
        self._process.send_signal(number)

    def wait(self, within=20.0):
        """The exit code; a program that does not end in time is killed, and that is a failure."""
        try:
            code = self._process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the program did not end within {within} s:\n" + self.tail()) from None
        self._close()
        return code

    def stop(self, number=signal.SIGTERM, within=20.0):
        if self.running:
            self.send_signal(number)
        return self.wait(within)

    def kill(self):
        self._process.kill()
        self._process.wait()
        self._close()

    def _close(self):
        if self._process.stdout:
            self.output = self._process.stdout.read().splitlines()
            self._process.stdout.close()
        self._reader.join(5)
        self._process.stderr.close()
