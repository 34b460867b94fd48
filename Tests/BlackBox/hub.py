# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""A hub in a process of its own, on ports that the system chooses."""

import http.client
import json
import pathlib
import time

from metrics import Metrics
from process import Program

# What every test wants different from production: a port of its own, and no long good-bye.
DEFAULTS = {
    "server": {"addr": "127.0.0.1:0", "drain_timeout": "1s"},
    "log": {"format": "json", "level": "info"},
}

PAGE_SECONDS = 0.5


def merge(base, changes):
    """`base` with `changes` on top, section by section."""
    result = dict(base)
    for key, value in changes.items():
        result[key] = merge(result.get(key, {}), value) if isinstance(value, dict) else value
    return result


def yaml(settings, indent=""):
    """Sections and scalars as YAML; a JSON scalar is one in YAML too."""
    text = ""
    for key, value in settings.items():
        if isinstance(value, dict):
            text += f"{indent}{key}:\n" + yaml(value, indent + "  ")
        else:
            text += f"{indent}{key}: {json.dumps(value)}\n"
    return text


class Hub:
    """A running hub; `address` is "127.0.0.1:PORT", and `operators_port` serves operators, on the same address or another."""

    def __init__(self, binary, directory, settings=None, files=None, wait=True):
        """`wait`: whether to return when it listens; otherwise `wait_until_listening` has to follow."""
        self._page_ends = 0.0
        file = pathlib.Path(directory) / "config.yaml"
        file.write_text(yaml(merge(DEFAULTS, settings or {})), encoding="utf-8")
        self.address = self.operators_port = None
        self.program = Program([binary, "serve", "--config", file], files=files)
        if wait:
            self.wait_until_listening()

    def wait_until_listening(self):
        try:
            record = self.program.wait_for_line(self._listening)
        except BaseException:
            self.program.kill()
            raise
        self.address = record["addr"]
        self.operators_port = int(record["admin_addr"].rpartition(":")[2])

    @staticmethod
    def _listening(line):
        try:
            record = json.loads(line)
        except ValueError:
            return None
        return record if record["message"] == "listening" else None

    @property
    def host(self):
        return self.address.rpartition(":")[0]

    @property
    def port(self):
        return int(self.address.rpartition(":")[2])

    @property
    def url(self):
        return f"ws://{self.address}/ws"

    def records(self):
        """The log, as dictionaries."""
        return [json.loads(line) for line in self.program.lines]

    def get(self, path, headers=None, port=None):
        """(status, headers, body as text) of a GET on a connection of its own."""
        connection = http.client.HTTPConnection(self.host, port or self.port, timeout=20)
        try:
            connection.request("GET", path, headers={"Connection": "close", **(headers or {})})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()
            if path == "/metrics":
                self._page_ends = time.monotonic() + PAGE_SECONDS

    def metrics(self):
        """A page that was made after this call: one that is made is given to all who ask within half a second."""
        time.sleep(max(0.0, self._page_ends - time.monotonic()))
        status, _, body = self.get("/metrics", port=self.operators_port)
        assert status == 200, body
        return Metrics(body)

    def close(self, failed=False):
        """Ends the hub if a test left it running: the law holds, and SIGTERM leads to exit code 0."""
        if not self.program.running:
            self.program.wait()
            return
        try:
            if not failed:
                self.metrics().assert_conservation()
                assert self.program.stop() == 0, self.program.tail()
        finally:
            if self.program.running:
                self.program.kill()
