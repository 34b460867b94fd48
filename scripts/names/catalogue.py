# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What families of metrics there are, with which labels and values: what `gohub metrics --json` prints."""

import dataclasses
import itertools
import json
import os
import pathlib
import re
import subprocess

# What Prometheus gives every series of a target.
TARGET_LABELS = frozenset({"job", "instance"})
SUFFIXES = ("_bucket", "_sum", "_count")


@dataclasses.dataclass(frozen=True)
class Family:
    """One family. `values` has for each label the values that it can have, or None where they are open."""

    name: str
    kind: str
    values: dict
    combinations: tuple | None
    bounds: tuple
    board: str | None

    def faults(self, series, matchers):
        """What is wrong with the matchers of a selector of this family, as sentences."""
        found = []
        for label, operator, value in matchers:
            if label in TARGET_LABELS or label == "__name__":
                continue
            if label == "le" and series.endswith("_bucket"):
                found += self._bound_faults(operator, value)
            elif label not in self.values:
                found.append(f"{self.name} has no label {label}")
            elif self.values[label] is not None:
                found += self._value_faults(label, operator, value)
        if not found and self.combinations and not self._possible(matchers):
            found.append(f"{self.name} has no series with these labels together")
        return found

    def _bound_faults(self, operator, value):
        if operator != "=":
            return [f"le {operator} is not compared; name one bound"]
        bounds = [*self.bounds, float("inf")]
        try:
            known = float(value) in bounds
        except ValueError:
            known = False
        return [] if known else [f"{self.name} has no bucket le={value!r}"]

    def _value_faults(self, label, operator, value):
        if value.startswith("$"):
            return []  # a variable of the dashboard
        if operator in ("=", "!="):
            known = value in self.values[label]
            return [] if known or value == "" else [f"{label} of {self.name} is never {value!r}"]
        return [
            f"{label} of {self.name} never matches {alternative!r}"
            for alternative in value.removeprefix("(").removesuffix(")").split("|")
            if not any(re.fullmatch(alternative, known) for known in self.values[label])
        ]

    def _possible(self, matchers):
        labels = list(self.values)
        relevant = [matcher for matcher in matchers if matcher[0] in self.values and not matcher[2].startswith("$")]
        return any(
            all(_matches(combination[labels.index(label)], operator, value) for label, operator, value in relevant)
            for combination in self.combinations
        )


def _matches(present, operator, value):
    equal = present == value if operator in ("=", "!=") else re.fullmatch(value, present) is not None
    return equal == (operator in ("=", "=~"))


class Catalogue:
    """All families, by name."""

    def __init__(self, entries):
        self.families = {
            entry["name"]: Family(
                name=entry["name"],
                kind=entry["type"],
                values={label["name"]: label["values"] for label in entry["labels"]},
                combinations=tuple(map(tuple, entry["combinations"])) if entry["combinations"] else None,
                bounds=tuple(entry["buckets"]),
                board=entry["dashboard"],
            )
            for entry in entries
        }

    def of_series(self, name):
        """The family of a series, or None. Of a histogram there are only series with a suffix."""
        family = self.families.get(name)
        if family:
            return None if family.kind == "histogram" else family
        return self._of_suffixed(name)

    def of_text(self, name):
        """The family that a word in a text means, or None: a histogram may stand there without a suffix."""
        return self.families.get(name) or self._of_suffixed(name)

    def _of_suffixed(self, name):
        for suffix in SUFFIXES:
            family = self.families.get(name.removesuffix(suffix)) if name.endswith(suffix) else None
            if family and family.kind == "histogram":
                return family
        return None

    def has_prefix(self, prefix):
        """Whether a family or a series of one begins so."""
        return any(
            name.startswith(prefix)
            for family in self.families.values()
            for name in itertools.chain([family.name], (family.name + suffix for suffix in SUFFIXES))
        )


def entries(source):
    """The families in a JSON file, or as the program prints them."""
    path = pathlib.Path(source)
    if path.suffix == ".json":
        return json.loads(path.read_text(encoding="utf-8"))
    # A question to the program is no test run, so it leaves no profile of coverage.
    environment = {**os.environ, "LLVM_PROFILE_FILE": "/dev/null"}
    command = [path, "metrics", "--json"]
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60).stdout)


def load(source):
    """The catalogue of a JSON file, or of the program that prints one."""
    return Catalogue(entries(source))
