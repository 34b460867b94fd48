# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Do two loops deliver twice as much as one, when neither the load nor the number of cores is the limit?

On two cores that server and load share, nothing can show it: see docs/performance.md. So each loop's thread gets a
control group of its own, and in it a quarter of a core: one loop then has 0.25 cores, two have 0.5, and the load has more
than one. Needs root and the cpu controller of control groups, version 1 or 2. Run `make bench` before it, which builds.
"""

import contextlib
import json
import pathlib
import statistics
import subprocess
import sys

from run import GOHUB, SIXTEEN, Variant, running

SHARE = 0.25
PERIOD = 10_000
ROUNDS = 7
VERSION_1 = pathlib.Path("/sys/fs/cgroup/cpu")
VERSION_2 = pathlib.Path("/sys/fs/cgroup")


@contextlib.contextmanager
def groups(count):
    """Yields a function for each group that moves a thread into it."""
    is_old = (VERSION_1 / "cpu.cfs_quota_us").exists()
    top = (VERSION_1 if is_old else VERSION_2) / "gohub-bench"
    made = []
    try:
        top.mkdir()
        made.append(top)
        if not is_old:
            (top / "cgroup.type").write_text("threaded")
            (top / "cgroup.subtree_control").write_text("+cpu")
        for number in range(count):
            group = top / str(number)
            group.mkdir()
            made.append(group)
            quota = int(PERIOD * SHARE)
            if is_old:
                (group / "cpu.cfs_period_us").write_text(str(PERIOD))
                (group / "cpu.cfs_quota_us").write_text(str(quota))
            else:
                (group / "cgroup.type").write_text("threaded")
                (group / "cpu.max").write_text(f"{quota} {PERIOD}")
        members = "tasks" if is_old else "cgroup.threads"
        yield top, [group / members for group in made[1:]]
    except OSError as error:
        sys.exit(f"loops: control groups cannot be used here: {error}")
    finally:
        for group in reversed(made):
            group.rmdir()


def deliveries(loops, members, top):
    variant = Variant("gohub", SIXTEEN, "gohub, two loops" if loops == 2 else "gohub", cores="0,1")
    with running(variant) as (port, pid):
        if not (VERSION_1 / "cpu.cfs_quota_us").exists():
            (top / "cgroup.procs").write_text(str(pid))
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            name = (task / "comm").read_text().strip()
            if name.startswith("loop-"):
                members[int(name.removeprefix("loop-"))].write_text(task.name)
        command = [
            str(GOHUB), "bench", *SIXTEEN, f"--url=ws://127.0.0.1:{port}/ws", f"--server-pid={pid}", "--duration=3", "--json",
        ]
        outcome = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if outcome.returncode:
            sys.exit(f"loops: {outcome.stderr.strip()}")
        return json.loads(outcome.stdout)["deliveries_per_second"]


def main():
    ratios = []
    with groups(2) as (top, members):
        for _ in range(ROUNDS):
            one, two = deliveries(1, members, top), deliveries(2, members, top)
            ratios.append(two / one)
            print(f"one loop {one:>10.0f}/s   two loops {two:>10.0f}/s   ratio {two / one:.2f}", flush=True)
    print(f"median of the ratios: {statistics.median(ratios):.2f}")


main()
