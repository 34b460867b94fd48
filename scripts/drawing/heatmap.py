# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""A histogram over time: a cell is a bucket at a time, the lighter the more was observed."""

import math

from drawing.axes import BOTTOM, RIGHT, TOP, events, time_axis, time_scale
from drawing.markup import label, picture, rectangle, text_width
from drawing.theme import SMALL, heat
from drawing.units import text

LEGEND = 20
# How many colours there are, which is how many shares of the largest cell can be told apart.
COLOURS = 24
LINE = 12


def draw(panel, series, answers, width, height):
    """The cells of all buckets, and what their colours mean."""
    span, options = answers.span, panel["options"]
    rows = buckets({float(one.labels["le"]): one.points for one in series})
    least = options["filterValues"]["le"]
    most = max(value for _, cells in rows for value in cells.values())
    height -= LEGEND
    names = [text(bound, options["yAxis"]["unit"]) for bound, _ in rows]
    left = max(text_width(name, SMALL) for name in names) + 8
    across = time_scale(span, left, width)
    tall = (height - BOTTOM - TOP) / len(rows)
    parts = [time_axis(span, across, left, width, height)]
    every = math.ceil(LINE / tall)
    for index, ((_, cells), name) in enumerate(zip(rows, names)):
        top = height - BOTTOM - (index + 1) * tall
        if index % every == 0:
            parts.append(label(left - 5, top + tall / 2 + 4, name, "end"))
        for began, ended, colour in runs(cells, most, least, span.step):
            x, end = across(began), min(across(ended), width - RIGHT)
            parts.append(rectangle(x, top + 0.5, end - x, tall - 1, fill=colour))
    parts.append(events(answers.marks, across, height))
    return picture(width, height, *parts) + _legend(most, options["cellValues"]["unit"])


def buckets(cumulative):
    """[(upper bound, {time: what lies between the bound below and this one})], the lowest first."""
    below = {}
    rows = []
    for bound in sorted(cumulative):
        at = {moment: value for moment, value in cumulative[bound] if math.isfinite(value)}
        rows.append((bound, {moment: max(value - below.get(moment, 0.0), 0.0) for moment, value in at.items()}))
        below = at
    return rows


def runs(cells, most, least, step):
    """[(began, ended, colour)] of neighbours of one colour; what is not above `least` has none."""
    found = []
    for moment, value in sorted(cells.items()):
        if value <= least:
            continue
        colour = heat(round(math.sqrt(value / most) * COLOURS) / COLOURS)
        if found and found[-1][2] == colour and moment - found[-1][1] <= step * 0.5:
            found[-1][1] = moment + step
        else:
            found.append([moment, moment + step, colour])
    return [tuple(run) for run in found]


def _legend(most, unit):
    """From nothing to the largest cell."""
    shades = (
        rectangle(40.0 + index * 5, 4, 5, 9, fill=heat(index / COLOURS)) for index in range(COLOURS + 1)
    )
    end = 40.0 + (COLOURS + 1) * 5
    return picture(400, LEGEND, label(34, 13, "0", "end"), *shades, label(end + 6, 13, text(most, unit)))
