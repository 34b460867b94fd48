# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Does each fault to the bus again and again under load, and holds what clients saw against what the hub promises."""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

import faults
import page
from bus import await_nodes, await_ready, is_ready, node_settings, start_together
from bus_server import in_memory
from conftest import starter
from judge import Round
from ledger import UNICAST
from load import Load
from process import eventually
from readiness import Monitor
from redis_server import RedisError, RedisServer
from table import Row, of_faults, verdict
from worker import Worker

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEPT = ROOT / ".build" / "results" / "stress-bus"
# How many answers are awaited before a fault, and after it; and without any.
BEFORE, AFTER, IDLE = 300, 700, 1000
# The line that tells of one gap.
GAP = "a gap in what another node has sent"
# Shorter than the defaults, so that rounds are short; queues that take what comes after an outage.
SETTINGS = {
    "server": {"loops": 2},
    "log": {"level": "debug"},
    "hub": {"message_buffer_cap": 100_000, "message_buffer_bytes": "64MiB"},
    "bus": {"probe_after": "2s", "publish_timeout": "0s"},
}


class Scene:
    """Two nodes with their servers, clients and witnesses, for all rounds of one fault."""

    def __init__(self, fault, binary, is_timed, directory, stack):
        self.fault = fault
        self.is_timed = is_timed
        self.number = 0
        self.servers = []

        def start(*options, kind=RedisServer, **more):
            server = kind(directory / f"server-{len(self.servers)}", *options, **more)
            self.servers.append(server)
            stack.callback(server.stop)
            return server

        own = fault.prepare(start, stack, directory)
        self.hubs = []
        stack.callback(self._end_hubs)
        settings = [
            node_settings((fault.way.kind, {**fault.way.keys, **options}), f"n{index + 1}", SETTINGS)
            for index, options in enumerate(own)
        ]
        start_together(starter(binary, directory, self.hubs), settings)
        for hub in self.hubs:
            await_nodes(hub, 2)
        self.load = Worker(Load, [hub.url for hub in self.hubs], fault.way.share)
        stack.callback(self.load.close)
        self.monitor = Worker(
            Monitor, [hub.operators_port for hub in self.hubs], [hub.program.pid for hub in self.hubs]
        )
        stack.callback(self.monitor.close)
        self.load.ask("connect")
        self.pages = [hub.metrics() for hub in self.hubs]
        self._lines_read = [0, 0]

    def _end_hubs(self):
        for hub in self.hubs:
            if hub.program.running:
                hub.program.kill()

    # What faults ask for.

    def await_loss(self, nodes):
        """Waits until these nodes say that their bus is down."""
        for node in nodes:
            await_ready(self.hubs[node], False, 5)
            eventually(lambda: self.hubs[node].metrics().value("gohub_bus_up") == 0, 5, "gohub_bus_up of 0")

    def await_count(self, nodes, name, labels):
        for node in nodes:
            before = self.pages[node].value(faults.BUS + name, **labels)
            eventually(lambda: self.hubs[node].metrics().value(faults.BUS + name, **labels) > before, 10, name)

    def change_interest(self):
        self.load.ask("change_interest", self.number)

    def hold(self, until):
        """Lets the fault last until a time."""
        eventually(lambda: time.monotonic() >= until, 20, "the end of the fault")

    # Rounds.

    def round(self, is_struck=True):
        """One round, with the fault or without it."""
        self.monitor.ask("begin")
        self.load.ask("begin")
        strike, trouble = None, []
        try:
            if is_struck:
                self.load.ask("more", BEFORE)
                strike = self.fault.strike(self.number, self)
                for node in strike.struck:
                    await_ready(self.hubs[node], within=strike.bound + 5)
                self.load.ask("more", AFTER)
                self.number += 1
            else:
                self.load.ask("more", IDLE)
        except (AssertionError, OSError) as error:
            trouble.append(str(error))
        ledger = self.load.ask("end")
        samples, waits, unanswered = self.monitor.ask("end")
        ledger.troubles += trouble + unanswered + self._health()
        pages = [(before, hub.metrics() if hub.program.running else before) for before, hub in zip(self.pages, self.hubs)]
        self.pages = [after for _, after in pages]
        gaps = [self._gaps(*entry) for entry in enumerate(pages)]
        return Round(self.fault.way, ledger, samples, waits, pages, gaps, strike, self.is_timed)

    def _gaps(self, node, pages):
        """How many messages to each topic a node's log tells that it has lost in this round."""
        gaps, name = collections.Counter(), faults.BUS + "gap_messages_total"
        counted = pages[1].value(name) - pages[0].value(name)

        def have_come():
            new = self.hubs[node].program.lines[self._lines_read[node]:]
            self._lines_read[node] += len(new)
            for record in records(new, GAP):
                kind, _, topic = record["topic"].partition("/")
                gaps[UNICAST if kind == "node" else topic or kind] += record["messages"]
            return gaps.total() >= counted

        # What lacks is for the judge to say.
        with contextlib.suppress(AssertionError):
            eventually(have_come, 2, "the lines of all gaps")
        return gaps

    def _health(self):
        troubles = []
        for index, hub in enumerate(self.hubs):
            if not hub.program.running:
                troubles.append(f"node {index} has ended")
            elif not is_ready(hub):
                troubles.append(f"node {index} is not ready after the round")
            errors = [record for record in records(hub.program.lines) if record["level"] == "error"]
            troubles += [f"node {index} logs an error: {record}" for record in errors[:3]]
        return troubles

    @property
    def is_alive(self):
        return all(hub.program.running for hub in self.hubs)

    def close(self):
        """Ends the nodes as an operator does; what is wrong with that."""
        troubles = []
        for hub in self.hubs:
            try:
                # Where a stream is read, in the end nothing waits to be acknowledged.
                eventually(lambda: hub.metrics().value("gohub_bus_nats_ack_pending") == 0, 15, "no unacknowledged messages")
                hub.close()
            except (AssertionError, OSError) as error:
                troubles.append(str(error))
        return troubles

    def keep(self, round, label):
        """Keeps all that a failed round can be understood by; where."""
        folder = KEPT / f"{self.fault.name.replace(' ', '-').replace(',', '').replace(':', '')}-{label}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        round.ledger.write(folder / "ledger.jsonl")
        for server in self.servers:
            shutil.copyfile(server.log, folder / f"{server.directory.name}.log")
        for index, hub in enumerate(self.hubs):
            (folder / f"node-{index}.log").write_text("\n".join(hub.program.lines) + "\n", encoding="utf-8")
            for page, name in zip(round.pages[index], ("before", "after")):
                (folder / f"node-{index}-{name}.metrics").write_text(page.text, encoding="utf-8")
            for name, seen in (("readyz", round.samples), ("waits", round.waits)):
                (folder / f"node-{index}.{name}").write_text("\n".join(map(str, seen[index])) + "\n", encoding="utf-8")
        (folder / "faults").write_text("\n".join([str(round.strike), *round.faults]) + "\n", encoding="utf-8")
        return folder


