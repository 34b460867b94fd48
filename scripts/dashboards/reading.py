# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""How the rules read a dashboard's JSON."""

import dataclasses
import json
import pathlib

import yaml

from names import catalogue, promql
from names.sources import Rules


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """What dashboards are compared with: `runbooks` has the names of their pages.

    `prometheus` is its example configuration, `data_sources` the file by which Grafana finds it.
    """

    families: catalogue.Catalogue
    rules: Rules
    runbooks: frozenset
    prometheus: dict
    data_sources: dict

    @classmethod
    def of(cls, root, source):
        """Those of a repository, with the catalogue from `source`."""
        runbooks = frozenset(path.stem for path in (root / "docs" / "runbooks").glob("*.md"))
        return cls(
            catalogue.load(source),
            Rules.read(root / "alerts" / "gohub.rules.yml"),
            runbooks,
            _yaml(root / "configs" / "prometheus.yml"),
            _yaml(root / "dashboards" / "provisioning" / "datasources" / "prometheus.yml"),
        )


def _yaml(file):
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def load(directory):
    """name of file: dashboard"""
    return {
        path.name: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(pathlib.Path(directory).glob("*.json"))
    }


def all_panels(board):
    """Every panel, rows and those inside of collapsed rows among them."""
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels", ())


def data_panels(board):
    """Every panel that shows data."""
    return [panel for panel in all_panels(board) if panel["type"] not in ("row", "text")]


def targets(board):
    """(name of the panel, query) of every query that a panel makes."""
    return [(panel.get("title", ""), target) for panel in data_panels(board) for target in panel.get("targets", ())]


def annotations(board):
    """(name, query) of every annotation."""
    return [(entry.get("name", ""), entry) for entry in board.get("annotations", {}).get("list", ())]


def selectors(board):
    """(name of the panel or annotation, selector) of all queries that can be read."""
    for title, query in [*targets(board), *annotations(board)]:
        try:
            parsed = promql.parse(query.get("expr", ""))
        except promql.PromQLError:
            continue  # target-promql-rule tells of it
        for selector in parsed.selectors:
            yield title, selector


def variables(board):
    """name: variable"""
    return {variable["name"]: variable for variable in board.get("templating", {}).get("list", ())}
