# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Writes the dashboards, or with --check says which of them are not what would be written."""

import difflib
import itertools
import json
import pathlib
import sys

from dashboards.boards import BOARDS
from dashboards.render import render

DIRECTORY = pathlib.Path(__file__).resolve().parents[2] / "dashboards"
DIFF_LINES = 40


def texts():
    """name of file: what is to stand in it"""
    return {f"{board.uid}.json": json.dumps(render(board), indent=2, ensure_ascii=False) + "\n" for board in BOARDS}


def differences(directory):
    """What differs from the files of `directory`, as text for people; empty when all agree."""
    found = []
    wanted = texts()
    for name in sorted({path.name for path in directory.glob("*.json")} | set(wanted)):
        path = directory / name
        there = path.read_text(encoding="utf-8") if path.exists() else ""
        if name not in wanted:
            found.append(f"{name}: no board is called so; remove the file\n")
        elif there != wanted[name]:
            lines = difflib.unified_diff(
                there.splitlines(True), wanted[name].splitlines(True), f"dashboards/{name}", "generated"
            )
            found.append("".join(itertools.islice(lines, DIFF_LINES)))
    return found


def main(arguments):
    if arguments not in ([], ["--check"]):
        print("usage: scripts/dashboards/generate [--check]", file=sys.stderr)
        return 64
    if not arguments:
        DIRECTORY.mkdir(exist_ok=True)
        for name, text in texts().items():
            (DIRECTORY / name).write_text(text, encoding="utf-8")
        return 0
    found = differences(DIRECTORY)
    for text in found:
        print(text, file=sys.stderr)
    if found:
        print("dashboards: run 'scripts/dashboards/generate' and commit what it writes", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
