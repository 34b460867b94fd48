# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Whether the rules and runbooks read what the program exposes, by the program's own catalogue."""

import json
import os
import re
import subprocess

from alerts import promql
from alerts.rules import ROOT, RUNBOOKS

# What Prometheus itself says of a target.
OF_PROMETHEUS = {"up": set()}
OF_TARGETS = {"job", "instance"}


def families(binary=None):
    """The program's families by name."""
    binary = binary or os.environ.get("GOHUB_BINARY", ROOT / ".build" / "debug" / "gohub")
    answer = subprocess.run([binary, "metrics", "--json"], capture_output=True, check=True, timeout=30)
    return {family["name"]: family for family in json.loads(answer.stdout)}


def faults_of_selector(selector, catalogue):
    """What is wrong with what a rule selects, as sentences."""
    if selector.name in OF_PROMETHEUS:
        return
    name = _family(selector.name, catalogue)
    if name is None:
        yield f"{selector.name} is no family of the program"
        return
    family = catalogue[name]
    labels = {label["name"]: label["values"] for label in family["labels"]}
    for label, operator, wanted in selector.matchers:
        if label == "le":
            if wanted not in _bounds(family):
                yield f"{selector.name} has no bucket le=\"{wanted}\""
        elif label not in labels:
            if label not in OF_TARGETS:
                yield f"{name} has no label {label}"
        elif labels[label] is not None:
            yield from _faults_of_values(name, label, operator, wanted, labels[label])


def _faults_of_values(name, label, operator, wanted, values):
    # Each alternative of a pattern has to be there: a group of words is not one of several that are.
    words = wanted.split("|") if "~" in operator else [wanted]
    for word in words:
        if not any(re.fullmatch(word, value) for value in values):
            yield f'{name} has no {label}="{word}"'


def _family(series, catalogue):
    """The family of a series, whose name has a suffix where it is a histogram."""
    if series in catalogue:
        return series
    name = re.sub(r"_(bucket|count|sum)$", "", series)
    return name if name in catalogue and catalogue[name]["type"] == "histogram" else None


def _bounds(family):
    """The bounds of a family's buckets as its page has them."""
    return {"+Inf"} | {f"{bound:g}" if isinstance(bound, float) else str(bound) for bound in family["buckets"]}


def faults_of_rules(rules, catalogue):
    """What the rules read and the program does not expose."""
    for rule in rules.all:
        for selector in promql.selectors(rule.expression):
            if selector.name not in rules.records:
                for fault in faults_of_selector(selector, catalogue):
                    yield f"{rule.key}: {fault}"


def faults_of_runbooks(catalogue):
    """Families that runbooks name and the program does not have."""
    for page in sorted(RUNBOOKS.glob("*.md")):
        for name in sorted(set(re.findall(r"(?<![\w:])(?:gohub|process)_[a-z_]+[a-z](?!\w|…|\*)", page.read_text(encoding="utf-8")))):
            if _family(name, catalogue) is None:
                yield f"{page.name}: {name} is no family of the program"
