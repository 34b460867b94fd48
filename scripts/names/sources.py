# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The queries and the names of metrics in files, with the line on which each stands."""

import contextlib
import dataclasses
import json
import re

import yaml

from names import promql

# A family's or a series' name in any text. Not the end of a longer word, of a path or of a recorded series; a star or …
# after it stands for any rest.
NAME = re.compile(r"(?<![\w:./$-])((?:gohub|process)_[a-z0-9_]*+)(\*|…)?(?!\w|[.:/-]\w)")
RECORDED = re.compile(r"(?<![\w:])((?:job|instance|node):gohub_[a-z0-9_]*(?::[a-z0-9_]*)?)")
# A name with matchers, in text.
SELECTOR = re.compile(r'(?<![\w:])(?:gohub|process)_[a-z0-9_]+\{\s*[a-z_]+\s*(?:=~|!~|!=|=)\s*"[^{}]*\}')
# A query that a runbook has asked.
QUERY = re.compile(r"promtool query instant \$PROMETHEUS '([^'…]+)'")
LABEL_VALUES = re.compile(r"label_values\((.*),\s*(\w+)\)\s*", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Expression:
    """A query and the line on which it begins."""

    text: str
    line: int
    # Whether the lines of the query are lines of the file.
    multiline: bool = False

    def line_at(self, position):
        """The line of a place in the query."""
        return self.line + (self.text.count("\n", 0, position) if self.multiline else 0)


def names(text):
    """(name, whether any rest may follow, line) of each word in a text that names a metric."""
    for number, line in enumerate(text.splitlines(), 1):
        for match in NAME.finditer(line):
            yield match[1], bool(match[2]) or match[1].endswith("_"), number


def recorded(text):
    """(name, line) of each recorded series that a text names."""
    for number, line in enumerate(text.splitlines(), 1):
        for match in RECORDED.finditer(line):
            yield match[1], number


def document_queries(text):
    """Selectors with matchers in a text, as queries, and the whole queries of its commands."""
    for number, line in enumerate(text.splitlines(), 1):
        for match in SELECTOR.finditer(line):
            yield Expression(match[0], number)
        for match in QUERY.finditer(line):
            yield Expression(match[1], number)


def dashboard_queries(text):
    """Each query of a dashboard: of panels, annotations and variables."""

    def walk(value):
        if isinstance(value, dict):
            if isinstance(value.get("expr"), str):
                yield value["expr"], value["expr"]
            elif value.get("type") == "query" and (match := LABEL_VALUES.fullmatch(str(value.get("query")))):
                yield value["query"], f"group by ({match[2]}) ({match[1]})" if "(" not in match[1] else match[1]
            for child in value.values():
                yield from walk(child)
        elif isinstance(value, list):
            for child in value:
                yield from walk(child)

    # Queries come in the order of the file; each is looked for behind the one before.
    position = 0
    for written, query in walk(json.loads(text)):
        found = text.find(json.dumps(written, ensure_ascii=False), position)
        position = found if found >= 0 else position
        yield Expression(query, text.count("\n", 0, position) + 1)


def rule_queries(text):
    """Each query of a file of rules or of their tests: `expr` and `series`."""

    def walk(node):
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value in ("expr", "series") and isinstance(value, yaml.ScalarNode):
                    block = value.style in ("|", ">")
                    yield Expression(
                        value.value, value.start_mark.line + (2 if block else 1), multiline=value.style == "|"
                    )
                yield from walk(value)
        elif isinstance(node, yaml.SequenceNode):
            for child in node.value:
                yield from walk(child)

    yield from walk(yaml.compose(text))


@dataclasses.dataclass(frozen=True)
class Rules:
    """What a file of rules brings about: the series that it records, its alerts, and the labels that alerts have."""

    recorded: frozenset = frozenset()
    alerts: dict = dataclasses.field(default_factory=dict)
    alert_labels: frozenset = frozenset()

    @classmethod
    def read(cls, file):
        """Of a file; nothing where there is none. `alerts` has for each alert its expressions and those of the recorded
        series in them."""
        if not file.exists():
            return cls()
        rules = [
            rule for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]
        ]
        records = {rule["record"]: rule["expr"] for rule in rules if "record" in rule}
        alerts, labels = {}, {"alertname", "alertstate"}
        for rule in (rule for rule in rules if "alert" in rule):
            used = [expr for name, expr in records.items() if name in rule["expr"]]
            alerts.setdefault(rule["alert"], []).extend([rule["expr"], *used])
            labels.update(rule.get("labels", ()))
            with contextlib.suppress(promql.PromQLError):  # told of as a query
                labels.update(label for label, _ in promql.parse(rule["expr"]).labels)
        return cls(frozenset(records), alerts, frozenset(labels))