def records(lines, message=None):
    """The records of a log; what a program says that crashes are none."""
    found = [json.loads(line) for line in lines if line.startswith("{")]
    return [record for record in found if message in (None, record["message"])]


def say(text):
    print(text, flush=True)


def try_fault(fault, binary, rounds, is_timed):
    """All rounds of one fault, as a row of the table."""
    row = Row(fault.name)
    try:
        try_rounds(fault, binary, rounds, is_timed, row)
    except (AssertionError, OSError, RedisError) as error:
        # Of the servers or of this program: the other faults are tried all the same.
        row.failed.append("no round")
        say(f"  FAILED  {fault.name}: {type(error).__name__}: {error}")
    return row


def try_rounds(fault, binary, rounds, is_timed, row):
    with tempfile.TemporaryDirectory(prefix="gohub-stress-", dir=in_memory(1 << 30)) as directory, contextlib.ExitStack() as stack:
        scene = Scene(fault, binary, is_timed, pathlib.Path(directory), stack)
        judge(row, scene, scene.round(is_struck=False), "without-a-fault")
        for number in range(1, rounds + 1):
            fault.rest()
            round = scene.round()
            row.add(round)
            judge(row, scene, round, f"round-{number}")
            if not scene.is_alive:
                break
        if is_timed and row.untimed > rounds / 5:
            row.failed.append("times")
            say(f"  FAILED  {fault.name}: the machine had no time for {row.untimed} rounds; use one that does nothing else")
        for trouble in scene.close():
            row.failed.append("end")
            say(f"  FAILED  {fault.name}, at the end: {trouble}")


def judge(row, scene, round, label):
    outage = f", ready again after {max(round.outages):.1f} s" if round.outages else ""
    say(
        f"  {row.name}, {label}: {len(round.ledger.publications)} publications, lost {round.lost} confirmed,"
        f" {round.unsure} others and {round.told} failed, {round.gaps:.0f} gaps, answers to {1000 * round.worst:.0f} ms{outage}"
        + (", untimed" if round.is_untimed else "")
    )
    if round.faults:
        row.failed.append(label)
        say(f"  FAILED  {row.name}, {label}; logs and messages are in {scene.keep(round, label).relative_to(ROOT)}")
        for fault in round.faults[:10]:
            say(f"    - {fault}")


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(prog="scripts/stress-bus", description=__doc__)
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("BUS_ROUNDS", 50)), help="of each fault; $BUS_ROUNDS, or 50")
    parser.add_argument("--only", default="", metavar="FAULT", help="the faults with that in their name")
    parser.add_argument("--bus", choices=["redis", "nats"], help="the faults of that bus alone")
    parser.add_argument("--gohub", default=ROOT / ".build/release/gohub", metavar="PROGRAM", help="another build")
    parser.add_argument("--write", action="store_true", help="writes the result to docs/stress.md")
    parser.add_argument("--untimed", action="store_true", help="judges no times, for a machine that does something else too")
    parser.add_argument("--list", action="store_true", help="the names of the faults")
    arguments = parser.parse_args()
    chosen = [
        fault for fault in faults.ALL if arguments.only in fault.name and arguments.bus in (None, fault.way.kind)
    ]
    if arguments.list or not chosen:
        print("\n".join(fault.name for fault in chosen or faults.ALL))
        return 0 if arguments.list else 64
    if arguments.write and (arguments.only or arguments.untimed):
        parser.error("--write is for all faults of a bus, with their times")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    rows = []
    try:
        for fault in chosen:
            say(f"{fault.name}: {arguments.rounds} rounds")
            rows.append(try_fault(fault, arguments.gohub, arguments.rounds, not arguments.untimed))
    except KeyboardInterrupt:
        print("interrupted; everything that was started is ended", file=sys.stderr)
        return 130
    print(of_faults(rows))
    failed = [bool(row.failed) for row in rows]
    if arguments.write:
        for kind, title in (("redis", "Redis"), ("nats", "NATS")):
            part = [row for row, fault in zip(rows, chosen) if fault.way.kind == kind]
            if part:
                page.write(title, arguments.gohub, of_faults(part), verdict([bool(row.failed) for row in part]))
    print(verdict(failed))
    return 1 if any(failed) else 0


if __name__ == "__main__":
    sys.exit(main())
