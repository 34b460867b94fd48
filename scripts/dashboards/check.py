# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Judges dashboards/*.json by every rule. Argument: the program, or a file of JSON that it printed as its catalogue."""

import pathlib
import sys

from dashboards import lint, promtool, readback, structure
from dashboards.reading import Surroundings, data_panels, load, targets

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = {**lint.RULES, **structure.RULES, "foundation SDK": readback.faults}
OVERALL_RULES = {**structure.OVERALL_RULES, "promtool": promtool.faults}


def judge(boards, surroundings):
    """rule: what is wrong by it, as sentences"""
    found = {
        rule: [f"{name}: {fault}" for name, board in boards.items() for fault in check(board, surroundings)]
        for rule, check in RULES.items()
    }
    return found | {rule: list(check(boards, surroundings)) for rule, check in OVERALL_RULES.items()}


def main(arguments):
    """The verdict on this repository's dashboards."""
    boards = load(ROOT / "dashboards")
    verdicts = judge(boards, Surroundings.of(ROOT, arguments[0]))
    for rule, faults in verdicts.items():
        for fault in faults:
            print(f"{rule}: {fault}", file=sys.stderr)
    count = sum(map(len, verdicts.values()))
    panels = sum(len(data_panels(board)) for board in boards.values())
    queries = sum(len(targets(board)) for board in boards.values())
    print(
        f"dashboards: {len(boards)} boards, {panels} panels, {queries} queries, {len(verdicts)} rules, {count} faults"
    )
    return 1 if count or not boards else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
