# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What each kind of panel makes of its series."""

import math

import pytest

from drawing import graph, heatmap, stat, table, timeline
from drawing.asking import Answers, Series, Span, name, runs
from drawing.looks import look
from drawing.markup import element, words


def test_areas_stand_on_each_other():
    lowest = [(0, 1.0), (2, 2.0), (4, math.nan)]
    middle = [(0, 10.0), (2, 20.0), (4, 40.0), (6, 5.0)]
    below, between, above = graph.stacked([lowest, middle, [(2, 100.0)]])
    assert below[:2] == [(0, 0.0, 1.0), (2, 0.0, 2.0)]
    assert between == [(0, 1.0, 11.0), (2, 2.0, 22.0), (4, 0.0, 40.0), (6, 0.0, 5.0)]
    assert above == [(2, 22.0, 122.0)]


@pytest.mark.parametrize("values, low, high, expected", [
    ([3, 5], 0, None, (0, 5)),
    ([-6, 20], 0, None, (-6, 20)),
    ([3, 5], None, None, (3, 5)),
    ([0.2, 0.3], 0, 1, (0, 1)),
    ([0, 0], 0, None, (0, 1)),
    ([1, math.nan, math.inf], 0, None, (0, 1)),
])
def test_an_axis_shows_all_values(values, low, high, expected):
    assert graph.extent([[(at, 0.0, value) for at, value in enumerate(values)]], low, high) == expected


@pytest.mark.parametrize("count, width, height, lines", [
    (1, 380, 260, 2), (5, 380, 260, 6), (50, 380, 260, 6), (5, 580, 260, 4),
])
def test_a_legend_leaves_room_for_the_graph(count, width, height, lines):
    assert graph.legend_lines(count, width, height) == lines


@pytest.mark.parametrize("legend, order", [
    ({}, "abc"),
    ({"sortBy": "Max", "sortDesc": True}, "bca"),
    ({"sortBy": "Last *", "sortDesc": False}, "bac"),
])
def test_a_legend_is_in_its_order_and_colours_stay(legend, order):
    series = [
        Series("a", {}, [(0, 1.0), (2, 2.0)]), Series("b", {}, [(0, 9.0), (2, 0.0), (4, math.nan)]),
        Series("c", {}, [(2, 3.0)]),
    ]  # fmt: skip
    found = graph.in_order(list(zip(series, "RGB")), legend)
    assert "".join(one.name for one, _ in found) == order
    assert {one.name: colour for one, colour in found} == {"a": "R", "b": "G", "c": "B"}


@pytest.mark.parametrize("scale, values, marks", [
    ({"type": "log", "log": 10}, [0.0, 0.002, 7.0], [0.001, 0.01, 0.1, 1, 10]),
    ({"type": "log", "log": 10}, [0.0], [1, 10]),
    ({"type": "log", "log": 2}, [300.0, 3000.0], [256, 512, 1024, 2048, 4096]),
    ({"type": "symlog", "log": 10, "linearThreshold": 0.01}, [0.0, 0.3], [0, 0.01, 0.1, 1]),
    ({"type": "symlog", "log": 10, "linearThreshold": 0.01}, [0.0], [0, 0.01, 0.1]),
    ({"type": "symlog", "log": 10, "linearThreshold": 0.01}, [-0.1], [-0.1, -0.01, 0, 0.01, 0.1]),
])
def test_a_logarithmic_axis_has_powers(scale, values, marks):
    bands = [[(at, 0.0, value) for at, value in enumerate(values)]]
    bend, found = graph.axis(bands, {"unit": "s", "custom": {"scaleDistribution": scale}}, 5)
    assert found == pytest.approx(marks)
    distances = [bend(above) - bend(below) for below, above in zip(found, found[1:])]
    assert min(distances) > 0


def test_an_axis_of_another_scale_is_a_fault():
    with pytest.raises(KeyError):
        graph.axis([[(0, 0.0, 1.0)]], {"unit": "s", "custom": {"scaleDistribution": {"type": "cubic"}}}, 5)


