# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The rules as data."""

import dataclasses
import pathlib
import re

import yaml

from names import promql

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILE = ROOT / "alerts" / "gohub.rules.yml"
RUNBOOKS = ROOT / "docs" / "runbooks"
RUNBOOK_URL = "https://github.com/gohub/gohub/blob/main/docs/runbooks/{}.md"


@dataclasses.dataclass(frozen=True)
class Rule:
    """A recording or an alert rule; `wait` is its `for`, `keep` its `keep_firing_for`."""

    kind: str
    name: str
    expression: str
    wait: str
    labels: dict
    annotations: dict
    keep: str = ""

    @property
    def key(self):
        """The rule's name, with the long window where several rules have one name."""
        window = self.labels.get("long_window")
        return f"{self.name} {window}" if window else self.name

    @property
    def names(self):
        """What it reads: series of the hub, and names of recording rules."""
        return {selector.name for selector in promql.parse(self.expression).selectors}

    def as_yaml(self):
        """The rule as its file has it."""
        rule = {self.kind: self.name, "expr": self.expression}
        if self.kind == "alert":
            rule |= {"for": self.wait, "labels": self.labels, "annotations": self.annotations}
        if self.keep:
            rule["keep_firing_for"] = self.keep
        return rule


def _rule(entry):
    kind = "alert" if "alert" in entry else "record"
    return Rule(
        kind,
        entry[kind],
        entry["expr"],
        entry.get("for", ""),
        entry.get("labels", {}),
        entry.get("annotations", {}),
        entry.get("keep_firing_for", ""),
    )


class RuleFile:
    """All rules, in their order."""

    def __init__(self, file=FILE):
        groups = yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
        self.groups = [group["name"] for group in groups]
        self.all = [_rule(entry) for group in groups for entry in group["rules"]]
        self.alerts = {rule.key: rule for rule in self.all if rule.kind == "alert"}
        self.records = {rule.name: rule for rule in self.all if rule.kind == "record"}
        if len(self.alerts) + len(self.records) < len(self.all):
            raise ValueError("two rules have one name")

    @property
    def alert_names(self):
        return sorted({rule.name for rule in self.alerts.values()})

    def records_of(self, rule):
        """The recording rules that a rule reads."""
        return [record for name, record in self.records.items() if name in rule.names]

    def readers_of(self, record):
        """The alerts that read a recording rule."""
        return [rule for rule in self.alerts.values() if record.name in rule.names]

    def series_of(self, rule):
        """The names of the hub's series that a rule reads, also by way of recording rules."""
        return (rule.names - self.records.keys()).union(*(record.names for record in self.records_of(rule)))


def rendered(template, labels, value):
    """A description as Prometheus writes it; `value` is what becomes of its value."""
    text = re.sub(r"{{ \$labels\.(\w+) }}", lambda match: labels[match.group(1)], template)
    return re.sub(r"{{ \$value[^}]* }}", lambda _: value, text)
