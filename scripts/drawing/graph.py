# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Lines over time, or areas that are stacked."""

import itertools
import math

from drawing.asking import has_data
from drawing.axes import BOTTOM, RIGHT, TOP, events, time_axis, time_scale
from drawing.markup import element, label, line, path, picture, text_width, words
from drawing.scale import Scale, powers, segments, ticks
from drawing.theme import GRID, NAMED, SERIES, SMALL
from drawing.units import text, tick_texts

LEGEND_LINE = 15
# Of the panel's height, as in Grafana; with the heading of the table.
LEGEND_SHARE = 0.4
# From this width on a legend has two columns.
WIDE = 500
# What Grafana calls a series' figures in a legend: (how it is headed there, here, what it is of finite values).
FIGURES = {"lastNotNull": ("Last *", "last", lambda values: values[-1]), "max": ("Max", "max", max)}


def draw(panel, series, answers, width, height):
    """A graph and its legend."""
    series = [one for one in series if has_data(one)]
    coloured = list(zip(series, itertools.cycle(SERIES)))
    below = legend_lines(len(series), width, height)
    legend = _legend(panel, in_order(coloured, panel["options"]["legend"]), width, below - 1)
    return _plot(panel, coloured, answers, width, height - below * LEGEND_LINE - 6) + legend


def finite(series):
    return [value for _, value in series.points if math.isfinite(value)]


def in_order(coloured, legend):
    """Series in the order of the legend: by one of its figures, or as they came."""
    wanted = legend.get("sortBy")
    if wanted is None:
        return coloured
    (figure,) = [make for title, _, make in FIGURES.values() if title == wanted]
    return sorted(coloured, key=lambda one: figure(finite(one[0])), reverse=legend.get("sortDesc", False))


def legend_lines(count, width, height):
    """How many lines a legend of so many series has, its heading among them."""
    columns = 2 if width >= WIDE else 1
    return 1 + min(math.ceil(count / columns), int(height * LEGEND_SHARE / LEGEND_LINE) - 1)


def _plot(panel, coloured, answers, width, height):
    defaults = panel["fieldConfig"]["defaults"]
    unit, custom = defaults["unit"], defaults["custom"]
    is_stacked = custom["stacking"]["mode"] == "normal"
    bands = stacked([one.points for one, _ in coloured]) if is_stacked else [flat(one.points) for one, _ in coloured]
    count = max(2, int(height / 38))
    bend, marks = axis(bands, defaults, count)
    if bend is math.log10:
        # There is no 0: areas begin at the lowest tick.
        bands = [[(moment, max(low, marks[0]), top) for moment, low, top in band if top > 0] for band in bands]
    names = tick_texts(marks, unit, defaults.get("decimals"))
    left = max(text_width(name, SMALL) for name in names) + 8
    up = Scale(marks[0], marks[-1], height - BOTTOM, TOP, bend)
    across = time_scale(answers.span, left, width)
    parts = [time_axis(answers.span, across, left, width, height)]
    for mark, name in zip(marks, names):
        parts.append(line(left, up(mark), width - RIGHT, up(mark), stroke=GRID))
        parts.append(label(left - 5, up(mark) + 4, name, "end"))
    gap = 1.5 * answers.span.step
    for (_, colour), band in zip(coloured, bands):
        parts.append(_line(band, across, up, colour, custom["fillOpacity"] / 100, gap))
    if custom["thresholdsStyle"]["mode"] != "off":
        for bound, colour in limits(defaults):
            if marks[0] <= bound <= marks[-1]:
                y = up(bound)
                parts.append(line(left, y, width - RIGHT, y, stroke=NAMED[colour], stroke_dasharray="8 5"))
    parts.append(events(answers.marks, across, height))
    return picture(width, height, *parts)


