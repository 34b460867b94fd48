# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Our rules beside those of dashboard-linter: the frame of a dashboard, its layout, its alerts, its families."""

import itertools
import math
import re

from dashboards.model import runbook
from dashboards.permitted_empty import PERMITTED_EMPTY
from dashboards.reading import all_panels, annotations, data_panels, selectors, variables
from dashboards.render import GRID_WIDTH, SCHEMA_VERSION
from names import promql
from names.catalogue import TARGET_LABELS

# What the catalogue calls a group of families: the uid of the board that has to show them.
BOARDS = {
    "overview": "gohub-overview",
    "delivery": "gohub-delivery",
    "bus": "gohub-bus",
    "clientsAndNode": "gohub-node",
}
# Colours that begin before the alert: (uid of the board, title of the panel, threshold): why.
BEFORE_ALERT = {
    ("gohub-overview", "Canary failures (worst node)", 0.01): "users feel it long before one message in five is lost",
}
FRAME = {"schemaVersion": SCHEMA_VERSION, "timezone": "", "refresh": "30s", "graphTooltip": 1, "tags": ["gohub"]}
NUMBER = re.compile(r"(?<![\w.])\d*\.?\d+(?![\w.])")


def frame(board, _):
    """What Grafana needs to know a dashboard again, and to show it as the others."""
    for key, value in FRAME.items():
        if board.get(key) != value:
            yield f"{key} is {board.get(key)!r}, not {value!r}"
    for key in ("uid", "title", "version"):
        if not board.get(key):
            yield f"there is no {key}"
    for key in ("id", "__inputs", "__requires"):
        if key in board:
            yield f"{key} is there: it belongs to one Grafana"
    if list(variables(board)) != ["datasource", "job", "instance", "bus"]:
        yield f"the variables are {list(variables(board))}"


def nulls(board, _):
    """Nothing is null: readers of other languages trip over it."""

    def walk(value, path):
        if value is None:
            yield f"{path} is null"
        elif isinstance(value, dict):
            for key, child in value.items():
                yield from walk(child, f"{path}.{key}")
        elif isinstance(value, list):
            for index, child in enumerate(value):
                yield from walk(child, f"{path}[{index}]")

    yield from walk(board, "")


def unique(board, _):
    """No two panels have one id or one title, no two queries of a panel one letter."""
    panels = list(all_panels(board))
    for key in ("id", "title"):
        values = [panel.get(key) for panel in panels]
        yield from (
            f"two panels have the {key} {value!r}"
            for value in sorted({v for v in values if values.count(v) > 1}, key=str)
        )
    for panel in data_panels(board):
        letters = [target.get("refId") for target in panel.get("targets", ())]
        if len(set(letters)) < len(letters):
            yield f"{panel.get('title')}: two queries have one refId"


def layout(board, _):
    """Panels lie within the grid and on no other; those of a collapsed row among themselves."""
    for group in (board["panels"], *(panel["panels"] for panel in board["panels"] if panel.get("panels"))):
        places = [(panel.get("title"), panel["gridPos"]) for panel in group]
        for title, place in places:
            if place["x"] < 0 or place["w"] < 1 or place["h"] < 1 or place["x"] + place["w"] > GRID_WIDTH:
                yield f"{title}: is outside of the grid"
        for (first, a), (second, b) in itertools.combinations(places, 2):
            if (
                a["x"] < b["x"] + b["w"]
                and b["x"] < a["x"] + a["w"]
                and a["y"] < b["y"] + b["h"]
                and b["y"] < a["y"] + a["h"]
            ):
                yield f"{first}: lies on {second}"


def links(board, _):
    """The other boards are one click away, with the same time and variables."""
    wanted = {"type": "dashboards", "tags": ["gohub"], "keepTime": True, "includeVars": True}
    if not any(wanted.items() <= link.items() for link in board.get("links", ())):
        yield "no link to the dashboards with the tag gohub that keeps time and variables"


def marks(board, _):
    """Starts of nodes and firing alerts are marked on every graph."""
    expressions = " ".join(query.get("expr", "") for _, query in annotations(board) if query.get("enable"))
    for needed in ("process_start_time_seconds{", "ALERTS{"):
        if needed not in expressions:
            yield f"no annotation asks for {needed}…}}"


def alerts(board, surroundings):
    """Alerts that a panel names are there, with a runbook, and the panel's thresholds are numbers of theirs."""
    for panel in data_panels(board):
        names = [link["title"].removeprefix("Runbook of ") for link in panel.get("links", ())]
        for name, link in zip(names, panel.get("links", ())):
            if name not in surroundings.rules.alerts:
                yield f"{panel['title']}: there is no alert {name}"
            if name not in surroundings.runbooks:
                yield f"{panel['title']}: there is no runbook of {name}"
            if link["url"] != runbook(name) or f"[{name}]({runbook(name)})" not in panel["description"]:
                yield f"{panel['title']}: the link to the runbook of {name} does not lead there"
        known = {
            number for name in names for expr in surroundings.rules.alerts.get(name, ()) for number in numbers(expr)
        }
        for step in panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", ()):
            value = step.get("value")
            if (
                value is not None
                and not any(math.isclose(value, number) for number in known)
                and (board.get("uid"), panel.get("title"), value) not in BEFORE_ALERT
            ):
                yield f"{panel['title']}: no alert that it names has the threshold {value}"


