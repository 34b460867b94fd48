# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Fails when a release build allocates more than Benchmarks/limits/hub-allocations.json allows.

usage: allocations.py PROBE    (the program AllocationProbe of that build)
"""

import json
import pathlib
import subprocess
import sys

LIMITS = pathlib.Path(__file__).resolve().parents[2] / "Benchmarks/limits/hub-allocations.json"


def main(probe):
    output = subprocess.run([probe, "hub"], stdout=subprocess.PIPE, text=True, timeout=60, check=True).stdout
    found = {name: float(count) for name, count in (line.split() for line in output.splitlines())}
    limits = json.loads(LIMITS.read_text())["release"]
    if found.keys() != limits.keys():
        sys.exit(f"allocations: {LIMITS.name} has limits of {sorted(limits)}, but counted were {sorted(found)}")
    print("allocations:", ", ".join(f"{name} {count:g}" for name, count in found.items()))
    above = [f"{name}: {count:g}, at most {limits[name]:g}" for name, count in found.items() if count > limits[name]]
    if above:
        sys.exit("allocations: too many for " + "; ".join(above))


main(*sys.argv[1:])