def test_equal_states_are_one():
    points = [(0, 1.0), (2, 1.0), (4, 0.0), (6, math.nan), (8, 0.0), (20, 0.0)]
    assert timeline.states(points, 2) == [(0, 4, 1.0), (4, 6, 0.0), (8, 10, 0.0), (20, 22, 0.0)]


def test_buckets_are_no_longer_cumulative():
    rows = heatmap.buckets({math.inf: [(0, 9.0), (2, 5.0)], 0.1: [(0, 4.0), (2, 5.0)], 0.01: [(0, 1.0), (2, math.nan)]})
    assert rows == [(0.01, {0: 1.0}), (0.1, {0: 3.0, 2: 5.0}), (math.inf, {0: 5.0, 2: 0.0})]


def test_cells_of_one_colour_are_one_and_empty_ones_are_none():
    found = heatmap.runs({0: 4.0, 2: 4.0, 4: 0.0, 6: 4.0, 8: 0.1}, 4.0, 1e-9, 2)
    assert [(began, ended) for began, ended, _ in found] == [(0, 4), (6, 8), (8, 10)]
    assert found[0][2] == found[1][2] != found[2][2]


DEFAULTS = {
    "unit": "s",
    "mappings": [{"type": "value", "options": {"0": {"text": "down", "color": "red", "index": 0}}}],
    "thresholds": {"steps": [{"color": "green"}, {"color": "orange", "value": 1}, {"color": "red", "value": 5}]},
}


@pytest.mark.parametrize("value, expected", [
    (0.0, ("down", "red")), (0.5, ("500 ms", "green")), (1.0, ("1 s", "orange")), (7.0, ("7 s", "red")),
])
def test_values_look_as_mappings_and_thresholds_say(value, expected):
    assert look(value, DEFAULTS, 0) == expected


def test_a_stat_shows_the_last_value_that_there_was():
    panel = {"fieldConfig": {"defaults": DEFAULTS}, "options": {"colorMode": "none", "graphMode": "area"}}
    answers = Answers({}, Span(0.0, 4.0), {}, {}, [])
    series = Series("a", {}, [(0, 1.0), (2, 3.0), (4, math.nan)])
    assert ">3 s</text>" in stat.draw(panel, [series], answers, 200, 100)


def test_a_table_has_the_columns_that_are_there_in_the_panels_order():
    panel = {
        "fieldConfig": {"defaults": DEFAULTS},
        "options": {},
        "transformations": [
            {"id": "filterFieldsByName", "options": {"include": {"names": ["b", "a", "absent", "Value"]}}},
            {"id": "organize", "options": {
                "indexByName": {"a": 0, "absent": 1, "Value": 2, "b": 3},
                "renameByName": {"a": "A", "absent": "Absent", "Value": "Time", "b": "B"},
            }},
        ],
    }  # fmt: skip
    series = [Series("", {"a": "1", "b": "2", "c": "3"}, [(0, 2.0)]), Series("", {"a": "4"}, [(0, 0.0)])]
    assert table.cells(panel, series, 0) == (["A", "Time", "B"], [["1", "2 s", "2"], ["4", "down", ""]])
    panel["options"] = {"sortBy": [{"displayName": "B", "desc": False}]}
    assert table.cells(panel, series, 0)[1] == [["4", "down", ""], ["1", "2 s", "2"]]


def test_a_series_is_named_by_its_labels():
    assert name("p99 of {{instance}} {{ path }}", {"instance": "a:1"}) == "p99 of a:1"


def test_an_event_lasts_as_long_as_its_points_follow_each_other():
    assert runs([0, 2, 4, 10, 12, 30], 3) == [(0, 4), (10, 12), (30, 30)]


@pytest.mark.parametrize("seconds, step, rate_interval", [(60, 1, 60), (300, 2, 60), (10_800, 72, 87)])
def test_rates_have_the_window_that_grafana_gives_them(seconds, step, rate_interval):
    span = Span(1000.0, 1000.0 + seconds)
    assert (span.step, span.rate_interval) == (step, rate_interval)


def test_text_is_no_markup():
    assert element("p", words("<&>"), class_='a"b') == '<p class="a&quot;b">&lt;&amp;&gt;</p>'
