# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What scripts/panels asks for a dashboard, and what it makes of the answers."""

import math

import pytest

from stack.panel_queries import Query, as_matcher, looks_back, queries, substitute, variable_values
from stack.panel_verdict import Exceptions, counts, faults, judge

BOARD = {
    "uid": "board",
    "panels": [
        {"type": "row", "title": "open", "panels": []},
        {"type": "timeseries", "title": "first", "targets": [{"refId": "A", "expr": "a"}, {"refId": "B", "expr": "b"}]},
        {
            "type": "row",
            "title": "closed",
            "panels": [{"type": "stat", "title": "hidden", "targets": [{"refId": "A", "expr": "c"}]}],
        },
        {"type": "text", "title": "words"},
    ],
    "annotations": {"list": [{"name": "Starts", "expr": "d"}, {"name": "built in"}]},
    "templating": {
        "list": [
            {"name": "datasource", "type": "datasource"},
            {"name": "job", "type": "query", "query": "label_values(gohub_build_info, job)"},
            {"name": "instance", "type": "query", "query": 'label_values(gohub_build_info{job=~"$job"}, instance)'},
        ]
    },
}


def test_panels_in_closed_rows_and_annotations_are_asked_too():
    assert list(queries(BOARD)) == [
        Query("board", "panel", "first", "A", "a"),
        Query("board", "panel", "first", "B", "b"),
        Query("board", "panel", "hidden", "A", "c"),
        Query("board", "annotation", "Starts", "", "d"),
    ]


@pytest.mark.parametrize(
    "text, expected",
    [
        ('up{job=~"$job"}', 'up{job=~"gohub"}'),
        ("rate(x[$__rate_interval])", "rate(x[1m])"),
        ("rate(x[${__rate_interval}])", "rate(x[1m])"),
        ('up{job=~"${job:regex}"}', 'up{job=~"gohub"}'),
        ("1 > 0", "1 > 0"),
    ],
)
def test_variables_are_put_in(text, expected):
    assert substitute(text, {"job": "gohub", "__rate_interval": "1m"}) == expected


def test_a_variable_that_nobody_knows_is_a_fault():
    with pytest.raises(KeyError):
        substitute("up{job=~'$joob'}", {"job": "gohub"})


def test_values_are_escaped_and_joined_as_grafana_does():
    assert as_matcher(["127.0.0.1:80"]) == r"127\\.0\\.0\\.1:80"
    assert as_matcher(["a", "b+"]) == r"(a|b\\+)"


def test_variables_use_those_before_them_and_tell_which_are_empty():
    asked = []

    class Api:
        def label_values(self, label, selector):
            asked.append((label, selector))
            return {"job": ["gohub"], "instance": []}[label]

    variables, empty = variable_values(BOARD, Api(), {"__range": "60s"})
    assert asked == [("job", "gohub_build_info"), ("instance", 'gohub_build_info{job=~"gohub"}')]
    assert variables == {"__range": "60s", "job": "gohub", "instance": ""}
    assert empty == ["instance"]


@pytest.mark.parametrize(
    "expression, seconds", [("up", 0), ("job:x:ratio_rate5m", 300), ("job:x:ratio_rate1h > job:x:ratio_rate3d", 259_200)]
)
def test_recorded_rates_tell_how_far_back_they_look(expression, seconds):
    assert looks_back(expression) == seconds


def answer(values, panel="first", ref="A", expression="a", error=None):
    series = [({}, list(enumerate(values)))] if values is not None else []
    return judge(Query("board", "panel", panel, ref, expression), series, error)


NONE = Exceptions({}, {})


@pytest.mark.parametrize("values", [None, [math.nan], [math.inf, math.nan]])
def test_no_series_and_no_finite_value_is_no_data(values):
    found = faults([answer([1], ref="B"), answer(values)], NONE, is_whole=False)
    assert found == ["board: panel “first” A: no data\n    a"]


def test_a_value_at_any_time_is_data():
    assert faults([answer([math.nan, 1.5])], NONE, is_whole=True) == []


def test_a_panel_that_stays_at_zero_fails_only_a_whole_run():
    answers = [answer([0, 0]), answer([0], ref="B")]
    assert faults(answers, NONE, is_whole=False) == []
    assert len(faults(answers, NONE, is_whole=True)) == 1
    assert faults([*answers, answer([0, 2], ref="C")], NONE, is_whole=True) == []
    assert faults(answers, Exceptions({}, {("board", "first"): "why"}), is_whole=True) == []


def test_a_query_over_days_may_be_empty_but_not_its_whole_panel():
    far = answer(None, ref="B", expression="job:x:ratio_rate3d")
    assert faults([answer([1]), far], NONE, is_whole=False) == []
    assert faults([far], NONE, is_whole=False) == ["board: panel “first” B: no data\n    job:x:ratio_rate3d"]


def test_what_prometheus_refuses_is_told_whatever_is_permitted():
    refused = answer(None, error="parse error")
    assert "parse error" in faults([refused], Exceptions({("board", "first"): "why"}, {}), is_whole=False)[0]


def test_an_exception_for_no_panel_is_a_fault():
    assert faults([answer([1])], Exceptions({("board", "gone"): "why"}, {}), is_whole=False) == [
        "an exception stands for “gone” of board, which is not there"
    ]


def test_figures_count_panels_and_queries():
    text = counts([answer([1]), answer([0], ref="B"), answer(None, panel="second")])
    assert text == "2 panels, 3 queries, 2 of them with data; 1 panels with data, 1 that moved"
