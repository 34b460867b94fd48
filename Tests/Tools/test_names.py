# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The lint of names: a name, a label or a value that the catalogue does not have fails where it stands."""

import json
import os
import pathlib
import subprocess

import pytest

from names import catalogue, check

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("GOHUB_BINARY", ROOT / ".build" / "debug" / "gohub"))

FAMILIES = catalogue.Catalogue(
    [
        {
            "name": "gohub_connections",
            "type": "gauge",
            "labels": [],
            "combinations": None,
            "buckets": [],
            "dashboard": None,
        },
        {
            "name": "gohub_drops_total",
            "type": "counter",
            "combinations": [["topic", "full"], ["client", "gone"]],
            "buckets": [],
            "labels": [
                {"name": "scope", "values": ["topic", "client"]},
                {"name": "reason", "values": ["full", "gone"]},
            ],
            "dashboard": None,
        },
        {
            "name": "gohub_wait_seconds",
            "type": "histogram",
            "labels": [{"name": "loop", "values": None}],
            "combinations": None,
            "buckets": [0.1, 1.0],
            "dashboard": None,
        },
    ]
)
RULES = """\
groups:
- name: one
  rules:
  - record: job:gohub_drops:ratio_rate5m
    expr: sum by (job) (rate(gohub_drops_total[5m]))
  - alert: Two
    labels: {severity: info, slo: gohub_drops}
    expr: |
      gohub_connections > 1
        and
      %s
"""


def faults(tmp_path, group, text):
    """What the lint says of one file of a group, beside files without a fault."""
    files = {
        "alerts/gohub.rules.yml": RULES % "gohub_connections > 2",
        "dashboards/board.json": json.dumps({"panels": []}),
        "docs/deep/page.md": "Look at `gohub_connections`.\n",
    }
    name = {"alerts": "alerts/gohub.rules.yml", "dashboards": "dashboards/board.json", "docs": "docs/deep/page.md"}[
        group
    ]
    for file, content in (files | {name: text}).items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(content, encoding="utf-8")
    verdicts = check.judge(tmp_path, FAMILIES)
    assert all(count == 1 and (found == [] or key == group) for key, (count, found) in verdicts.items()), verdicts
    return [fault.removeprefix(f"{name}:") for fault in verdicts[group][1]]


def board(expression):
    return json.dumps({"panels": [{"title": "x", "targets": [{"expr": "up"}, {"expr": expression}]}]}, indent=1)


@pytest.mark.parametrize(
    "expression",
    [
        'gohub_drops_total{scope="topic", reason=~"fu.*"}',
        'sum by (scope, job) (rate(gohub_drops_total{scope!="client"}[5m]))',
        'rate(gohub_wait_seconds_bucket{le="0.1", loop="7"}[5m])',
        "histogram_quantile(0.99, sum by (le) (rate(gohub_wait_seconds_bucket[5m])))",
        'job:gohub_drops:ratio_rate5m{job=~"$job"} > 0',
        'ALERTS{alertname="Two", alertstate="firing", severity="info"}',
        'gohub_drops_total{scope=~"$scope"}',
    ],
)
def test_takes_what_the_catalogue_has(tmp_path, expression):
    assert faults(tmp_path, "dashboards", board(expression)) == []
    assert faults(tmp_path, "alerts", RULES % expression) == []


@pytest.mark.parametrize(
    "expression, said",
    [
        ("gohub_conections", "gohub_conections is not in the catalogue"),
        ("upp", "there is no series upp"),
        ("gohub_wait_seconds", "there is no series gohub_wait_seconds"),
        ("gohub_connections_count", "gohub_connections_count is not in the catalogue"),
        ("job:gohub_drops:ratio_rate9m", "job:gohub_drops:ratio_rate9m is recorded by no rule"),
        ('gohub_connections{scope="topic"}', "gohub_connections has no label scope"),
        ('gohub_drops_total{scope="topics"}', "scope of gohub_drops_total is never 'topics'"),
        ('gohub_drops_total{reason!="fool"}', "reason of gohub_drops_total is never 'fool'"),
        ('gohub_drops_total{reason=~"full|lost"}', "reason of gohub_drops_total never matches 'lost'"),
        (
            'gohub_drops_total{scope="topic", reason="gone"}',
            "gohub_drops_total has no series with these labels together",
        ),
        ('gohub_wait_seconds_bucket{le="0.2"}', "gohub_wait_seconds has no bucket le='0.2'"),
        ('gohub_wait_seconds_count{le="0.1"}', "gohub_wait_seconds has no label le"),
        ("sum by (code) (gohub_drops_total)", "nothing in this query has a label code"),
        ('job:gohub_drops:ratio_rate5m{instance2="x"}', "job:gohub_drops:ratio_rate5m has no label instance2"),
        ('ALERTS{state="firing"}', "ALERTS has no label state"),
        ("sum(gohub_connections", "a ( without its )"),
    ],
)
def test_refuses_what_it_has_not_by_the_line(tmp_path, expression, said):
    assert f"10: {said}" in faults(tmp_path, "dashboards", board(expression))
    found = faults(tmp_path, "alerts", RULES % expression)
    # A query that does not parse has only the line on which it begins.
    assert f"{9 if said.startswith('a (') else 11}: {said}" in found


