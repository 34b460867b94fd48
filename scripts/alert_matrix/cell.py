# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""A cell of the matrix: one fault and the alert that has to fire for it."""

import dataclasses
import typing

CELLS = {}
# Seconds, of a cell that says nothing else: how long all is well before the fault, and how long the alert may take.
BASELINE = 90
WITHIN = 300


@dataclasses.dataclass(frozen=True)
class Cell:
    """One fault.

    `steps` is a generator function of the scene: up to its first `yield` it starts what it needs; behind it comes the fault,
    where each `yield` says in how many seconds it is to be continued; when it is closed it undoes the fault.
    """

    alert: str
    fault: str
    steps: typing.Callable
    within: float
    # Within so many seconds after the fault is undone it fires no more; None where that takes long by the rule's window.
    resolves: float | None
    baseline: float
    # {alert: why it is the same fault seen twice}
    allowed: dict
    # Takes so much processor time that it runs while hardly anything else does.
    is_heavy: bool
    # Why the program cannot be brought to it, so that what Prometheus reads is changed on its way.
    simulated: str

    @property
    def seconds(self):
        """How long it may take, about."""
        return self.baseline + self.within + (self.resolves or 0) + 60


def cell(
    alert, fault, within=WITHIN, resolves=None, baseline=BASELINE, allowed=None, is_heavy=False, simulated=""
):
    """Adds a generator function to the cells."""

    def register(steps):
        assert alert not in CELLS, f"{alert} has two cells"
        CELLS[alert] = Cell(alert, fault, steps, within, resolves, baseline, allowed or {}, is_heavy, simulated)
        return steps

    return register


def hold(seconds=5.0):
    """Goes on with nothing to do until the cell is over."""
    while True:
        yield seconds
