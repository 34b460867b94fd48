# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Each rule for dashboards lets a good one pass and refuses what breaks it."""

import dataclasses

import pytest
from dashboard_rules import BREAKS, SURROUNDINGS, boards

from dashboards import check, structure

PERMITTED = {("gohub-overview", "Connections"): "a test"}
EARLY = {("gohub-overview", "Drops", 0.001): "a test"}
CASES = [
    pytest.param(rule, change, id=f"{rule} {index}")
    for rule, changes in BREAKS.items()
    for index, change in enumerate(changes)
]


@pytest.fixture(autouse=True)
def permitted(monkeypatch):
    monkeypatch.setattr(structure, "PERMITTED_EMPTY", PERMITTED)
    monkeypatch.setattr(structure, "BEFORE_ALERT", EARLY)


def faults(rule, all_boards, surroundings=SURROUNDINGS):
    if rule in check.RULES:
        return [fault for board in all_boards.values() for fault in check.RULES[rule](board, surroundings)]
    return list(check.OVERALL_RULES[rule](all_boards, surroundings))


def test_a_good_dashboard_breaks_no_rule():
    assert {rule: found for rule, found in check.judge(boards(), SURROUNDINGS).items() if found} == {}


@pytest.mark.parametrize("rule, change", CASES)
def test_a_rule_refuses_what_breaks_it(rule, change):
    broken = boards()
    change(broken)
    assert faults(rule, broken), f"{rule} lets it pass"


def test_every_rule_has_something_that_it_refuses():
    # No change of a dashboard breaks this one: it compares two other files.
    assert set(BREAKS) | {"scrape interval"} == set(check.RULES) | set(check.OVERALL_RULES)


@pytest.mark.parametrize(
    "changes",
    [
        {"prometheus": {"global": {"scrape_interval": "30s"}, "scrape_configs": []}},
        {
            "prometheus": {
                "global": {"scrape_interval": "15s"},
                "scrape_configs": [{"job_name": "gohub", "scrape_interval": "5s"}],
            }
        },
        {"data_sources": {"datasources": [{"name": "Prometheus", "jsonData": {}}]}},
    ],
)
def test_a_data_source_that_does_not_know_the_scrape_interval_is_refused(changes):
    assert faults("scrape interval", boards(), dataclasses.replace(SURROUNDINGS, **changes))


def test_a_colour_before_the_alert_needs_its_entry(monkeypatch):
    monkeypatch.setattr(structure, "BEFORE_ALERT", {("gohub-overview", "Drops", 0.0005): "a test"})
    early = boards()
    steps = early["gohub-overview.json"]["panels"][1]["fieldConfig"]["defaults"]["thresholds"]["steps"]
    steps[1]["value"] = 0.0005
    assert faults("alerts", early) == []
    monkeypatch.setattr(structure, "BEFORE_ALERT", {})
    assert faults("alerts", early) == ["Drops: no alert that it names has the threshold 0.0005"]


def test_an_alert_without_a_runbook_is_refused():
    without = dataclasses.replace(SURROUNDINGS, runbooks=frozenset())
    assert any("no runbook" in fault for fault in faults("alerts", boards(), without))


def test_an_alert_that_no_panel_names_is_refused():
    rules = dataclasses.replace(SURROUNDINGS.rules, alerts=SURROUNDINGS.rules.alerts | {"GohubNew": ["up == 0"]})
    more = dataclasses.replace(SURROUNDINGS, rules=rules)
    assert faults("alerts shown", boards(), more) == ["no panel names GohubNew"]


@pytest.mark.parametrize(
    "expression, found",
    [
        ("a > 0.85", {0.85}),
        ("rate(a[5m]) > (14.4 * 0.001)", {14.4, 0.001, 0.0144}),
        ('b{le="0.25"} > 65536', {0.25, 65536}),
    ],
)
def test_numbers_of_alerts(expression, found):
    assert {round(number, 9) for number in structure.numbers(expression)} == found
