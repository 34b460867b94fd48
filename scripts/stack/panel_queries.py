# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What dashboards ask of Prometheus, with the variables put in as Grafana does."""

import collections
import re

from dashboards.reading import data_panels

# `what` says what it is for: a panel, an annotation.
Query = collections.namedtuple("Query", "board what panel ref expression")

VARIABLE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))")
# A rule's record of a rate over a window, as rules name it.
RECORD = re.compile(r"\w+:\w+:ratio_rate(\d+)([mhd])\b")
SECONDS = {"m": 60, "h": 3600, "d": 86400}
LABEL_VALUES = re.compile(r"label_values\((?:(.*),\s*)?(\w+)\)", re.DOTALL)


def queries(board):
    """All that the panels and annotations of a dashboard ask; a target without an expression is a fault."""
    name = board["uid"]
    for panel in data_panels(board):
        for target in panel.get("targets", []):
            yield Query(name, "panel", panel["title"], target["refId"], target["expr"])
    for annotation in board["annotations"]["list"]:
        if "expr" in annotation:
            yield Query(name, "annotation", annotation["name"], "", annotation["expr"])


def looks_back(expression):
    """Over how many seconds of recorded rates an expression looks; 0 without one."""
    return max((int(count) * SECONDS[unit] for count, unit in RECORD.findall(expression)), default=0)


def as_matcher(values):
    """Values as Grafana writes them for a =~ of Prometheus: escaped, and several as alternatives."""
    escaped = [re.sub(r"([\\^$*+?.()|\[\]{}])", r"\\\\\1", value) for value in values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def substitute(text, variables):
    """`text` with variables in; one that is not known raises KeyError."""
    return VARIABLE.sub(lambda match: variables[match.group(1) or match.group(2)], text)


def variable_values(board, api, known):
    """The variables of a dashboard that are queries, each with all values that it has now; those without any are named.

    `known` are the other variables. The answer is (variables as matchers, names of those without a value).
    """
    variables, empty = dict(known), []
    for variable in board["templating"]["list"]:
        if variable["type"] != "query":
            continue
        selector, label = LABEL_VALUES.fullmatch(variable["query"]).groups()
        found = api.label_values(label, selector and substitute(selector, variables))
        if not found:
            empty.append(variable["name"])
        variables[variable["name"]] = as_matcher(found or [""])
    return variables, empty
