# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Attacks hubs, one after the other, and judges what honest clients saw and what memory it took.

A hub has all cores. The attackers are niced and pinned to the last core; the honest clients (monitor.py) are a process of
their own, with addresses of their own. What that process sees of an idle hub, with idle cores and with busy ones, is
measured first: no figure can be better. A hub that stood its attack is left alone for a minute, while the next is
attacked; then its memory is looked at once more, and it has to drain and end with 0.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import platform
import resource
import select
import subprocess
import sys
import tempfile
import threading
import time

import wire
from attacks import ALL, Attack, Evidence
from bounds import MIB, Limits, Load, memory
from monitor import PERIODS
from node import LOOPS, ROOT, Node
from hub import PAGE_SECONDS
from process import die_with_parent
from table import Row, document, print_row, quantile

NICENESS = 5
# What the hub owes its honest clients: in seconds, for 99 of 100.
PATIENCE = 0.25
# By how much resident memory may have grown since the start, and when that is looked at, in seconds.
GROWTH = 0.25
RECOVERY = 60
# How long a load may take to prepare itself, in seconds.
PREPARATION = 240


class Helper:
    """A process of ours that prepares itself, says so in a line, begins when told, and says at the end what it saw."""

    def __init__(self, script, *arguments, prefix=()):
        self.name = arguments[0]
        self._process = subprocess.Popen(
            [*prefix, sys.executable, str(pathlib.Path(__file__).parent / script), *map(str, arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent,
        )

    def wait_until_ready(self):
        readable, _, _ = select.select([self._process.stdout], [], [], PREPARATION)
        if not readable or not self._process.stdout.readline():
            raise AssertionError(f"{self.name} could not prepare itself")

    def begin(self):
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def finish(self, within):
        try:
            output, _ = self._process.communicate(timeout=within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end within {within:.0f} s") from None
        finally:
            self.kill()
        if self._process.returncode or not output:
            raise AssertionError(f"{self.name} failed")
        return json.loads(output.splitlines()[-1])

    def kill(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


class Watch(threading.Thread):
    """Looks at gauges of the hub until it is told to stop, and keeps what each has shown."""

    def __init__(self, node, names):
        super().__init__(daemon=True)
        self.gauges = {name: [] for name in names}
        self._node = node
        self._stopped = threading.Event()

    def run(self):
        while self.gauges and not self._stopped.wait(PAGE_SECONDS):
            try:
                page = self._node.metrics()
            except (AssertionError, OSError):
                continue
            for name, values in self.gauges.items():
                values.append(page.value(name))

    def stop(self):
        """What the gauges have shown."""
        self._stopped.set()
        self.join(wire.WITHIN * 2)
        return self.gauges


def attackers(node, attack):
    prefix = ["nice", "-n", str(NICENESS), "taskset", "-c", str(os.cpu_count() - 1)]
    hub = {"port": node.port, "http_port": node.http_port, "pid": node.pid}
    if node.redis:
        hub["redis_port"] = node.redis.port
    return [
        Helper("loads.py", name, json.dumps({"hub": hub, **given}), prefix=prefix) for name, given in attack.loads
    ]


@dataclasses.dataclass
class Trial:
    """One attack and what was seen of it; judged in two steps, as memory has a minute to come back."""

    attack: Attack
    node: Node
    row: Row
    ended: float = 0.0

    def fault(self, text):
        self.row.faults.append(text)


def run(attack, binary, directory):
    node = Node(binary, directory, attack)
    trial = Trial(attack, node, Row(attack.name))
    helpers = []
    try:
        node.warm_up()
        trial.row.start = node.resident()
        before = node.metrics()
        monitor = Helper("monitor.py", node.port, node.http_port)
        helpers.append(monitor)
        monitor.wait_until_ready()
        loads = attackers(node, attack)
        helpers += loads
        for load in loads:
            load.wait_until_ready()
        used = node.processor_seconds()
        began = time.monotonic()
        for load in loads:
            load.begin()
        watch = Watch(node, attack.gauges)
        watch.start()
        gaps = attack.meanwhile(node) if attack.meanwhile else []
        results = [load.finish(120) for load in loads]
        gauges = watch.stop()
        # Their connections end now, which is a part of the attack.
        time.sleep(2)
        trial.ended = time.monotonic()
        if not node.is_running:
            raise AssertionError(f"the hub ended: {node.tail()}")
        trial.row.processor = (node.processor_seconds() - used) / (trial.ended - began)
        samples = monitor.finish(60)
        judge_honest(trial, samples, began, trial.ended, gaps)
        judge_memory(trial, attack.holds(results))
        after = judge_metrics(trial)
        trial.row.faults += attack.faults(Evidence(results, before, after, gauges))
        trial.row.results, trial.row.gauges = results, gauges
    except (AssertionError, OSError) as error:
        trial.fault(str(error))
        trial.ended = time.monotonic()
    finally:
        for helper in helpers:
            helper.kill()
    return trial


def judge_honest(trial, samples, began, ended, gaps):
    """What the honest clients asked from the attack's begin to its end, less what fell into the gaps."""
    for kind, all_samples in samples.items():
        if kind in trial.attack.unjudged:
            continue
        counted = [
            (took, fault)
            for at, took, fault in all_samples
            if began <= at + took and at <= ended and not any(at <= to and at + took >= since for since, to in gaps)
        ]
        times = sorted(asked_in_time([took for took, _ in counted], PERIODS[kind]))
        wrong = sorted({fault for _, fault in counted if fault})
        trial.row.times[kind] = times
        if not times:
            trial.fault(f"{kind}: nothing was asked")
            continue
        if wrong:
            count = sum(1 for _, fault in counted if fault)
            trial.fault(f"{kind}: {count} of {len(counted)} wrong: {', '.join(wrong)}")
        if kind in ("readyz", "ping") and quantile(times, 0.99) > PATIENCE:
            trial.fault(f"{kind}: p99 {quantile(times, 0.99) * 1000:.0f} ms, allowed {PATIENCE * 1000:.0f} ms")


def asked_in_time(times, period):
    """Adds what would have been seen by clients that ask without waiting for the answer before.

    One client that asks a hub which stands still asks once and then no more, so that its figures would hide how long that was.
    """
    for took in times:
        while took > 0:
            yield took
            took -= period


def judge_memory(trial, load):
    # The honest clients are there too.
    load.connections += 20
    trial.row.terms = memory(Limits(ROOT, trial.node.settings), load, trial.row.start)
    trial.row.limit = sum(trial.row.terms.values())
    trial.row.peak = trial.node.resident("VmHWM")
    if trial.row.peak > trial.row.limit:
        trial.fault(f"memory: {trial.row.peak / MIB:.0f} MiB, allowed {trial.row.limit / MIB:.0f} MiB")


def judge_metrics(trial):
    """The books of the hub at the end; returns them."""
    metrics = trial.node.metrics()
    try:
        metrics.assert_conservation()
    except AssertionError as error:
        trial.fault(str(error))
    if trial.attack.has_bus:
        judge_publications(trial, metrics)
    moved = [
        sample.value
        for name, labels in trial.attack.counters
        for sample in metrics.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    if trial.attack.counters and not any(moved):
        names = ", ".join(name for name, _ in trial.attack.counters)
        trial.fault(f"no counter says that a bound was reached: {names}")
    return metrics


def judge_publications(trial, metrics):
    """Whatever clients published was answered by Redis, or failed; nothing is under way any more."""
    asked = metrics.value("gohub_publishes_total", scope="topic") + metrics.value("gohub_publishes_total", scope="broadcast")
    answered = metrics.value("gohub_bus_published_total") + metrics.value("gohub_bus_publish_failures_total")
    # Nodes tell each other who they are as well.
    if answered < asked:
        trial.fault(f"{asked - answered:.0f} of {asked:.0f} publications were neither taken by Redis nor counted as failed")


def settle(trial):
    """Waits for the minute to pass, looks at the memory and ends the hub."""
    node = trial.node
    time.sleep(max(0.0, trial.ended + RECOVERY - time.monotonic()))
    try:
        if not node.is_running:
            trial.fault("the hub did not live on")
            return
        trial.row.after = node.resident()
        allowed = trial.row.start * (1 + GROWTH)
        if trial.row.after > allowed:
            trial.fault(f"memory a minute later: {trial.row.after / MIB:.0f} MiB, allowed {allowed / MIB:.0f} MiB")
        code = node.stop()
        if code != 0:
            trial.fault("SIGTERM does not end it" if code is None else f"SIGTERM ends it with {code}")
    except OSError as error:
        trial.fault(str(error))
    finally:
        if node.is_running:
            node.kill()


def floors(binary, directory):
    """What the honest clients see of a hub that has nothing else to do: with idle cores, and with busy ones."""
    node = Node(binary, directory, Attack("", [], None))
    rows = []
    try:
        node.warm_up()
        for name, busy in [("floor: idle cores", 0), ("floor: busy cores", LOOPS)]:
            spinning = [subprocess.Popen(["sh", "-c", "while :; do :; done"], preexec_fn=die_with_parent) for _ in range(busy)]
            try:
                monitor = Helper("monitor.py", node.port, node.http_port)
                monitor.wait_until_ready()
                time.sleep(4)
                samples = monitor.finish(60)
            finally:
                for process in spinning:
                    process.kill()
                    process.wait()
            row = Row(name, start=node.resident(), peak=node.resident("VmHWM"), is_floor=True)
            row.times = {
                kind: sorted(asked_in_time([took for _, took, _ in found], PERIODS[kind])) for kind, found in samples.items()
            }
            rows.append(row)
            print_row(row)
    finally:
        node.stop()
    return rows


def attack_all(binary, attacks, rows):
    waiting = []
    for attack in attacks:
        directory = tempfile.TemporaryDirectory(prefix="gohub-attack-")
        trial = run(attack, binary, directory.name)
        waiting.append((trial, directory))
        # One that is still busy would slow the next.
        trial.node.calm(RECOVERY)
        while waiting and waiting[0][0].ended + RECOVERY < time.monotonic():
            conclude(rows, *waiting.pop(0))
    for trial, directory in waiting:
        conclude(rows, trial, directory)


def conclude(rows, trial, directory):
    settle(trial)
    directory.cleanup()
    rows.append(trial.row)
    print_row(trial.row)


def main():
    parser = argparse.ArgumentParser(description="Attacks the hub.")
    parser.add_argument("--gohub", default=str(ROOT / ".build/release/gohub"), help="the program (default: the release build)")
    parser.add_argument("--only", default="", help="only attacks whose name has this text")
    parser.add_argument("--json", help="a file for every figure")
    parser.add_argument("--write", action="store_true", help="write the result to docs/attack.md")
    arguments = parser.parse_args()
    attacks = [attack for attack in ALL if arguments.only in attack.name]
    if not attacks:
        sys.exit("attack: no attack has that name; there are: " + "; ".join(attack.name for attack in ALL))
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    rows = []
    with tempfile.TemporaryDirectory(prefix="gohub-attack-") as directory:
        rows += floors(arguments.gohub, directory)
    began = time.monotonic()
    attack_all(arguments.gohub, attacks, rows)
    machine = f"{os.cpu_count()} cores, Linux {platform.release()}"
    version = subprocess.run([arguments.gohub, "version"], capture_output=True, text=True, check=True).stdout.strip()
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps([row.figures() for row in rows], indent=1) + "\n")
    if arguments.write:
        (ROOT / "docs/attack.md").write_text(document(rows, machine, version))
    tried = [row for row in rows if not row.is_floor]
    failed = sum(1 for row in tried if row.faults)
    print(f"\n{version}; {machine}; {time.monotonic() - began:.0f} s")
    print(f"{len(tried) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
