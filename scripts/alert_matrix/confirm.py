# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Runs what a runbook says confirms its alert, while the fault lasts."""

import os
import subprocess
import time

from alerts.rules import RUNBOOKS
from alerts.runbooks import BUSES, confirm_lines
from process import die_with_parent

WITHIN = 60
# Where one loop of a node stands still, a new connection may come to it: whoever is at hand then tries again.
ATTEMPTS = 8


def run(command, environment):
    """(exit code, output) of a command; what takes too long has the exit code of a kill."""
    try:
        answer = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
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
    """What is wrong with the commands of an alert's runbook, a line each; and how many there are.

    Each has to end well and to say something, by itself: an empty answer tells nobody anything.
    """
    commands = confirm_lines(RUNBOOKS / f"{alert}.md", BUSES & environment.keys())
    wrong = [] if commands else [f"{alert}.md: the section Confirm has no command"]
    for command in commands:
        for attempt in range(ATTEMPTS):
            code, output = run(command, environment)
            if code == 0 and output.strip():
                break
            time.sleep(1)
        else:
            wrong.append(f"{alert}.md: exit code {code} of\n{command}\n{output[-500:]}")
    return wrong, len(commands)
