# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Where the panels of a board stand."""

import collections

# In units of Grafana's grid; a row stands here for its heading.
Placed = collections.namedtuple("Placed", "panel x y width height")
# In pixels.
Box = collections.namedtuple("Box", "left top width height")

COLUMNS = 24
PAGE = 1200
MARGIN = 12
# As in Grafana: a unit of height, the gap among it.
UNIT = 38
GAP = 8


def place(panels):
    """The panels with all rows open: what a closed row holds moves the rest down."""
    placed = []
    shift = 0
    for panel in panels:
        placed.append(_placed(panel, shift))
        inside = [_placed(inner, shift) for inner in panel.get("panels", [])]
        placed += inside
        if inside:
            shift += height(inside) - min(inner.y for inner in inside)
    return placed


def _placed(panel, shift):
    position = panel["gridPos"]
    return Placed(panel, position["x"], position["y"] + shift, position["w"], position["h"])


def height(placed):
    """Where the lowest of them ends."""
    return max(one.y + one.height for one in placed)


def first_lines(placed, count):
    """The first so many lines of panels, and the headings above them."""
    tops = sorted({one.y for one in placed if one.panel["type"] != "row"})[:count]
    return [one for one in placed if one.y <= tops[-1]]


def box(placed, top):
    """The pixels of a panel on a page whose grid begins at `top`."""
    column = (PAGE - 2 * MARGIN + GAP) / COLUMNS
    return Box(
        round(MARGIN + placed.x * column),
        top + placed.y * UNIT,
        round(placed.width * column) - GAP,
        placed.height * UNIT - GAP,
    )
