# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Each rule for dashboards lets a good one pass and refuses what breaks it."""

import dataclasses

import pytest
from dashboard_rules import BREAKS, SURROUNDINGS, boards

from dashboards import check, structure

PERMITTED = {("gohub-overview", "Connections"): "a test"}
CASES = [
    pytest.param(rule, change, id=f"{rule} {index}")
    for rule, changes in BREAKS.items()
    for index, change in enumerate(changes)
]


@pytest.fixture(autouse=True)
def permitted(monkeypatch):
    monkeypatch.setattr(structure, "PERMITTED_EMPTY", PERMITTED)


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
    assert set(BREAKS) == set(check.RULES) | set(check.OVERALL_RULES)


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
