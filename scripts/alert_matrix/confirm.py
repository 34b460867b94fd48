# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Runs what a runbook says confirms its alert, while the fault lasts."""

import os
import pathlib
import re
import subprocess
import time

from process import die_with_parent

RUNBOOKS = pathlib.Path(__file__).resolve().parents[2] / "docs" / "runbooks"
WITHIN = 60
# Where one loop of a node stands still, a new connection may come to it: whoever is at hand then tries again.
ATTEMPTS = 8
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page):
    """The commands of a runbook's section "Confirm", block by block."""
    _, found, rest = page.partition("\n## Confirm\n")
    assert found, "it has no section Confirm"
    return BLOCK.findall(re.split(r"^## ", rest, flags=re.MULTILINE)[0])


def run(block, environment):
    """(exit code, output) of a block; what takes too long has the exit code of a kill."""
    try:
        answer = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=WITHIN,
            preexec_fn=die_with_parent,
        )
    except subprocess.TimeoutExpired as late:
        return -9, (late.stdout or b"").decode(errors="replace")
    return answer.returncode, answer.stdout.decode(errors="replace")


def confirm(alert, environment):
    """What is wrong with the commands of an alert's runbook, a line each; and how many there are."""
    page = RUNBOOKS / f"{alert}.md"
    if not page.exists():
        return [f"there is no {page.relative_to(RUNBOOKS.parents[1])}"], 0
    try:
        commands = blocks(page.read_text(encoding="utf-8"))
    except AssertionError as error:
        return [f"{page.name}: {error}"], 0
    wrong = [] if commands else [f"{page.name}: the section Confirm has no command"]
    for command in commands:
        for attempt in range(ATTEMPTS):
            code, output = run(command, environment)
            if code == 0 and output.strip():
                break
            time.sleep(1)
        else:
            wrong.append(f"{page.name}: exit code {code} of\n{command}{output[-500:]}")
    return wrong, len(commands)
