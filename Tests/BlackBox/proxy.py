# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""nginx in front of hubs, as configs/nginx.conf has it, on a port of its own."""

import os
import pathlib
import re
import shutil
import signal
import socket

from process import Program, eventually

SITE = pathlib.Path(__file__).resolve().parents[2] / "configs" / "nginx.conf"

# What stands around a site in /etc/nginx/nginx.conf, without anything that belongs to the machine.
AROUND = """\
{user}
daemon off;
pid nginx.pid;
error_log stderr warn;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include site.conf;
}}
"""


def free_port():
    """A port that nobody has now: nginx cannot be asked which one it took."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Nginx:
    """A running nginx; it stands in for a hub where a client asks for one."""

    def __init__(self, directory, hub, change=lambda site: site):
        self._directory = pathlib.Path(directory)
        self._change = change
        self.host = "127.0.0.1"
        user = "user root;" if os.geteuid() == 0 else ""
        (self._directory / "nginx.conf").write_text(AROUND.format(user=user), encoding="utf-8")
        for _ in range(5):
            self.port = free_port()
            self._write([hub])
            self._program = self._start()
            if self._program:
                return
        raise AssertionError("nginx got no port in five attempts")

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    @property
    def url(self):
        return f"ws://{self.address}/ws"

    def _write(self, hubs):
        servers = "\n    ".join(f"server {hub.address};" for hub in hubs)
        site, count = re.subn(r"server 127\.0\.0\.1:8080;", servers, SITE.read_text(encoding="utf-8"))
        site, listens = re.subn(r"listen 8081;", f"listen {self.address};", site)
        assert (count, listens) == (1, 1), "configs/nginx.conf has one upstream and one listener"
        (self._directory / "site.conf").write_text(self._change(site), encoding="utf-8")

    def _start(self):
        """The program once it takes connections; None when another had taken its port meanwhile."""
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        program = Program([nginx, "-p", self._directory, "-c", "nginx.conf", "-e", "stderr"])
        eventually(lambda: not program.running or self._answers(), what="nginx")
        if program.running:
            return program
        program.wait()
        assert any("Address already in use" in line for line in program.lines), program.tail()
        return None

    def _answers(self):
        with socket.socket() as probe:
            return probe.connect_ex((self.host, self.port)) == 0

    def send_to(self, hubs):
        """Sends new clients to these hubs from now on; those that are there stay where they are."""
        self._write(hubs)
        workers = self._workers()
        self._program.send_signal(signal.SIGHUP)
        eventually(lambda: self._workers() - workers, what="a new worker")

    def _workers(self):
        children = pathlib.Path(f"/proc/{self._program.pid}/task/{self._program.pid}/children")
        return set(children.read_text(encoding="ascii").split())

    def close(self):
        """Ends nginx and whoever is connected through it."""
        assert self._program.stop(signal.SIGTERM) == 0, self._program.tail()
