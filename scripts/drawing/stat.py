# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The last value of each series, large."""

import math

from drawing.asking import has_data
from drawing.looks import look
from drawing.markup import element, label, path, picture, rectangle, shortened, text_width
from drawing.scale import Scale, segments
from drawing.theme import DEEP, NAMED, TEXT

GAP = 6
LARGEST = 44
NAME = 13
# Where the course of the value begins.
TREND = 0.72


def draw(panel, series, answers, width, height):
    """Tiles side by side; with more than one each says whose value it is."""
    series = [one for one in series if has_data(one)]
    tile = (width - GAP * (len(series) - 1)) / len(series)
    tiles = (_tile(panel, one, answers.span, tile, height - GAP, len(series) > 1) for one in series)
    return element("div", *tiles, class_="stats")


def _tile(panel, series, span, width, height, is_named):
    defaults, options = panel["fieldConfig"]["defaults"], panel["options"]
    value = [value for _, value in series.points if math.isfinite(value)][-1]
    figure, colour = look(value, defaults, span.ended)
    is_filled = options["colorMode"] == "background"
    parts = [rectangle(0, 0, width, height, rx=3, fill=DEEP[colour])] if is_filled else []
    bottom, top = height, NAME + 8 if is_named else 0
    if options["graphMode"] == "area":
        bottom = height * TREND
        parts.append(_trend(series.points, span, width, bottom, height, "#ffffff" if is_filled else NAMED["blue"]))
    size = min(LARGEST, (bottom - top) * 0.8, width * 0.85 / max(text_width(figure, 1), 1))
    middle = (top + bottom) / 2
    colour = "#ffffff" if is_filled else TEXT
    style = f"fill:{colour};font-size:{size:.0f}px"
    parts.append(label(width / 2, middle + size * 0.36, figure, "middle", style=style))
    if is_named:
        style = f"fill:{colour};font-size:{NAME}px"
        parts.append(label(width / 2, NAME + 7, shortened(series.name, width - 8, NAME), "middle", style=style))
    return picture(width, height, *parts)


def _trend(points, span, width, top, height, colour):
    """The course of the value below it, from its least to its largest."""
    values = [value for _, value in points if math.isfinite(value)]
    low, high = min(values), max(values)
    across = Scale(span.began, span.ended, 0, width)
    up = Scale(low, high if high > low else low + 1, height - 1, top)
    parts = []
    for piece in segments(points, 1.5 * span.step):
        line = [(across(moment), up(value)) for moment, value in piece]
        below = [(line[-1][0], height), (line[0][0], height)]
        parts.append(element("path", d=path(line + below, close=True), fill=colour, fill_opacity=0.16))
        parts.append(element("path", d=path(line), fill="none", stroke=colour, stroke_opacity=0.45))
    return "".join(parts)
