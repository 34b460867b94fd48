# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What a test case is; the modules cases_… make them."""

import dataclasses

import yaml

from alerts.healthy import healthy
from alerts.rules import RUNBOOK_URL, RuleFile, rendered
from alerts.series import Series

NODE = {"job": "gohub", "instance": "a:9090"}
JOB = {"job": "gohub"}
# Minutes between two samples, and between two evaluations.
STEP = 0.5


@dataclasses.dataclass
class Case:
    """Series of so many minutes, and what is asked of the rules; `alert` is the key of the rule, None for all."""

    name: str
    alert: str | None
    series: dict[str, Series]
    minutes: float
    alerts: list = dataclasses.field(default_factory=list)
    expressions: list = dataclasses.field(default_factory=list)
    step: float = STEP

    def as_yaml(self):
        """The case as promtool takes it."""
        values = [
            {"series": name, "values": series.notation(self.minutes, self.step)} for name, series in self.series.items()
        ]
        case = {
            "name": self.name,
            "interval": duration(self.step),
            "input_series": [row for row in values if row["values"]],
        }
        if self.alerts:
            case["alert_rule_test"] = self.alerts
        if self.expressions:
            case["promql_expr_test"] = self.expressions
        return case


class OneLine(dict):
    """A mapping that is written on one line."""


yaml.SafeDumper.add_representer(
    OneLine, lambda dumper, mapping: dumper.represent_mapping("tag:yaml.org,2002:map", mapping, flow_style=True)
)


def duration(minutes):
    """Minutes as Prometheus writes them."""
    seconds = round(minutes * 60)
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"


class Suite:
    """Collects the cases of the alerts of a rule file."""

    def __init__(self, rules=None):
        self.rules = rules or RuleFile()
        self.cases = []

    def background(self, alert, changes, without=()):
        """The healthy series that an alert reads, and what is different."""
        names = self.rules.series_of(self.rules.alerts[alert])
        unknown = {name.split("{")[0] for name in changes} - names
        if unknown:
            raise ValueError(f"{alert} does not read {unknown}")
        series = {
            name: values for name, values in healthy().items() if name.split("{")[0] in names and name not in without
        }
        return series | changes

    def fires(self, alert, name, changes, at, value="", labels=NODE, without=(), still=None):
        """A case in which the alert fires at minute `at`, not one evaluation earlier, for nothing else; still at `still`."""
        rule = self.rules.alerts[alert]
        expected = {
            "exp_labels": labels | rule.labels,
            "exp_annotations": {
                "summary": rule.annotations["summary"],
                "description": rendered(rule.annotations["description"], labels, value),
                "runbook_url": RUNBOOK_URL.format(rule.name),
            },
        }
        checks = [self._check(rule, at - STEP)] if at >= STEP else []
        checks.append(self._check(rule, at, expected))
        series = self.background(alert, changes, without)
        case = Case(f"{alert} fires: {name}", alert, series, (still or at) + STEP, checks)
        if still:
            firing = f'count by (alertname) (ALERTS{{alertname="{alert}",alertstate="firing"}})'
            sample = {"labels": f'{{alertname="{alert}"}}', "value": 1}
            case.expressions = [{"expr": firing, "eval_time": duration(still), "exp_samples": [sample]}]
        self.cases.append(case)

    def quiet(self, alert, name, changes, until, since=0, without=()):
        """A case in which the alert stays silent at all evaluations from minute `since` to `until`."""
        rule = self.rules.alerts[alert]
        times = [since + number * STEP for number in range(int((until - since) / STEP) + 1)]
        series = self.background(alert, changes, without)
        self.cases.append(
            Case(
                f"{alert} is silent: {name}",
                alert,
                series,
                until + STEP,
                [self._check(rule, minute) for minute in times],
            )
        )

    @staticmethod
    def _check(rule, minute, *expected):
        check = {"eval_time": duration(minute), "alertname": rule.name, "exp_alerts": list(expected)}
        return check if expected else OneLine(check)