def axis(bands, defaults, count):
    """(what is linear on the axis, its about so many ticks), by the scale that the panel asks for."""
    custom = defaults["custom"]
    scale = custom.get("scaleDistribution", {"type": "linear"})
    if scale["type"] == "linear":
        low, high = extent(bands, defaults.get("min", custom.get("axisSoftMin")), defaults.get("max"))
        return float, ticks(low, high, defaults["unit"], count)
    values = [top for band in bands for _, _, top in band if math.isfinite(top)]
    if scale["type"] == "log":
        above = [value for value in values if value > 0] or [1.0]
        return math.log10, powers(min(above), max(above), scale["log"], count)
    if scale["type"] == "symlog":
        threshold = scale["linearThreshold"]
        largest = powers(threshold, max(threshold, *map(abs, values)), scale["log"], count)
        below = [-mark for mark in reversed(largest)] if min(values) < 0 else []
        return lambda value: math.asinh(value / threshold), [*below, 0.0, *largest]
    raise KeyError(scale["type"])


def limits(defaults):
    """[(value, colour)] of a panel's thresholds."""
    return [(step["value"], step["color"]) for step in defaults["thresholds"]["steps"] if "value" in step]


def flat(points):
    """A series on its own: [(time, 0, value)]."""
    return [(moment, 0.0, value) for moment, value in points]


def stacked(all_points):
    """Each series above those before it: [(time, bottom, top)]; where one has no value it is as high as nothing."""
    base = {}
    bands = []
    for points in all_points:
        band = []
        for moment, value in points:
            bottom = base.get(moment, 0.0)
            band.append((moment, bottom, bottom + value))
            if math.isfinite(value):
                base[moment] = bottom + value
        bands.append(band)
    return bands


def extent(bands, lowest=None, highest=None):
    """The least and the largest value of an axis; they differ. `lowest` gives way to values below it."""
    values = [top for band in bands for _, _, top in band if math.isfinite(top)]
    low, high = min(values), max(values)
    if lowest is not None:
        low = min(low, lowest)
    if highest is not None:
        high = max(high, highest)
    return (low, high) if high > low else (low, low + 1)


def _line(band, across, up, colour, opacity, gap):
    bottoms = {moment: bottom for moment, bottom, _ in band}
    parts = []
    for piece in segments([(moment, top) for moment, _, top in band], gap):
        tops = [(across(moment), up(top)) for moment, top in piece]
        if len(piece) == 1:
            parts.append(element("circle", cx=tops[0][0], cy=tops[0][1], r=2, fill=colour))
            continue
        below = [(across(moment), up(bottoms[moment])) for moment, _ in reversed(piece)]
        parts.append(element("path", d=path(tops + below, close=True), fill=colour, fill_opacity=opacity))
        parts.append(element("path", d=path(tops), fill="none", stroke=colour, stroke_width=1.4))
    return "".join(parts)


def _legend(panel, coloured, width, lines):
    columns = 2 if width >= WIDE and len(coloured) > 1 else 1
    room = lines * columns
    shown = coloured if len(coloured) <= room else coloured[: room - 1]
    rows = [_entry(panel, one, colour) for one, colour in shown]
    if len(shown) < len(coloured):
        rows.append(element("tr", element("td", f"{len(coloured) - len(shown)} more", class_="more")))
    figures = [FIGURES[name][1] for name in panel["options"]["legend"]["calcs"]]
    heading = element("tr", *(element("th", word) for word in ("", *figures)))
    parts = (rows[start : start + lines] for start in range(0, len(rows), lines))
    return element("div", *(element("table", heading, *part) for part in parts), class_="legend")


def _entry(panel, series, colour):
    defaults = panel["fieldConfig"]["defaults"]
    wanted = (FIGURES[name][2](finite(series)) for name in panel["options"]["legend"]["calcs"])
    figures = (text(value, defaults["unit"], defaults.get("decimals")) for value in wanted)
    named = element("td", element("i", style=f"background:{colour}"), words(series.name))
    return element("tr", named, *(element("td", words(figure)) for figure in figures))
