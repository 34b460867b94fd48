# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Panels stand where Grafana has them, with all rows open."""

import itertools
import json
import pathlib

import pytest

from drawing import layout

BOARDS = sorted((pathlib.Path(__file__).resolve().parents[2] / "dashboards").glob("*.json"))


def panel(name, x, y, width=12, height=8):
    return {"type": "timeseries", "title": name, "gridPos": {"x": x, "y": y, "w": width, "h": height}}


def row(name, y, *inside):
    return {"type": "row", "title": name, "panels": list(inside), "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}}


PANELS = [
    panel("a", 0, 0), panel("b", 12, 0),
    row("closed", 8, panel("c", 0, 9), panel("d", 12, 9), panel("e", 0, 17, height=4)),
    row("open", 9), panel("f", 0, 10),
]  # fmt: skip


def test_a_closed_row_is_opened_and_moves_the_rest_down():
    tops = {one.panel["title"]: one.y for one in layout.place(PANELS)}
    assert tops == {"a": 0, "b": 0, "closed": 8, "c": 9, "d": 9, "e": 17, "open": 21, "f": 22}


@pytest.mark.parametrize("count, expected", [(1, "ab"), (2, "abcd"), (3, "abcde"), (4, "abcdef"), (9, "abcdef")])
def test_the_first_lines_end_with_panels(count, expected):
    placed = layout.first_lines(layout.place(PANELS), count)
    assert "".join(one.panel["title"] for one in placed if one.panel["type"] != "row") == expected
    assert placed[-1].panel["type"] != "row"


def test_panels_fill_the_page_with_gaps_among_them():
    left, right, *_ = (layout.box(one, 40) for one in layout.place(PANELS))
    assert (left.left, left.top) == (layout.MARGIN, 40)
    assert right.left - (left.left + left.width) == layout.GAP
    assert right.left + right.width == layout.PAGE - layout.MARGIN
    assert left.height == 8 * layout.UNIT - layout.GAP


@pytest.mark.parametrize("file", BOARDS, ids=lambda file: file.stem)
def test_no_panel_covers_another(file):
    boxes = [layout.box(one, 0) for one in layout.place(json.loads(file.read_text(encoding="utf-8"))["panels"])]
    for a, b in itertools.combinations(boxes, 2):
        beside = a.left + a.width <= b.left or b.left + b.width <= a.left
        assert beside or a.top + a.height <= b.top or b.top + b.height <= a.top
