# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Reads the summary that llvm-cov exports: prints the modules, and fails when Sources are under the floor."""

import collections
import json
import sys

LOW = 60

report, floor = sys.argv[1], float(sys.argv[2])
modules = collections.defaultdict(lambda: [0, 0])
low = []
with open(report, encoding="utf-8") as file:
    files = json.load(file)["data"][0]["files"]
for entry in files:
    _, found, path = entry["filename"].rpartition("/Sources/")
    lines = entry["summary"]["lines"]
    if not found or not lines["count"]:
        continue
    # Sources/<floor>/<target>/…, but our own C stands on no floor.
    target = path.split("/")[0 if path.startswith("CGohub/") else 1]
    for name in (target, "Sources"):
        modules[name][0] += lines["covered"]
        modules[name][1] += lines["count"]
    if lines["percent"] < LOW:
        low.append((lines["percent"], lines["count"], path))

for name, (covered, count) in sorted(modules.items()):
    print(f"{100 * covered / count:6.1f} %  {covered:6d} of {count:6d} lines  {name}")
for percent, count, path in sorted(low):
    print(f"  low: {percent:5.1f} % of {count} lines  {path}")

covered, count = modules["Sources"]
if not count:
    sys.exit("coverage: the report names no file of Sources")
if 100 * covered < floor * count:
    sys.exit(f"coverage: {100 * covered / count:.1f} % of the lines ran, at least {floor:.0f} % have to")
