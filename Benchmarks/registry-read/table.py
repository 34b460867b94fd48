#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Makes one table of the rounds of RegistryBench and registry-go.

    table.py [--gate] DIRECTORY

The directory holds gohub-N.json and peer-N.json for each round N: nanoseconds of an operation, by name, in each of some
short runs. What a round says is the least of its runs, as whatever disturbs a run only makes it longer; what the table
says is the median of the rounds, with the least and the most beside it. With --gate, the exit code is 1 where a target is
missed.
"""

import json
import pathlib
import statistics
import sys

# What is compared: a title, the measure of each side, and how many times faster gohub is to be.
ROWS = [
    ("observe a latency in a histogram", "observe", "observe", 4),
    ("count, labelled, handle at hand", "counter_handle", "counter_handle", None),
    ("count, labelled, by label values", "counter_labels", "counter_labels", 8),
    ("scrape of 100 000 series", "scrape", "scrape", 20),
    ("the same, CPU time of all threads", "scrape_cpu", "scrape_cpu", None),
]


def rounds(directory, side):
    files = sorted(directory.glob(f"{side}-*.json"))
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def shown(nanoseconds):
    if nanoseconds >= 1e6:
        return f"{nanoseconds / 1e6:.2f} ms"
    return f"{nanoseconds:.2f} ns"


def spread(values):
    return f"{shown(statistics.median(values))} ({shown(min(values))} … {shown(max(values))})"


def main(arguments):
    directory = pathlib.Path([a for a in arguments if not a.startswith("--")][0])
    gohub, peer = rounds(directory, "gohub"), rounds(directory, "peer")
    lines = [("", "gohub", "client_golang", "times faster", "target")]
    missed = 0
    for title, ours, theirs, target in ROWS:
        if not all(ours in r for r in gohub) or not all(theirs in r for r in peer):
            continue
        one, other = [min(r[ours]) for r in gohub], [min(r[theirs]) for r in peer]
        # Round by round, as both sides of a round ran beside the same neighbours.
        ratios = [b / a for a, b in zip(one, other)]
        ratio = statistics.median(ratios)
        verdict = "" if target is None else f"{target}: {'met' if ratio >= target else 'MISSED'}"
        missed += target is not None and ratio < target
        lines.append((title, spread(one), spread(other), f"{ratio:.1f} ({min(ratios):.1f} … {max(ratios):.1f})", verdict))
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    print(f"median of {len(gohub)} rounds (least … most); a round is the least of its short runs")
    return 1 if missed and "--gate" in arguments else 0


sys.exit(main(sys.argv[1:]))
