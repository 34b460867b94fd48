# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Says what is wrong with the rules and runbooks, as far as they can be read without Prometheus."""

import re
import sys

from alerts import runbooks
from alerts.rules import RuleFile


def faults_of_ranges(rules):
    """Recording rules whose range is not that of their name, and expressions that compare rates of different ranges."""
    for rule in rules.all:
        ranges = set(re.findall(r"rate\([^\[]*\[(\w+)\]", rule.expression))
        if len(ranges) > 1:
            yield f"{rule.key}: rates of different ranges: {', '.join(sorted(ranges))}"
        if rule.kind == "record" and not rule.name.endswith(f"rate{''.join(ranges)}"):
            yield f"{rule.key}: its range is {', '.join(ranges)}"


def main():
    """The exit code."""
    rules = RuleFile()
    faults = [*runbooks.faults_of_texts(rules), *runbooks.faults_of_pages(rules), *faults_of_ranges(rules)]
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(rules.alert_names)} alerts, {len(rules.records)} recording rules: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
