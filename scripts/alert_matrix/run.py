# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Does each fault to hubs of its own and judges which alerts fire; several faults at a time."""

import argparse
import collections
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

from alerts.rules import RuleFile
from process import die_with_parent
from stack.ending import ended_in_order
from stack.nodes import program

from alert_matrix import quiet
from alert_matrix.cell import BASELINE
from alert_matrix.cells import CELLS
from alert_matrix.table import document, matrix, rows
from alert_matrix.table import quiet as quiet_part
from alert_matrix.verdict import faults, gaps

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "alerts-matrix.md"
# Trials at a time, each of which has a Prometheus, one or two hubs and a load.
AT_A_TIME = 10
LONG = 3600


def say(text):
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)


def in_order(cells):
    """Which cell begins first: what takes an hour, then what is heavy and runs with that alone, then long before short."""
    return sorted(cells, key=lambda cell: (cell.seconds < LONG, not cell.is_heavy, -cell.seconds))


def may_start(cell, running):
    """Whether a cell may run beside those that run."""
    others = [other for other in running if other.seconds < LONG]
    if cell.is_heavy:
        return not others
    return not any(other.is_heavy for other in others) and len(running) < AT_A_TIME


def start(cell, directory):
    words = [sys.executable, "-m", "alert_matrix.trial", cell.alert, directory / f"{cell.alert}.json"]
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=die_with_parent)


def end(processes):
    """Has trials that still run end what they started."""
    for process in processes.values():
        process.terminate()
    for process in processes.values():
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def try_all(cells, stack):
    """{alert: result} of all trials."""
    directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gohub-matrix-")))
    waiting, running, results = collections.deque(in_order(cells)), {}, {}
    names = {cell.alert: cell for cell in cells}
    stack.callback(end, running)
    while waiting or running:
        while waiting and may_start(waiting[0], [names[name] for name in running]):
            cell = waiting.popleft()
            running[cell.alert] = start(cell, directory)
        for name, process in list(running.items()):
            if process.poll() is None:
                continue
            del running[name]
            file = directory / f"{name}.json"
            ended = {"wrong": [f"the trial ended with {process.returncode}"], "baseline": [], "others": {}}
            ended |= {"fired_after": None, "resolved_after": None, "confirmed": 0}
            results[name] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else ended
            report(names[name], results[name])
            say(f"{len(results)} of {len(cells)} are done; {len(running)} run")
        time.sleep(0.5)
    return results


def report(cell, result):
    found = faults(cell, result)
    say(f"{'FAILED' if found else 'passed'}  {cell.alert}")
    for line in found:
        print(f"    - {line}", flush=True)
    for name, log in result.get("logs", {}).items():
        print(f"    log of {name}:\n{log}", flush=True)


def version():
    return subprocess.run([program(), "version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def build():
    """The commit of the program, as its version has it in brackets."""
    return version().partition("(")[2].rstrip(")")


def setting():
    """The build, the machine and the day of a run."""
    return f"{version()}; {os.cpu_count()} cores, {platform.system()} {platform.release()}; {time.strftime('%Y-%m-%d')}."


def written():
    return DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""


def write(part):
    DOCUMENT.write_text(document(written(), part, BASELINE), encoding="utf-8")


def run_matrix(arguments, stack):
    chosen = {name: cell for name, cell in CELLS.items() if not arguments.only or name in arguments.only}
    wrong = gaps(CELLS, RuleFile().alert_names)
    for line in wrong:
        say(f"FAILED  {line}")
    results = try_all(list(chosen.values()), stack)
    failed = [name for name, cell in chosen.items() if faults(cell, results[name])]
    if arguments.write:
        commit = build()
        tried = rows(written()) | {name: {**result, "build": commit} for name, result in results.items()}
        shown = {name: CELLS[name] for name in RuleFile().alert_names if name in CELLS and name in tried}
        write(matrix(shown, tried, setting()))
    print(f"{len(chosen) - len(failed)} passed, {len(failed) + len(wrong)} failed: {' '.join(failed)}".rstrip(": "))
    return 1 if failed or wrong else 0


def run_quiet(arguments, stack):
    lines, wrong = quiet.run(stack, say)
    for line in wrong:
        say(f"FAILED  {line}")
    if arguments.write and not wrong:
        write(quiet_part(lines, setting()))
    print("1 passed, 0 failed" if not wrong else "0 passed, 1 failed")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(prog="scripts/stress-alerts", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=sorted(CELLS), metavar="ALERT", help="this one; may stand more than once"
    )
    parser.add_argument("--list", action="store_true", help="the alerts, with their faults")
    parser.add_argument("--quiet", action="store_true", help="the half hour without a fault instead")
    parser.add_argument("--write", action="store_true", help="writes what was tried to docs/alerts-matrix.md")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(f"{cell.alert:36}{cell.fault}" for cell in CELLS.values()))
        return 0
    try:
        with ended_in_order() as stack:
            return (run_quiet if arguments.quiet else run_matrix)(arguments, stack)
    except KeyboardInterrupt:
        print("interrupted; everything that was started is ended", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
