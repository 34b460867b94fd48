# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What tests the alert rules, tested: expressions, mutants, series; and the rules beside a hub that has just started."""

import dataclasses

import pytest

from alerts import catalogue, check, generate, mutants, promql, runbooks
from alerts.rules import Rule, RuleFile, rendered
from alerts.series import RESTART, level, rise
from hub import Hub
from redis_server import RedisServer


@pytest.fixture(scope="module")
def rules():
    return RuleFile()


@pytest.fixture(scope="module")
def families(binary):
    return catalogue.families(binary)


@pytest.fixture
def first_page(binary, tmp_path):
    """The first page of a hub with a bus."""
    redis = RedisServer(tmp_path / "redis")
    hub = Hub(binary, tmp_path, {"bus": {"type": "redis", "redis": {"addrs": [redis.address]}}})
    yield hub.metrics()
    hub.close()
    redis.stop()


def test_each_series_that_a_rule_reads_is_there_from_the_start(rules, first_page):
    """increase() of a counter that appears with its first event does not see that event."""
    samples = {}
    for sample in first_page.samples:
        samples.setdefault(sample.name, []).append(sample.labels)
    missing = [
        f"{rule.key}: {selector}"
        for rule in rules.all
        for selector in promql.selectors(rule.expression)
        if selector.name not in rules.records and selector.name != "up"
        and not any(_takes(selector, labels) for labels in samples.get(selector.name, []))
    ]
    assert missing == []


def _takes(selector, labels):
    return selector.takes(labels | {"job": "gohub"})


def test_the_rules_and_runbooks_have_no_fault(rules, families):
    faults = [
        *runbooks.faults_of_texts(rules), *runbooks.faults_of_pages(rules), *check.faults_of_ranges(rules),
        *catalogue.faults_of_rules(rules, families), *catalogue.faults_of_runbooks(families),
    ]
    assert faults == []


@pytest.mark.parametrize("name", ["gohub_slow_clients", "gohub_bus_transit_seconds", "gohub_event_loop_lag_seconds"])
def test_a_family_that_is_renamed_is_noticed(rules, families, name):
    renamed = {key: family for key, family in families.items() if key != name}
    assert any(name in fault for fault in catalogue.faults_of_rules(rules, renamed))
    assert any(name in fault for fault in catalogue.faults_of_runbooks(renamed))


@pytest.mark.parametrize(
    "expression",
    [
        'gohub_delivery_latency_seconds_bucket{stage="total",le="0.3"}',
        'gohub_connections_rejected_total{reason=~"node_limit|user_limit"}',
        'gohub_state{state="starting"}',
        'gohub_bus_up{node="a"}',
        "gohub_connections_count",
    ],
)
def test_what_the_program_does_not_expose_is_noticed(families, expression):
    (selector,) = promql.selectors(expression)
    assert list(catalogue.faults_of_selector(selector, families))


def test_what_an_expression_reads():
    expression = 'sum by (job) (rate(a_total{x="1",y!~"b|c"}[5m])) / on (job) group_left (z) (d > 1) unless time() < job:e:f'
    names = {selector.name: selector.matchers for selector in promql.selectors(expression)}
    assert names == {"a_total": (("x", "=", "1"), ("y", "!~", "b|c")), "d": (), "job:e:f": ()}


def test_the_ways_to_break_an_expression():
    expression = 'sum by (job, bus) (rate(a{x="1"}[5m])) > 2 and on (job) b == 0 or c'
    broken = dict(mutants.expressions(expression))
    assert len(set(broken.values()) | {expression}) == len(broken) + 1
    texts = {" ".join(text.split()) for text in broken.values()}
    assert texts == {
        "vector(0) == 1",
        "vector(1)",
        'sum by (job, bus) (rate(a{}[5m])) > 2 and on (job) b == 0 or c',
        'sum by (bus) (rate(a{x="1"}[5m])) > 2 and on (job) b == 0 or c',
        'sum by (job) (rate(a{x="1"}[5m])) > 2 and on (job) b == 0 or c',
        'sum by (job, bus) (rate(a{x="1"}[5m])) > 2 and on () b == 0 or c',
        'sum by (job, bus) (rate(a{x="1"}[5m])) < 2 and on (job) b == 0 or c',
        'sum by (job, bus) (rate(a{x="1"}[5m])) > 2 and on (job) b != 0 or c',
        'sum by (job, bus) (rate(a{x="1"}[5m])) > 6 and on (job) b == 0 or c',
        'sum by (job, bus) (rate(a{x="1"}[5m])) > 0.6666666667 and on (job) b == 0 or c',
        'sum by (job, bus) (rate(a{x="1"}[5m])) > 2 and on (job) b == 3 or c',
        'sum by (job, bus) (rate(a{x="1"}[5m])) > 2 and on (job) b == -3 or c',
        'sum by (job, bus) (rate(a{x="1"}[900s])) > 2 and on (job) b == 0 or c',
        'sum by (job, bus) (rate(a{x="1"}[100s])) > 2 and on (job) b == 0 or c',
        "b == 0 or c",
        'sum by (job, bus) (rate(a{x="1"}[5m])) > 2 or c',
        'sum by (job, bus) (rate(a{x="1"}[5m])) > 2 and on (job) b == 0',
    }


def test_the_ways_to_break_a_wait():
    rule = Rule("alert", "A", "a > 1", "5m", {}, {})
    assert [mutant.wait for what, mutant in mutants.mutants(rule) if what.startswith("for")] == ["0m", "15m"]
    now = dataclasses.replace(rule, wait="0m")
    assert [mutant.wait for what, mutant in mutants.mutants(now) if what.startswith("for")] == ["2m"]


@pytest.mark.parametrize(
    ("series", "notation"),
    [
        (level(1), "1x5"),
        (level((1, 1), 0), "1x1 0x3"),
        (level((1, None), (0.5, 2), 3), "_x2 2 3x2"),
        (rise(60), "0+30x5"),
        (rise((1, 0), 6), "0x1 3+3x3"),
        (rise((1, 6), RESTART, 2), "0+3x1 1+1x3"),
        (level((9, 1), 0), "1x5"),
    ],
)
def test_series_in_minutes(series, notation):
    assert series.notation(3, 0.5) == notation


def test_a_description_is_written_out():
    template = "{{ $labels.instance }} is at {{ $value | humanizePercentage }}."
    assert rendered(template, {"instance": "a:9090"}, "95%") == "a:9090 is at 95%."


def test_the_tests_of_the_rules_are_those_that_are_generated():
    assert generate.main(["--check"]) == 0
