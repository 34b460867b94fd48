# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Panels, rows and boards as values."""

import dataclasses

RUNBOOKS = "https://github.com/gohub/gohub/blob/main/docs/runbooks"

# The colours of thresholds: what the alert's severity is.
GOOD = "green"
WARNING = "orange"
CRITICAL = "red"


@dataclasses.dataclass(frozen=True)
class Target:
    """One query of a panel."""

    expr: str
    legend: str = "{{instance}}"


@dataclasses.dataclass(frozen=True)
class Panel:
    """One panel. `normal` says what it shows when all is well, `act` what to do when it does not."""

    title: str
    kind: str
    targets: tuple
    normal: str
    act: str
    unit: str = "short"
    what: str = ""
    alerts: tuple = ()
    # (value, colour) from which on the value has that colour; below the first it is `base`.
    limits: tuple = ()
    base: str = GOOD
    # value: (text, colour)
    mappings: dict = dataclasses.field(default_factory=dict)
    stack: bool = False
    # From which value on a graph's scale is logarithmic, linear below; 0 is a scale without a 0.
    logarithmic_from: float | None = None
    # A graph of series that are there only while they are above 0: the last value of one may be an old one.
    only_above_zero: bool = False
    # The unit of a heat map's cells; what they count is asked as a rate, mostly.
    cells: str = "eps"
    decimals: int | None = None
    no_value: str = ""
    # What a table calls its columns, by label or query, in this order; others are hidden.
    columns: dict = dataclasses.field(default_factory=dict)
    # The column by which a table is sorted, as it is called there.
    sort_by: str = ""
    width: int = 8
    height: int = 8

    @property
    def description(self):
        """What Grafana shows behind the panel's i."""
        scale = "" if self.logarithmic_from is None else "The scale is logarithmic."
        parts = [f"{self.what} {scale}".strip(), f"**Normal:** {self.normal}", f"**Otherwise:** {self.act}"]
        if self.alerts:
            links = ", ".join(f"[{name}]({runbook(name)})" for name in self.alerts)
            parts.append(f"**{'Alerts' if len(self.alerts) > 1 else 'Alert'}:** {links}")
        return "\n\n".join(part for part in parts if part)


@dataclasses.dataclass(frozen=True)
class Row:
    """Panels under one heading; without a title they stand at the top of the board."""

    title: str
    panels: tuple
    collapsed: bool = False


@dataclasses.dataclass(frozen=True)
class Board:
    """One dashboard."""

    uid: str
    title: str
    description: str
    rows: tuple

    @property
    def panels(self):
        return [panel for row in self.rows for panel in row.panels]


def runbook(alert):
    """Where an alert's page of docs/runbooks/ is to be read."""
    return f"{RUNBOOKS}/{alert}.md"


def one(expr, legend="{{instance}}"):
    """A panel's only query."""
    return (Target(expr, legend),)
