# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Asks both nodes ten times a second whether they are ready, and judges whether they said the truth."""

import asyncio
import collections
import pathlib
import re
import time

from ledger import TAKEN

PERIOD = 0.1
PATIENCE = 5.0
# How often it is looked at how long a node's threads have waited for a core.
LOOK = 0.02
# How long publications may work before a node says that it is ready: subscriptions and a probe have to be answered.
HESITATION = 1.0

Sample = collections.namedtuple("Sample", "asked answered ready")


class Waits:
    """How long the threads of a process wait for a core, as the kernel tells it."""

    def __init__(self, process):
        self._tasks = pathlib.Path(f"/proc/{process}/task")
        self._before = {}
        # (time, how long the thread that waited longest has waited since the look before)
        self.found = []

    def look(self):
        now, longest = time.monotonic(), 0
        try:
            tasks = list(self._tasks.iterdir())
        except OSError:
            # The process has ended, which is for others to notice.
            return
        for task in tasks:
            try:
                waited = int((task / "schedstat").read_text(encoding="ascii").split()[1])
            except OSError:
                # The thread has ended meanwhile.
                continue
            longest = max(longest, waited - self._before.get(task.name, waited))
            self._before[task.name] = waited
        if longest > 1_000_000:
            self.found.append((now, longest / 1e9))


class Monitor:
    """The questions, on one connection to each node."""

    def __init__(self, ports, processes):
        self._ports = ports
        self._processes = processes

    async def begin(self):
        self._watching = True
        self._waits = [Waits(process) for process in self._processes]
        self._samples = [[] for _ in self._ports]
        self._tasks = [asyncio.create_task(self._watch(*entry)) for entry in zip(self._ports, self._samples)]
        self._tasks.append(asyncio.create_task(self._watch_waits()))

    async def _watch_waits(self):
        while self._watching:
            for waits in self._waits:
                waits.look()
            await asyncio.sleep(LOOK)

    async def end(self):
        """The answers of each node since `begin`, how long its threads waited for a core, and what kept it from answering."""
        self._watching = False
        ends = await asyncio.gather(*self._tasks, return_exceptions=True)
        troubles = [f"asking whether nodes are ready: {end!r}" for end in ends if end]
        return self._samples, [waits.found for waits in self._waits], troubles

    async def _watch(self, port, samples):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        due = time.monotonic()
        try:
            while self._watching:
                asked = time.monotonic()
                writer.write(b"GET /readyz HTTP/1.1\r\nHost: hub\r\n\r\n")
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
                (length,) = re.findall(rb"\r\ncontent-length: *(\d+)\r\n", head.lower())
                await reader.readexactly(int(length))
                samples.append(Sample(asked, time.monotonic(), head.startswith(b"HTTP/1.1 200 ")))
                due = max(due + PERIOD, time.monotonic())
                await asyncio.sleep(due - time.monotonic())
        finally:
            writer.close()


def failing_times(publications):
    """From when to when one confirmed publication after the other failed: (first sent, last sent)."""
    times, start, end = [], None, None
    for publication in publications:
        if publication.answer != TAKEN:
            start = publication.sent if start is None else start
            end = publication.sent
        elif start is not None:
            times.append((start, end))
            start = None
    return times + ([(start, end)] if start is not None else [])


def untruths(samples, publications, detection):
    """When a node said that it is ready, and no publication worked for longer than it may take to notice that, in seconds."""
    found = []
    for start, end in failing_times(publications):
        lies = [s.asked - start for s in samples if s.ready and start + detection < s.asked and s.answered < end]
        if lies:
            found.append(f"ready {1000 * lies[-1]:.0f} ms after the first of publications that all failed")
    return found


def recovered(samples, over):
    """When a node was ready for good, in seconds since the fault was over; None if it was not."""
    if not samples or not samples[-1].ready:
        return None
    no = [sample.answered for sample in samples if not sample.ready]
    return max(0.0, no[-1] - over) if no else 0.0


def working(publications, over):
    """From when on all confirmed publications worked, a time not before `over`."""
    failed = [publication.sent for publication in publications if publication.answer != TAKEN]
    after = [publication.sent for publication in publications if not failed or publication.sent > failed[-1]]
    return max(over, min(after, default=over))


def relapses(samples, began, over):
    """How often a node stopped being ready when the fault was over, and it had been ready again.

    Being ready counts from the second yes in succession on, and not being ready from the second no.
    """
    was_ready, has_recovered, times = True, False, 0
    since = [sample for sample in samples if sample.asked >= began]
    for first, second in zip(since, since[1:]):
        if first.ready == second.ready != was_ready:
            was_ready = second.ready
            times += not was_ready and has_recovered and first.asked >= over
            has_recovered |= was_ready
    return times


def idle_refusals(samples, began):
    """When a node was not ready for the second time in succession though nothing was wrong.

    Once is allowed: that is an answer of the bus that is late for a moment (docs/operations.md, Health for orchestrators).
    """
    before = [sample for sample in samples if sample.answered < began]
    return [second.answered for first, second in zip(before, before[1:]) if not first.ready and not second.ready]
