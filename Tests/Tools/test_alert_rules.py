# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What tests the alert rules, tested: mutants, series, runbooks; and the rules beside a hub that has just started."""

import dataclasses
import os
import pathlib
import re
import shutil
import types

import pytest

from alerts import check, generate, mutants, runbooks
from alerts.rules import ROOT, Rule, RuleFile, rendered
from alerts.series import RESTART, level, rise
from hub import Hub
from names import promql
from nats_server import NatsServer
from redis_server import RedisServer

BINARY = pathlib.Path(os.environ.get("GOHUB_BINARY", ROOT / ".build" / "debug" / "gohub"))


@pytest.fixture(scope="module")
def rules():
    return RuleFile()


def _on_redis(server):
    return {"type": "redis", "redis": {"addrs": [server.address]}}


def _on_nats(server):
    return {"type": "nats", "nats": {"urls": [server.url]}}


@pytest.fixture(params=[(RedisServer, _on_redis), (NatsServer, _on_nats)], ids=["redis", "nats"])
def first_page(request, tmp_path):
    """The first page of a hub with a bus."""
    start, settings = request.param
    server = start(tmp_path / "server")
    try:
        hub = Hub(BINARY, tmp_path, {"bus": settings(server)})
        try:
            yield hub.metrics()
        finally:
            hub.close()
    finally:
        server.stop()


def test_each_series_that_a_rule_reads_is_there_from_the_start(rules, first_page):
    """increase() of a counter that appears with its first event does not see that event."""
    is_on_nats = any(sample.labels.get("bus") == "nats" for sample in first_page.samples)
    samples = {}
    for sample in first_page.samples:
        samples.setdefault(sample.name, []).append(sample.labels)
    missing = [
        f"{rule.key}: {selector}"
        for rule in rules.all
        for selector in promql.parse(rule.expression).selectors
        if selector.name not in rules.records
        and selector.name != "up"
        # What only NATS has is there with it alone.
        and (is_on_nats or not rule.name.startswith("GohubNats"))
        and not any(_takes(selector, labels | {"job": "gohub"}) for labels in samples.get(selector.name, []))
    ]
    assert missing == []


def _takes(selector, labels):
    return all(
        (re.fullmatch(value, labels[name]) is not None if "~" in operator else value == labels[name])
        == ("!" not in operator)
        for name, operator, value in selector.matchers
    )


def test_the_rules_and_runbooks_have_no_fault(rules):
    faults = [*runbooks.faults_of_texts(rules), *runbooks.faults_of_pages(rules), *check.faults_of_ranges(rules)]
    assert faults == []


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": {"severity": "page"}},
        {"summary": "a node is down."},
        {"summary": "Node {{ $labels.instance }} is down."},
        {"description": "A node is down."},
        {"runbook_url": "https://example.org/GohubDown.md"},
    ],
    ids=str,
)
def test_a_text_that_is_not_as_it_should_be_is_noticed(rules, changes):
    rule = rules.alerts["GohubDown"]
    labels = changes.get("labels", rule.labels)
    annotations = rule.annotations | {key: text for key, text in changes.items() if key != "labels"}
    rules = types.SimpleNamespace(
        alerts={"GohubDown": dataclasses.replace(rule, labels=labels, annotations=annotations)}
    )
    assert len(list(runbooks.faults_of_texts(rules))) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# GohubDown", "# Down"),
        ("## What users feel", "## What they feel"),
        ("```sh\n", "```text\n"),
        ("```sh\n", "```sh\n```\n```text\n"),
        ("```sh\n", "```sh\n# look\n```\n```text\n"),
        ("## What to do\n", "## What to do\n\n## Afterwards\n"),
        ("## What to do\n", "## What to do\n```sh\nls\n```\n"),
        ("$NODE", "$HOST"),
        ("GohubMemoryPerConnection.md", "GohubMemory.md"),
        ("-n 50\n", "-n 50 | grep 'the node is tired'\n"),
    ],
)
def test_a_runbook_that_cannot_be_followed_is_noticed(tmp_path, old, new):
    text = (runbooks.RUNBOOKS / "GohubDown.md").read_text(encoding="utf-8")
    assert old in text
    pages = tmp_path / "docs" / "runbooks"
    shutil.copytree(runbooks.RUNBOOKS, pages)
    shutil.copy(ROOT / "docs" / "operations.md", tmp_path / "docs")
    page = pages / "GohubDown.md"
    assert list(runbooks.faults_of_page(page)) == []
    page.write_text(text.replace(old, new), encoding="utf-8")
    assert list(runbooks.faults_of_page(page))


def test_ranges_that_differ_are_noticed(rules):
    record = rules.records["job:gohub_delivery_slow:ratio_rate5m"]
    for changed in (record.expression.replace("[5m]", "[15m]"), record.expression.replace("[5m]", "[15m]", 1)):
        rules = types.SimpleNamespace(all=[dataclasses.replace(record, expression=changed)])
        assert list(check.faults_of_ranges(rules))


def test_the_ways_to_break_an_expression():
    expression = 'sum by (job, bus) (rate(a{x="1"}[5m])) > 2 and on (job) b == 0 or c'
    broken = dict(mutants.expressions(expression))
    assert len(set(broken.values()) | {expression}) == len(broken) + 1
    texts = {" ".join(text.split()) for text in broken.values()}
    assert texts == {
        "vector(0) == 1",
        "vector(1)",
        "sum by (job, bus) (rate(a{}[5m])) > 2 and on (job) b == 0 or c",
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
