# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""States over time: a band for each series, in the colour of its state."""

import math

from drawing.asking import has_data
from drawing.axes import BOTTOM, RIGHT, TOP, events, time_axis, time_scale
from drawing.looks import look
from drawing.markup import element, label, picture, rectangle, shortened, text_width, words
from drawing.theme import NAMED, SMALL

LEFT_SHARE = 0.4
LEGEND = 15


def draw(panel, series, answers, width, height):
    """As many bands as there are series, the name of each on the left."""
    series = [one for one in series if has_data(one)]
    span, defaults = answers.span, panel["fieldConfig"]["defaults"]
    legend = _legend(series, defaults, span.ended) if panel["options"]["legend"]["showLegend"] else ""
    height -= LEGEND if legend else 0
    left = min(max(text_width(one.name, SMALL) for one in series) + 10, width * LEFT_SHARE)
    across = time_scale(span, left, width)
    band = (height - BOTTOM - TOP) / len(series)
    parts = [time_axis(span, across, left, width, height)]
    for index, one in enumerate(series):
        top = TOP + index * band
        middle = top + band / 2 + 4
        parts.append(label(left - 6, middle, shortened(one.name, left - 8, SMALL), "end"))
        for began, ended, value in states(one.points, span.step):
            state, colour = look(value, defaults, span.ended)
            x, end = across(began), min(across(ended), width - RIGHT)
            parts.append(rectangle(x, top + band * 0.05, end - x, band * 0.9, fill=NAMED[colour], fill_opacity=0.7))
            if text_width(state, SMALL) + 8 < end - x:
                parts.append(label(x + 5, middle, state, style="fill:#ffffff"))
    parts.append(events(answers.marks, across, height))
    return picture(width, height, *parts) + legend


def _legend(series, defaults, now):
    """The states that are there, and their colours."""
    found = {look(value, defaults, now) for one in series for _, value in one.points if math.isfinite(value)}
    entries = (
        element("span", element("i", style=f"background:{NAMED[colour]}"), words(state))
        for state, colour in sorted(found)
    )
    return element("div", *entries, class_="legend")


def states(points, step):
    """[(began, ended, value)] of values that stay the same; each lasts until the next, and at most a step."""
    found = []
    for moment, value in points:
        if not math.isfinite(value):
            continue
        if found and found[-1][2] == value and moment - found[-1][1] <= step * 0.5:
            found[-1][1] = moment + step
        else:
            found.append([moment, moment + step, value])
    return [tuple(state) for state in found]