@pytest.mark.parametrize(
    "text",
    [
        "Names begin with `gohub_`, those of drops with `gohub_drops_…` or `gohub_drops*`.",
        "`gohub_wait_seconds`, its `gohub_wait_seconds_bucket`; see /etc/gohub_conf.d, gohub_notes.md, $gohub_dir.",
        '`gohub_drops_total{scope="topic"}` and job:gohub_drops:ratio_rate5m; all of job:gohub_drops:ratio_rate{5m,1h}',
    ],
)
def test_takes_texts(tmp_path, text):
    assert faults(tmp_path, "docs", text) == []


@pytest.mark.parametrize(
    "text, said",
    [
        ("See gohub_conections.", "2: gohub_conections is not in the catalogue"),
        ("See (gohub_drop).", "2: gohub_drop is not in the catalogue"),
        ("All of `gohub_dropped_…`", "2: gohub_dropped_ is not in the catalogue"),
        ("`process_cpus`", "2: process_cpus is not in the catalogue"),
        ('`gohub_drops_total{scope="all"}`', "2: scope of gohub_drops_total is never 'all'"),
        ("job:gohub_lost:ratio_rate5m", "2: job:gohub_lost:ratio_rate5m is recorded by no rule"),
        (
            "promtool query instant $PROMETHEUS 'sum by (code) (gohub_drops_total)'",
            "2: nothing in this query has a label code",
        ),
        ("promtool query instant $PROMETHEUS 'upp'", "2: there is no series upp"),
        ("promtool query instant $PROMETHEUS 'sum(gohub_connections'", "2: a ( without its )"),
    ],
)
def test_refuses_texts_by_the_line(tmp_path, text, said):
    assert said in faults(tmp_path, "docs", f"# Page\n{text}\n")


def test_tests_of_rules_are_looked_at_too(tmp_path):
    assert faults(tmp_path, "alerts", RULES % "gohub_connections") == []
    series = 'tests:\n- input_series:\n  - series: gohub_drops_total{scope="all"}\n    values: 1+1x9\n'
    (tmp_path / "alerts" / "gohub.rules.test.yml").write_text(series, encoding="utf-8")
    assert check.judge(tmp_path, FAMILIES)["alerts"] == (
        2,
        ["alerts/gohub.rules.test.yml:3: scope of gohub_drops_total is never 'all'"],
    )


@pytest.fixture(scope="module")
def printed():
    return catalogue.entries(BINARY)


def test_this_repository_has_no_fault(printed):
    verdicts = check.judge(ROOT, catalogue.Catalogue(printed))
    assert {group: found for group, (files, found) in verdicts.items() if found or not files} == {}


def test_every_exception_is_needed(printed, monkeypatch):
    exceptions = check.EXCEPTIONS
    monkeypatch.setattr(check, "EXCEPTIONS", frozenset())
    _, found = check.judge(ROOT, catalogue.Catalogue(printed))["docs"]
    for file, word in exceptions:
        assert any(fault.startswith(f"{file}:") and word in fault for fault in found), f"{word} in {file}"


@pytest.mark.parametrize("name", ["gohub_bus_up", "gohub_delivery_latency_seconds", "gohub_canary_total"])
def test_a_renamed_metric_fails_in_dashboards_alerts_and_docs_each(printed, tmp_path, name):
    renamed = [entry | {"name": "gohub_renamed"} if entry["name"] == name else entry for entry in printed]
    assert renamed != printed
    file = tmp_path / "catalogue.json"
    file.write_text(json.dumps(renamed), encoding="utf-8")
    gate = subprocess.run([ROOT / "scripts" / "gates" / "names", file], capture_output=True, text=True, timeout=120)
    assert gate.returncode == 1
    for group, place in (
        ("dashboards", "dashboards/gohub-overview.json:"),
        ("alerts", "alerts/gohub.rules.yml:"),
        ("docs", "docs/metrics.md:"),
    ):
        assert f"names: {group} FAILED" in gate.stdout
        assert any(line.startswith(place) and name in line for line in gate.stderr.splitlines()), gate.stderr
