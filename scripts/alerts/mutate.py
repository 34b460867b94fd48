# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Breaks each rule in every way of mutants.py and runs the cases of its alerts: one that none notices has survived."""

import concurrent.futures
import dataclasses
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from alerts.generate import all_cases, evaluated_each, test_file
from alerts.mutants import mutants
from alerts.rules import Rule

# promtool takes some time to start, and reads one file of tests after the other.
BATCH = 16
UNBROKEN = "unbroken"


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A broken rule; `rules` are those that its test needs, itself among them, and `cases` those of its alerts."""

    name: str
    what: str
    rules: tuple[Rule, ...]
    cases: tuple


def all_mutants(suite, only):
    """Each rule unbroken first, which its cases have to pass, and then each mutant."""
    rules = suite.rules
    for rule in rules.all:
        readers = rules.readers_of(rule) if rule.kind == "record" else [rule]
        if only and not {reader.name for reader in readers} & set(only):
            continue
        needed = {record.name: record for reader in readers for record in rules.records_of(reader)}
        others = [other for other in [*needed.values(), *readers] if other is not rule]
        cases = tuple(case for case in suite.cases if case.alert in {reader.key for reader in readers})
        for what, changed in [(UNBROKEN, rule), *mutants(rule)]:
            # Recording rules first, as alerts read them.
            used = sorted([*others, changed], key=lambda each: each.kind == "alert")
            yield Mutant(rule.key, what, tuple(used), cases)


def write(mutant, case, directory):
    """Writes the rules of a mutant and a case, as JSON, which is YAML too."""
    directory.mkdir()
    groups = [{"name": "rules", "rules": [rule.as_yaml() for rule in mutant.rules]}]
    (directory / "rules.yml").write_text(json.dumps({"groups": groups}), encoding="utf-8")
    tests = test_file([case], "rules.yml", ["rules"], evaluated_each(case))
    (directory / "test.yml").write_text(json.dumps(tests), encoding="utf-8")


def passed(batch, number):
    """Those of some mutants whose case of this number passes."""
    with tempfile.TemporaryDirectory() as place:
        directories = [pathlib.Path(place) / str(index) for index in range(len(batch))]
        for mutant, directory in zip(batch, directories):
            write(mutant, mutant.cases[number], directory)
        if not number:
            checked = promtool(
                "check", "rules", "--lint=none", *[f"{directory}/rules.yml" for directory in directories]
            )
            if checked.returncode:
                raise ValueError("a mutant is no rule:\n" + checked.stderr)
        said = promtool("test", "rules", *[f"{directory}/test.yml" for directory in directories]).stdout
        verdicts = [block.split() for block in said.split("Unit Testing:")[1:]]
        assert [verdict[0] for verdict in verdicts] == [f"{directory}/test.yml" for directory in directories], said
        return [mutant for mutant, verdict in zip(batch, verdicts) if verdict[1:] == ["SUCCESS"]]


def promtool(*arguments):
    """Runs promtool to its end."""
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)


def survivors(every, pool):
    """Those whose cases all pass: round by round, so that a mutant runs no more cases once one has noticed."""
    left, done = list(every), []
    for number in itertools.count():
        done += [mutant for mutant in left if number == len(mutant.cases)]
        left = [mutant for mutant in left if number < len(mutant.cases)]
        if not left:
            return done
        batches = [left[start : start + BATCH] for start in range(0, len(left), BATCH)]
        left = list(itertools.chain.from_iterable(pool.map(passed, batches, [number] * len(batches))))


def main(only):
    """The exit code; `only` names the alerts whose rules are broken, none are all."""
    started = time.monotonic()
    every = list(all_mutants(all_cases(), only))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        survived = survivors(every, pool)
    broken = [mutant for mutant in every if mutant.what != UNBROKEN]
    unnoticed = [mutant for mutant in survived if mutant.what != UNBROKEN]
    faulty = {mutant.name for mutant in every if mutant.what == UNBROKEN} - {mutant.name for mutant in survived}
    for name in sorted(faulty):
        print(f"{name}: its own cases fail, so its mutants tell nothing")
    for mutant in unnoticed:
        print(f"{mutant.name}: {mutant.what}: no case notices")
    print(f"{len(broken) - len(unnoticed)} of {len(broken)} mutants killed, in {time.monotonic() - started:.0f} s")
    return 1 if unnoticed or faulty or not broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
