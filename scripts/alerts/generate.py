# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Writes the unit tests of the alert rules; with --check says whether they are what would be written."""

import pathlib
import sys

import yaml

from alerts import cases_bus, cases_budgets, cases_clients, cases_node, scenarios
from alerts.cases import STEP, Suite, duration
from alerts.rules import ROOT

HEAD = """# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
#
# {what}; written by scripts/alerts/generate.
"""
# The windows of hours and of days need no evaluation twice a minute. Expressions look back 5 minutes, to the last one.
HOURS, DAYS = 5, 12
FILES = {
    "gohub.rules.test.yml": ("Tests of gohub.rules.yml, evaluated twice a minute", STEP),
    "gohub.hours.test.yml": ("Tests of the budget of 6 h in gohub.rules.yml, evaluated each 5 minutes", HOURS),
    "gohub.days.test.yml": ("Tests of the budgets of 1 d and 3 d in gohub.rules.yml, evaluated each 12 minutes", DAYS),
}


def all_cases(rules=None):
    """The suite with every case."""
    suite = Suite(rules)
    for module in (scenarios, cases_node, cases_clients, cases_bus, cases_budgets):
        module.add(suite)
    return suite


def evaluated_each(case):
    """Minutes between two evaluations of a case."""
    return next((step for step in (DAYS, HOURS) if case.step > step), STEP)


def test_file(cases, rule_file, groups, step):
    """A file of tests as promtool takes it."""
    return {
        "rule_files": [rule_file],
        "evaluation_interval": duration(step),
        # Without an order promtool evaluates groups in any, and an alert may see its ratio one evaluation late.
        "group_eval_order": groups,
        "tests": [case.as_yaml() for case in cases],
    }


def contents():
    """The text of each file."""
    suite = all_cases()
    for name, (what, step) in FILES.items():
        cases = [case for case in suite.cases if evaluated_each(case) == step]
        data = test_file(cases, "gohub.rules.yml", suite.rules.groups, step)
        text = yaml.safe_dump(data, sort_keys=False, default_flow_style=None, width=118, allow_unicode=True)
        yield name, HEAD.format(what=what) + text


def main(arguments):
    """The exit code."""
    stale = []
    for name, text in contents():
        file = ROOT / "alerts" / name
        if "--check" not in arguments:
            file.write_text(text, encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != text:
            stale.append(str(pathlib.Path("alerts") / name))
    if stale:
        print(f"{', '.join(stale)}: not what scripts/alerts/generate writes; run it and commit", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
