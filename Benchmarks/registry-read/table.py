#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Makes one table of the rounds of RegistryBench and registry-go.

    table.py [--gate] DIRECTORY

The directory holds gohub-N.json and peer-N.json for each round N, with nanoseconds of an operation: each the least of its
short runs, as whatever disturbs a run only makes it longer. The table has the median of the rounds, with the least and
the most beside it. With --gate, the exit code is 1 where a target is missed.
"""

import json
import pathlib
import statistics
import sys

# What is compared: a title, the measure of each side, and how many times faster gohub is to be.
ROWS = [
    ("observe in a histogram", "hot histogram", "observe", 4),
    ("the same, any bucket", "hot histogram, random values", "observe_random", None),
    ("count by label values", "labelled counter by label", "counter_labels", 8),
    ("count by a kept handle", "labelled counter by handle", "counter_handle", None),
    ("scrape, CPU time", "scrape_cpu", "scrape_cpu", 20),
    ("scrape, by the clock", "scrape_wall", "scrape_wall", None),
]


def gohub_measures(report):
    """RegistryBench's report by the names of ROWS."""
    measures = {update["name"]: update["ns"] for update in report["updates"] if update["threads"] == 1}
    for scrape in report["scrapes"]:
        if scrape["format"] == "text":
            measures["scrape_cpu"] = scrape["ns"]
            measures["scrape_wall"] = scrape["wall_ns"]
    return measures


def rounds(directory, side):
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(directory.glob(f"{side}-*.json"))]


def shown(nanoseconds):
    if nanoseconds >= 1e4:
        return f"{nanoseconds / 1e6:.2f} ms"
    return f"{nanoseconds:.2f} ns"


def spread(values):
    return f"{shown(statistics.median(values))} ({shown(min(values))} … {shown(max(values))})"


def main(arguments):
    directory = pathlib.Path([a for a in arguments if not a.startswith("--")][0])
    gohub = [gohub_measures(report) for report in rounds(directory, "gohub")]
    peer = rounds(directory, "peer")
    lines = [("", "gohub", "client_golang", "times faster", "target")]
    missed = 0
    for title, ours, theirs, target in ROWS:
        one, other = [r[ours] for r in gohub], [r[theirs] for r in peer]
        # Round by round, as both sides of a round ran beside the same neighbours.
        ratios = [b / a for a, b in zip(one, other)]
        ratio = statistics.median(ratios)
        verdict = "" if target is None else f"{target}: {'met' if ratio >= target else 'MISSED'}"
        missed += target is not None and ratio < target
        lines.append((title, spread(one), spread(other), f"{ratio:.1f} ({min(ratios):.1f} … {max(ratios):.1f})", verdict))
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    print(f"median of {len(gohub)} rounds (least … most); each round is the least of many short runs")
    return 1 if missed and "--gate" in arguments else 0


sys.exit(main(sys.argv[1:]))
