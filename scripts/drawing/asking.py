# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What Prometheus answers to the panels of a board, over a time that was given."""

import collections
import dataclasses
import math
import re

from dashboards.reading import data_panels
from stack.api import ApiError
from stack.panel_queries import substitute, variable_values

# `points` are [(time, value)]; of a query for one moment there is one.
Series = collections.namedtuple("Series", "name labels points")
# An event that annotations tell: `label` is its title.
Mark = collections.namedtuple("Mark", "name colour label began ended")

POINTS = 150
# What Grafana takes for the scrape interval when nobody says another.
SCRAPE_INTERVAL = 15
LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclasses.dataclass(frozen=True)
class Span:
    """The time that is drawn, and how far apart the points of its graphs are; in seconds."""

    began: float
    ended: float

    @property
    def step(self):
        return max(1, math.ceil((self.ended - self.began) / POINTS))

    @property
    def rate_interval(self):
        """`$__rate_interval` as Grafana makes it."""
        return max(self.step + SCRAPE_INTERVAL, 4 * SCRAPE_INTERVAL)


@dataclasses.dataclass(frozen=True)
class Answers:
    """All that a board has to show."""

    board: dict
    span: Span
    variables: dict
    series: dict  # id of a panel: its series
    marks: list

    def without_data(self):
        """The titles of panels for which not one finite value was there."""
        return [panel["title"] for panel in data_panels(self.board) if not any(map(has_data, self.series[panel["id"]]))]


def has_data(series):
    return any(math.isfinite(value) for _, value in series.points)


def name(form, labels):
    """A series' name: its labels in the form that the query gives."""
    return LABEL.sub(lambda match: labels.get(match.group(1), ""), form).strip()


def ask(api, board, span):
    """The answers to all that a board asks; what Prometheus refuses raises ApiError with the panel's title."""
    known = {
        "__rate_interval": f"{span.rate_interval}s",
        "__interval": f"{span.step}s",
        "__range": f"{int(span.ended - span.began)}s",
    }
    variables, _ = variable_values(board, api, known)
    series = {panel["id"]: _series(api, panel, variables, span) for panel in data_panels(board)}
    marks = [mark for annotation in board["annotations"]["list"] for mark in _marks(api, annotation, variables, span)]
    return Answers(board, span, {key: value for key, value in variables.items() if key not in known}, series, marks)


def _series(api, panel, variables, span):
    found = []
    for target in panel["targets"]:
        expression = substitute(target["expr"], variables)
        try:
            if target["instant"]:
                answer = [(labels, [(span.ended, value)]) for labels, value in api.query(expression, span.ended)]
            else:
                answer = api.query_range(expression, span.began, span.ended, span.step)
        except ApiError as error:
            raise ApiError(f"{panel['title']}: {error}") from None
        found += [Series(name(target["legendFormat"], labels), labels, points) for labels, points in answer]
    return found


def _marks(api, annotation, variables, span):
    answer = api.query_range(substitute(annotation["expr"], variables), span.began, span.ended, span.step)
    for labels, points in answer:
        for began, ended in runs([moment for moment, _ in points], 1.5 * span.step):
            label = name(annotation["titleFormat"], labels)
            yield Mark(annotation["name"], annotation["iconColor"], label, began, ended)


def runs(moments, gap):
    """(first, last) of moments of which no two neighbours are further apart than `gap`."""
    found = []
    for moment in moments:
        if found and moment - found[-1][1] <= gap:
            found[-1][1] = moment
        else:
            found.append([moment, moment])
    return [tuple(run) for run in found]
