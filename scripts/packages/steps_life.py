# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What happens to an installed package: crashes, mistakes, upgrades, removal."""

import contextlib
import json
import shutil
import subprocess

import snapshot
from machine import eventually
from steps_service import CONFIGURATION, journal

CHANGED = 'server:\n  addr: ":8080"\n  admin_addr: "127.0.0.1:9091"\n  drain_timeout: 1s\n'
SECRET = "etc/gohub/redis-password"


def active(trial, other_than=None):
    """The main process once the service is active, with another process than before."""
    def look():
        state = trial.machine.unit("gohub", "ActiveState", "MainPID")
        runs = state["ActiveState"] == "active" and state["MainPID"] not in ("0", other_than)
        return state["MainPID"] if runs else None
    return eventually(look, what="the service")


def listening(trial):
    publish = ["gohub", "pub", "news", "1"]
    eventually(lambda: trial.machine.run(*publish, check=False).returncode == 0, what="a hub that listens")


def crash(trial):
    pid = active(trial)
    trial.machine.run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", "gohub")
    active(trial, other_than=pid)
    listening(trial)
    return f"killed, and back after {trial.machine.unit('gohub', 'NRestarts')['NRestarts']} restart"


@contextlib.contextmanager
def configured(trial, configuration):
    """The service is started with another configuration; afterwards the file is as before."""
    file = trial.machine.root / CONFIGURATION[1:]
    right = file.read_text(encoding="utf-8")
    file.write_text(configuration, encoding="utf-8")
    trial.machine.run("systemctl", "stop", "gohub")
    trial.machine.run("systemctl", "start", "gohub", check=False)
    try:
        yield
    finally:
        file.write_text(right, encoding="utf-8")


def mistake(trial):
    names = ["ActiveState", "Result", "ExecMainStatus", "NRestarts"]
    with configured(trial, "server:\n  addr: nonsense\n"):
        state = eventually(
            lambda: (found := trial.machine.unit("gohub", *names))["ActiveState"] == "failed" and found, 60, "the failure"
        )
        assert (state["Result"], state["ExecMainStatus"], state["NRestarts"]) == ("exit-code", "78", "0"), state
        assert "server.addr" in journal(trial)
    trial.machine.run("systemctl", "start", "gohub")
    listening(trial)
    return "exit code 78 is not tried again; the journal names the key"


def no_address(trial):
    with configured(trial, 'server:\n  addr: "203.0.113.1:8080"\n'):
        def ended_again():
            state = trial.machine.unit("gohub", "NRestarts", "ExecMainStatus")
            return int(state["NRestarts"]) >= 3 and state["ExecMainStatus"] == "1"
        eventually(ended_again, 60, "a third attempt that ends with 1")
    listening(trial)
    return "exit code 1 is tried again each 5 s, until it listens"


def repack(trial, version, configuration=None):
    """The package again with a higher version, and perhaps another configuration."""
    folder = trial.folder / version
    subprocess.run(["dpkg-deb", "--raw-extract", trial.package, folder], check=True)
    control = folder / "DEBIAN" / "control"
    text = control.read_text(encoding="utf-8")
    text = text.replace(f"\nVersion: {trial.version}\n", f"\nVersion: {version}\n")
    control.write_text(text, encoding="utf-8")
    if configuration:
        (folder / CONFIGURATION[1:]).write_text(configuration, encoding="utf-8")
    package = trial.folder / f"gohub_{version}.deb"
    subprocess.check_output(["dpkg-deb", "--root-owner-group", "--build", folder, package])
    shutil.rmtree(folder)
    return trial.give(package)


def upgrade(trial):
    file = trial.machine.root / CONFIGURATION[1:]
    file.write_text(CHANGED, encoding="utf-8")
    trial.machine.run("systemctl", "restart", "gohub")
    listening(trial)
    pid = active(trial)
    subscriber = trial.machine.start("gohub", "sub", "news")
    try:
        eventually(lambda: "subscribed" in subscriber.stderr.readline(), what="the subscription")
        trial.apt("install", repack(trial, f"{trial.version}+1"))
        _, errors = subscriber.communicate(timeout=20)
    finally:
        trial.machine.end(subscriber)
    assert "draining" in errors, errors
    active(trial, other_than=pid)
    listening(trial)
    assert file.read_text(encoding="utf-8") == CHANGED
    assert not list(file.parent.glob("*.dpkg-*")), list(file.parent.iterdir())
    last = [json.loads(line) for line in journal(trial).splitlines() if '"ended"' in line][-1]
    assert last["residual"] == 0, last
    return "nothing asked, the changed configuration kept, a client told of the drain, residual 0"


def new_default(trial):
    file = trial.machine.root / CONFIGURATION[1:]
    package = repack(trial, f"{trial.version}+2", CHANGED + "  drain_delay: 0s\n")
    trial.apt("-o", "Dpkg::Options::=--force-confold", "install", package)
    listening(trial)
    assert file.read_text(encoding="utf-8") == CHANGED
    assert (file.parent / f"{file.name}.dpkg-dist").exists()
    return "with `--force-confold` nothing asked; the new one lies beside it as config.yaml.dpkg-dist"


def tarball(trial):
    name = trial.tarball.name.removesuffix(".tar.gz")
    trial.machine.run("tar", "--extract", "--file", trial.give(trial.tarball), "--directory", "/opt")
    told = trial.machine.output(f"/opt/{name}/bin/gohub", "version")
    assert told.startswith(f"gohub {trial.version} ("), told
    trial.machine.run(f"/opt/{name}/bin/gohub", "check", f"/opt/{name}/etc/gohub/config.yaml")
    shutil.rmtree(trial.machine.root / "opt" / name)
    return f"its program says {told}"


def remove(trial):
    secret = trial.machine.root / SECRET
    secret.write_text("secret\n", encoding="utf-8")
    trial.apt("remove", "gohub")
    assert trial.machine.run("systemctl", "is-active", "gohub", check=False).stdout.strip() == "inactive"
    assert "gohub" not in trial.machine.run("bash", "-c", "cat /proc/[0-9]*/comm", check=False).stdout.split()
    assert not (trial.machine.root / "usr/bin/gohub").exists()
    assert (trial.machine.root / CONFIGURATION[1:]).read_text(encoding="utf-8") == CHANGED
    trial.machine.run("getent", "passwd", "gohub")
    return "stopped and gone; configuration, password file and user are kept"


def purge(trial):
    trial.apt("purge", "gohub")
    trial.apt("autoremove", "--purge")
    changes = snapshot.differences(trial.before, snapshot.take(trial.machine.root))
    assert not changes, "\n".join(changes)
    assert "gohub" not in trial.machine.output("dpkg-query", "--show")
    return f"each of {len(trial.before)} paths as before, no other; users, groups and /etc byte by byte"


STEPS = [
    ("a crash", crash),
    ("a wrong configuration", mistake),
    ("an address that this machine has not", no_address),
    ("an upgrade", upgrade),
    ("an upgrade with another configuration", new_default),
    ("the tarball", tarball),
    ("removal", remove),
    ("purge leaves nothing", purge),
]