def numbers(expression):
    """The numbers of an alert's expression, and their products with a number that stands beside."""
    found = [float(text) for text in NUMBER.findall(expression)]
    products = re.findall(rf"({NUMBER.pattern})\s*\*\s*({NUMBER.pattern})", expression)
    return [*found, *(float(a) * float(b) for a, b in products)]


def legend_order(board, _):
    """A legend has room for a few of many series: those that matter come first, and one that it sorts by is there."""
    for panel in data_panels(board):
        if panel["type"] == "timeseries":
            legend = panel["options"]["legend"]
            if (legend.get("sortBy"), legend.get("sortDesc")) != ("Max", True) or "max" not in legend["calcs"]:
                yield f"{panel.get('title')}: the legend does not begin with the largest maximum"


def legends(board, surroundings):
    """A legend and a table name labels that the query gives: those that it sums by, or those of series that it takes as
    they are."""
    for panel in data_panels(board):
        columns = [
            name
            for step in panel.get("transformations", ())
            if step["id"] == "filterFieldsByName"
            for name in step["options"]["include"]["names"]
            if name != "Value"
        ]
        for target in panel.get("targets", ()):
            try:
                query = promql.parse(target["expr"])
            except promql.PromQLError:
                continue  # target-promql-rule tells of it
            known = {label for label, _ in query.labels}
            for selector in query.selectors:
                if selector.name == "ALERTS":
                    known |= surroundings.rules.alert_labels
                if not promql.AGGREGATIONS.intersection(selector.calls):
                    family = surroundings.families.of_series(selector.name)
                    known |= TARGET_LABELS | set(family.values if family else ())
            used = columns or re.findall(r"{{\s*(\w+)\s*}}", target.get("legendFormat", ""))
            yield from (
                f"{panel['title']}: names {label}, which the query does not give"
                for label in used
                if label not in known
            )


RULES = {
    "frame": frame,
    "nulls": nulls,
    "unique": unique,
    "layout": layout,
    "links": links,
    "marks": marks,
    "alerts": alerts,
    "legend order": legend_order,
    "legends": legends,
}


# Rules over all boards: they take name of file: dashboard.


def file_names(boards, _):
    """A dashboard is known by one name."""
    for name, board in boards.items():
        if name != f"{board.get('uid')}.json":
            yield f"{name}: its uid is {board.get('uid')}"


def families(boards, surroundings):
    """Every family is on a panel of its board, unless the catalogue has it among the diagnostics."""
    shown = {
        board.get("uid"): {
            family.name
            for _, selector in selectors({**board, "annotations": {}})
            if (family := surroundings.families.of_series(selector.name))
        }
        for board in boards.values()
    }
    for family in surroundings.families.families.values():
        if family.board is not None and family.name not in shown.get(BOARDS[family.board], ()):
            yield f"{BOARDS[family.board]} has no panel of {family.name}"


def alerts_shown(boards, surroundings):
    """Every alert has a panel that shows what it looks at."""
    named = {
        link["title"].removeprefix("Runbook of ")
        for board in boards.values()
        for panel in data_panels(board)
        for link in panel.get("links", ())
    }
    yield from (f"no panel names {alert}" for alert in sorted(set(surroundings.rules.alerts) - named))


def permitted_empty(boards, _):
    """What may be empty is a panel or an annotation that is there."""
    there = {
        (board.get("uid"), name)
        for board in boards.values()
        for name in [*(panel["title"] for panel in data_panels(board)), *(name for name, _ in annotations(board))]
    }
    yield from (
        f"permitted_empty.py names {title} of {uid}, which is not there" for uid, title in set(PERMITTED_EMPTY) - there
    )


def before_alert(boards, _):
    """What is coloured before an alert is a threshold of a panel that is there."""
    there = {
        (board.get("uid"), panel["title"], step.get("value"))
        for board in boards.values()
        for panel in data_panels(board)
        for step in panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", ())
    }
    for uid, title, value in set(BEFORE_ALERT) - there:
        yield f"BEFORE_ALERT names {value} of {title} of {uid}, which is not there"


def scrape_interval(_, surroundings):
    """Grafana knows how often Prometheus scrapes: it makes the windows of rates of it."""
    scraped = surroundings.prometheus["global"]["scrape_interval"]
    for source in surroundings.data_sources["datasources"]:
        told = source["jsonData"].get("timeInterval")
        if told != scraped:
            yield f"the data source {source['name']} has timeInterval {told}, Prometheus scrapes every {scraped}"
    for job in surroundings.prometheus["scrape_configs"]:
        if job.get("scrape_interval", scraped) != scraped:
            yield f"the job {job['job_name']} is scraped every {job['scrape_interval']}, and others every {scraped}"


OVERALL_RULES = {
    "file names": file_names,
    "families": families,
    "alerts shown": alerts_shown,
    "permitted empty": permitted_empty,
    "before alert": before_alert,
    "scrape interval": scrape_interval,
}
