# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What the reader of PromQL finds in a query."""

import pytest

from names import promql


def names(expression):
    return [selector.name for selector in promql.parse(expression).selectors]


@pytest.mark.parametrize(
    "expression, found",
    [
        ("up", ["up"]),
        ("up == bool 0", ["up"]),
        ("sum by (job, instance) (rate(a_total[5m])) / on (job) group_left () b > 1e-3", ["a_total", "b"]),
        ("sum(a) by (job) unless on (job) time() - max by (job) (b{x='1'}) < 900", ["a", "b"]),
        ("min_over_time((a - b)[5m:30s]) > 0", ["a", "b"]),
        ("rate(a_total[1h] offset 10m) # a remark about c", ["a_total"]),
        ("histogram_quantile(0.99, sum by (le) (rate(a_bucket[$__rate_interval])))", ["a_bucket"]),
        ('{__name__="a", job="b"}', ["a"]),
        ('absent(up{job="gohub"})', ["up"]),
        ("job:a:rate5m > (14.4 * 0.01)", ["job:a:rate5m"]),
        ("time() > Inf", []),
    ],
)
def test_finds_selectors(expression, found):
    assert names(expression) == found


def test_tells_matchers_ranges_and_the_calls_around():
    selector = promql.parse('sum by (job) (rate(a_total{x=~"b|c", y!="d\\"e"}[5m]))').selectors[0]
    assert selector.matchers == (("x", "=~", "b|c"), ("y", "!=", 'd"e'))
    assert selector.range == "5m"
    assert selector.calls == ("sum", "rate")
    assert selector.position == len("sum by (job) (rate(")


def test_tells_the_labels_of_every_list():
    query = promql.parse("sum by (a, b) (x) / on (c) group_left (d) sum without (e) (y) and ignoring (f) z")
    assert [label for label, _ in query.labels] == ["a", "b", "c", "d", "e", "f"]


@pytest.mark.parametrize(
    "expression", ["sum(up", "up)", "up{job=}", 'up{job~"x"}', 'up{job="x"', "rate(up[5m)", "up ? 1", 'up{a="b" c="d"}']
)
def test_refuses_what_is_no_query(expression):
    with pytest.raises(promql.PromQLError):
        promql.parse(expression)
