# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Breaks each rule in every way of mutants.py and runs the test cases of its alerts: one that no case notices has survived."""

import concurrent.futures
import dataclasses
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
BATCH = 12


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A broken rule; `rules` are those that its test needs, itself among them, and `alerts` those whose cases are run."""

    what: str
    rules: tuple[Rule, ...]
    alerts: tuple[str, ...]


def all_mutants(rules, only):
    """Each rule unbroken first, which its cases have to pass, and then each mutant."""
    for rule in rules.all:
        readers = rules.readers_of(rule) if rule.kind == "record" else [rule]
        if only and not {reader.name for reader in readers} & set(only):
            continue
        needed = {record.name: record for reader in readers for record in rules.records_of(reader)}
        others = [other for other in [*needed.values(), *readers] if other is not rule]
        alerts = tuple(reader.key for reader in readers)
        for what, changed in [("unbroken", rule), *mutants(rule)]:
            # Recording rules first, as alerts read them.
            used = sorted([*others, changed], key=lambda each: each.kind == "alert")
            yield Mutant(f"{rule.key}: {what}", tuple(used), alerts)


def write(mutant, cases, directory):
    """Writes the rules and tests of a mutant, as JSON, which is YAML too; returns the files of tests."""
    directory.mkdir()
    groups = [{"name": "rules", "rules": [rule.as_yaml() for rule in mutant.rules]}]
    (directory / "rules.yml").write_text(json.dumps({"groups": groups}), encoding="utf-8")
    files = []
    for step in sorted({evaluated_each(case) for name in mutant.alerts for case in cases[name]}):
        own = [case for name in mutant.alerts for case in cases[name] if evaluated_each(case) == step]
        files.append(directory / f"tests-{step}.yml")
        tests = test_file(own, "rules.yml", ["rules"], step)
        files[-1].write_text(json.dumps(tests), encoding="utf-8")
    return files


def judge(batch, cases):
    """(mutant, whether its cases passed) for each of some mutants."""
    with tempfile.TemporaryDirectory() as place:
        files = {index: write(mutant, cases, pathlib.Path(place) / str(index)) for index, mutant in enumerate(batch)}
        rule_files = [f"{place}/{index}/rules.yml" for index in files]
        checked = promtool("check", "rules", "--lint=none", *rule_files)
        if checked.returncode:
            raise ValueError("a mutant is no rule:\n" + checked.stderr)
        said = promtool("test", "rules", *[str(file) for each in files.values() for file in each]).stdout
        verdicts = {}
        for block in said.split("Unit Testing:")[1:]:
            file, _, verdict = block.strip().partition("\n")
            verdicts[file.strip()] = verdict.strip() == "SUCCESS"
        return [(mutant, all(verdicts[str(file)] for file in files[index])) for index, mutant in enumerate(batch)]


def promtool(*arguments):
    """Runs promtool to its end."""
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)


def main(only):
    """The exit code; `only` names the alerts whose rules are broken, none are all."""
    started = time.monotonic()
    suite = all_cases()
    cases = {key: [case for case in suite.cases if case.alert == key] for key in suite.rules.alerts}
    every = list(all_mutants(suite.rules, only))
    batches = [every[start:start + BATCH] for start in range(0, len(every), BATCH)]
    killed = survived = 0
    faults = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for verdicts in pool.map(lambda batch: judge(batch, cases), batches):
            for mutant, passed in verdicts:
                unbroken = mutant.what.endswith(": unbroken")
                if unbroken != passed:
                    faults.append(f"{mutant.what}: {'its own cases fail' if unbroken else 'no case notices'}")
                killed += not unbroken and not passed
                survived += not unbroken and passed
    for fault in faults:
        print(fault)
    print(f"{killed} of {killed + survived} mutants killed, in {time.monotonic() - started:.0f} s")
    return 1 if faults or not killed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
