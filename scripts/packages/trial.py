#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Tries the packages of .build/dist in a bare Debian, step by step; scripts/packages/namespaces calls it.

    scripts/packages/trial.py FOLDER [--write]    FOLDER is empty, and removed by the caller
"""

import pathlib
import shutil
import subprocess
import sys
import time
import traceback

import snapshot
import steps_image
import steps_life
import steps_service
from machine import Machine

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIST = ROOT / ".build" / "dist"
RESULTS = ROOT / ".build" / "results"
PAGE = ROOT / "docs" / "package-trial.md"


class Trial:
    """What the steps share."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.package,) = DIST.glob("*.deb")
        (self.tarball,) = DIST.glob("*.tar.gz")
        self.version = field(self.package, "Version")
        self.machine = Machine(self.folder / "root", ROOT / ".build" / "trial", RESULTS / "trial-deb.log")
        self.before = None

    def give(self, file):
        """Puts a file into the machine; returns its path there."""
        shutil.copy(file, self.machine.root / "var/tmp")
        return f"/var/tmp/{pathlib.Path(file).name}"

    def apt(self, *arguments):
        return self.machine.run("apt-get", "-y", "-o", "Dpkg::Use-Pty=0", "--no-install-recommends", *arguments)


def field(package, name):
    return subprocess.check_output(["dpkg-deb", "--field", package, name], text=True).strip()


def lintian(trial):
    command = ["lintian", "--fail-on=error,warning", trial.package]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return "no error, no warning"


def boot(trial):
    suite = trial.machine.build()
    trial.machine.download(trial.give(trial.package))
    trial.machine.boot()
    trial.before = snapshot.take(trial.machine.root)
    count = len(trial.machine.output("dpkg-query", "--show").splitlines())
    systemd = trial.machine.output("systemctl", "--version").split()[1]
    return f"{suite}, {count} packages, systemd {systemd} as process 1"


STEPS = [
    ("lintian has nothing to say", lintian),
    ("a bare Debian boots", boot),
    *steps_service.STEPS,
    *steps_life.STEPS,
    *steps_image.STEPS,
]


def run(trial):
    """(title, whether it passed, what it saw) of each step."""
    rows = []
    began = time.monotonic()
    for title, step in STEPS:
        try:
            rows.append((title, True, step(trial)))
        except Exception as error:  # the table says it, and the steps after it still have something to say
            traceback.print_exc()
            rows.append((title, False, (str(error).strip() or repr(error)).splitlines()[0]))
        verdict = "passed" if rows[-1][1] else "FAILED"
        print(f"{time.monotonic() - began:5.0f} s  {verdict}  {title}: {rows[-1][2]}", flush=True)
    return rows


def page(rows, version, seconds):
    good = sum(passed for _, passed, _ in rows)
    text = (
        "# The packages in a bare Debian\n\n"
        f"Written by `scripts/trial-deb --write`: gohub {version}, {good} of {len(rows)} steps passed, in {seconds:.0f} s "
        f"after the build. [packages.md](packages.md) says what is where.\n\n"
        "| step | result | what was seen |\n|---|---|---|\n"
    )
    for title, passed, seen in rows:
        text += f"| {title} | {'passed' if passed else '**FAILED**'} | {seen.replace('|', chr(92) + '|')} |\n"
    return text


def main(folder, *options):
    RESULTS.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    trial = Trial(folder)
    try:
        rows = run(trial)
    finally:
        trial.machine.stop()
    failed = sum(not passed for _, passed, _ in rows)
    if "--write" in options:
        PAGE.write_text(page(rows, trial.version, time.monotonic() - began), encoding="utf-8")
    print(f"{len(rows) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
