# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The frame of a plot over time, and the events that are marked on all of them."""

from drawing.markup import label, line, rectangle
from drawing.scale import Scale, time_ticks
from drawing.theme import EDGE, GRID, NAMED

BOTTOM = 18
TOP = 6
RIGHT = 8
TICK_WIDTH = 60


def time_scale(span, left, width):
    return Scale(span.began, span.ended, left, width - RIGHT)


def time_axis(span, across, left, width, height):
    """Times below a plot, and thin lines above them."""
    ticks = time_ticks(span.began, span.ended, max(2, int((width - left) / TICK_WIDTH)))
    parts = []
    for moment, text in ticks:
        x = across(moment)
        parts.append(line(x, TOP, x, height - BOTTOM, stroke=GRID, stroke_width=0.5))
        # One that would be cut off at the edges is left out; its line stays.
        if 16 < x < width - 16:
            parts.append(label(x, height - 4, text, "middle"))
    parts.append(line(left, height - BOTTOM, width - RIGHT, height - BOTTOM, stroke=EDGE))
    return "".join(parts)


def events(marks, across, height):
    """A dashed line where an event began, and a bar below the plot for as long as it lasted."""
    parts = []
    for mark in marks:
        colour = NAMED[mark.colour]
        x, end = across(mark.began), across(mark.ended)
        parts.append(line(x, TOP, x, height - BOTTOM, stroke=colour, stroke_dasharray="3 3", stroke_opacity=0.7))
        parts.append(rectangle(x, height - BOTTOM, max(end - x, 3.0), 3, fill=colour))
    return "".join(parts)
