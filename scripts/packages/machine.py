# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""A bare Debian that boots with its own systemd: a folder, namespaces, no network but its own loopback.

Needs root, and the namespaces that scripts/packages/namespaces makes: whatever ends, nothing stays behind.
"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time

BOOT_SECONDS = 60
# What a server has and debootstrap's smallest variant has not.
PACKAGES = ["systemd", "systemd-sysv", "dbus", "man-db", "bash-completion"]
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8", "HOME": "/root", "TERM": "dumb", "DEBIAN_FRONTEND": "noninteractive",
}
NSPAWN = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit"]
FETCH = "import sys, urllib.request; sys.stdout.write(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())"


def eventually(check, within=20.0, what="the condition"):
    """The first true answer of `check`, asked again and again."""
    deadline = time.monotonic() + within
    while not (answer := check()):
        assert time.monotonic() < deadline, f"{what} did not come true within {within:.0f} s"
        time.sleep(0.1)
    return answer


def release():
    """This machine's Debian, whose libraries the package was built with."""
    lines = pathlib.Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    return next(line.removeprefix("VERSION_CODENAME=") for line in lines if line.startswith("VERSION_CODENAME="))


def children(pid):
    file = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in file.read_text(encoding="ascii").split()]


class Machine:
    """One bare Debian in the folder `root`."""

    def __init__(self, root, cache, log):
        self.root = pathlib.Path(root)
        self._cache = pathlib.Path(cache)
        self._log = open(log, "w", encoding="utf-8")
        self._nspawn = None
        self._leader = self._end_signal = None

    def build(self):
        """Unpacks a bare Debian; the first time debootstrap makes it."""
        suite = release()
        archive = self._cache / f"{suite}.tar.gz"
        if not archive.exists():
            fresh = self._cache / "fresh"
            self._call("rm", "-rf", fresh)
            self._call("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", suite, fresh)
            self._call("tar", "--create", "--gzip", "--file", f"{archive}.part", "--directory", fresh, ".")
            self._call("rm", "-rf", fresh)
            os.replace(f"{archive}.part", archive)
        self.root.mkdir(parents=True)
        self._call("tar", "--extract", "--file", archive, "--directory", self.root)
        return suite

    def download(self, package):
        """Puts what the package depends on where apt finds it without a network."""
        self.do("apt-get", "update", "-qq")
        self.do("apt-get", "install", "-qq", "-y", "--no-install-recommends", "--download-only", package)

    def do(self, *command):
        """Runs a command in the machine before it boots, with this machine's network."""
        self._call(*NSPAWN, "--pipe", "--directory", self.root, "--", *command)

    def boot(self):
        self._begin("--boot")
        self._end_signal = signal.SIGRTMIN + 4  # by which systemd powers off
        eventually(lambda: self.run("systemctl", "is-system-running", check=False).stdout.strip() == "running",
                   BOOT_SECONDS, "the machine's boot")

    def serve(self, user, variables, program):
        """Runs a program alone, as an engine for containers does."""
        settings = [f"--setenv={name}={value}" for name, value in variables.items()]
        self._begin("--pipe", f"--user={user}", *settings, "--", *program)
        self._end_signal = signal.SIGTERM

    def _begin(self, *options):
        self._nspawn = subprocess.Popen(
            [*NSPAWN, "--private-network", "--directory", self.root, *options],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
        )
        self._leader = eventually(self._first_process, what="the machine's first process")

    def _first_process(self):
        """The child of systemd-nspawn that is process 1 of a namespace; another one comes and goes before."""
        assert self._nspawn.poll() is None, f"systemd-nspawn ended with {self._nspawn.returncode}"
        for child in children(self._nspawn.pid):
            status = pathlib.Path(f"/proc/{child}/status")
            if status.exists() and re.search(r"^NSpid:.*\t1$", status.read_text(encoding="utf-8"), re.MULTILINE):
                return child
        return None

    def run(self, *command, check=True, timeout=120):
        """Runs a command in the machine; its output is text."""
        answer = subprocess.run(
            self.inside(*command), env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=timeout, check=False,
        )
        self._log.write(f"\n# {' '.join(map(str, command))}\n{answer.stdout}{answer.stderr}")
        self._log.flush()
        assert not check or answer.returncode == 0, (
            f"{' '.join(map(str, command))}: exit code {answer.returncode}\n{answer.stdout}{answer.stderr}"
        )
        return answer

    def output(self, *command):
        return self.run(*command).stdout.strip()

    def start(self, *command):
        """Starts a command in the machine; its output is read from pipes."""
        return subprocess.Popen(
            self.inside(*command), env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )

    def end(self, process, number=signal.SIGTERM):
        """Ends what `start` started, which is nsenter's child; returns its exit code."""
        if process.poll() is None:
            for child in children(process.pid):
                os.kill(child, number)
        return process.wait(20)

    def inside(self, *command):
        return ["nsenter", f"--target={self._leader}", "--all", "--", *map(str, command)]

    def get(self, url):
        """A page from the machine's network, fetched by a Python that it has not."""
        command = ["nsenter", f"--target={self._leader}", "--net", "--", sys.executable, "-c", FETCH, url]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout

    def unit(self, name, *properties):
        """Properties of a unit, as systemd says them."""
        lines = self.output("systemctl", "show", name, *(f"--property={key}" for key in properties)).splitlines()
        return dict(line.split("=", 1) for line in lines)

    def process(self, pid, file):
        """A file of /proc of a process of the machine."""
        return self.output("cat", f"/proc/{pid}/{file}")

    def stop(self):
        """Ends the machine; returns the exit code of systemd-nspawn, which is that of the program in it."""
        if self._nspawn and self._nspawn.poll() is None:
            if self._leader:
                os.kill(self._leader, self._end_signal)
            try:
                self._nspawn.wait(30 if self._leader else 0)
            except subprocess.TimeoutExpired:
                self._nspawn.kill()
                self._nspawn.wait()
        self._log.close()
        return self._nspawn and self._nspawn.returncode

    def _call(self, *command):
        self._log.write(f"\n# {' '.join(map(str, command))}\n")
        self._log.flush()
        subprocess.run(
            command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, check=True
        )
