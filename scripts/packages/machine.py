# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""A bare Debian that boots with its own systemd: a folder, namespaces, no network but its own loopback.

Needs root, and a process and mount namespace of its own, which scripts/trial-deb makes: whatever ends, nothing stays behind.
"""

import os
import pathlib
import signal
import subprocess
import sys
import time

BOOT_SECONDS = 60
# What a server has and debootstrap's smallest variant has not.
PACKAGES = ["systemd", "systemd-sysv", "dbus", "man-db", "bash-completion"]
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root", "TERM": "dumb",
    "DEBIAN_FRONTEND": "noninteractive",
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


class Machine:
    """One bare Debian in the folder `root`."""

    def __init__(self, root, cache, log):
        self.root = pathlib.Path(root)
        self._cache = pathlib.Path(cache)
        self._log = open(log, "w", encoding="utf-8")
        self._nspawn = None
        self._leader = None

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
        self._call("apt-get", "update", "-qq", machine=True)
        self._call("apt-get", "install", "-qq", "-y", "--no-install-recommends", "--download-only", package, machine=True)

    def boot(self):
        self._nspawn = subprocess.Popen(
            [*NSPAWN, "--private-network", "--directory", self.root, "--boot"],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
        )
        children = pathlib.Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children")
        self._leader = eventually(lambda: children.read_text(encoding="ascii").split(), what="the machine's first process")[0]
        # As soon as it has a bus to be asked by.
        eventually(lambda: self.run("systemctl", "is-system-running", check=False).stdout.strip() == "running",
                   BOOT_SECONDS, "the machine's boot")

    def run(self, *command, check=True, timeout=120):
        """Runs a command in the machine; its output is text."""
        answer = subprocess.run(self.inside(*command), env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, timeout=timeout, check=False)
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
        return subprocess.Popen(self.inside(*command), env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

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
        if self._nspawn and self._nspawn.poll() is None:
            # The signal by which systemd powers off.
            os.kill(int(self._leader), signal.SIGRTMIN + 4) if self._leader else self._nspawn.kill()
            try:
                self._nspawn.wait(30)
            except subprocess.TimeoutExpired:
                self._nspawn.kill()
                self._nspawn.wait()
        self._log.close()

    def _call(self, *command, machine=False):
        command = [*NSPAWN, "--pipe", "--directory", self.root, "--", *command] if machine else command
        self._log.write(f"\n# {' '.join(map(str, command))}\n")
        self._log.flush()
        subprocess.run(command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, check=True)
