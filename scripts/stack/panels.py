# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Asks a live Prometheus, while the demo and two hubs on NATS go through their faults, all that dashboards and rules ask."""

import argparse
import json
import pathlib
import re
import sys
import time

from dashboards.permitted_empty import PERMITTED_EMPTY
from process import eventually

from stack import faults, nats_faults
from stack.api import ApiError, fetch
from stack.ending import ended_in_order
from stack.panel_queries import queries, substitute, variable_values
from stack.panel_verdict import Exceptions, counts, faults as faults_of, judge
from stack.stage import Stage
from stack.unmoved import UNMOVED

DASHBOARDS = pathlib.Path(__file__).resolve().parents[2] / "dashboards"
INTERVAL = 2
# The whole run: with so much time after each fault what it does is to be seen by itself.
PAUSE = 12.0
ROUNDS = 2
# A minute is the least that rates have here, as with Grafana's default interval.
RATE_INTERVAL = "1m"
# Of the rules in groups of 30 s two evaluations.
SETTLE = 60.0


def say(text):
    print(text, flush=True)


def play(stage, is_whole):
    """The faults of the demo, and those of the hubs on NATS; when they began, and ended."""
    began = time.time()
    for _ in range(ROUNDS if is_whole else 1):
        for line, function in [*faults.ALL, *nats_faults.ALL]:
            say(f"  {line}")
            faults.strike(stage, function)
            if is_whole:
                time.sleep(PAUSE)
    time.sleep(max(0.0, began + SETTLE - time.time()))
    # What the last fault did has been scraped and is part of a rate.
    scrapes = stage.prometheus.api.query("max(timestamp(up))")[0][1]
    eventually(
        lambda: stage.prometheus.api.query("min(timestamp(up))")[0][1] >= scrapes + 2 * INTERVAL, 30, "two more scrapes"
    )
    return began, time.time()


def ask(api, began, ended):
    """The answers to all queries of all dashboards, and what is wrong with their variables."""
    answers, wrong = [], []
    for file in sorted(DASHBOARDS.glob("*.json")):
        board = json.loads(file.read_text(encoding="utf-8"))
        length = f"{int(ended - began)}s"
        known = {"__rate_interval": RATE_INTERVAL, "__interval": f"{INTERVAL}s", "__range": length}
        variables, empty = variable_values(board, api, known)
        wrong += [f"{board['uid']}: the variable {name} has no value" for name in empty]
        for query in queries(board):
            try:
                series = api.query_range(substitute(query.expression, variables), began, ended, INTERVAL)
                answers.append(judge(query, series))
            except (ApiError, KeyError) as error:
                answers.append(judge(query, [], str(error)))
    return answers, wrong


def rules(prometheus):
    """How many rules there are, and what is wrong with them."""
    found = prometheus.api.rules()
    wrong = [
        f"rule {rule['name']}: {rule['health']} {rule.get('lastError', '')}" for rule in found if rule["health"] != "ok"
    ]
    page = fetch(f"{prometheus.url}/metrics")
    failures = re.findall(r"^prometheus_rule_evaluation_failures_total{.*} (\S+)$", page, re.MULTILINE)
    if not failures:
        wrong.append("Prometheus counts no failures of groups of rules")
    if any(float(count) for count in failures):
        wrong.append(f"{sum(map(float, failures)):.0f} evaluations of rules failed")
    return len(found), wrong


def main():
    parser = argparse.ArgumentParser(prog="scripts/panels", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="each fault once, and only whether there is data")
    is_whole = not parser.parse_args().smoke
    try:
        with ended_in_order() as stack:
            stage = Stage(stack, f"{INTERVAL}s", with_nats=True)
            api = stage.prometheus.api
            began, ended = play(stage, is_whole)
            answers, wrong = ask(api, began, ended)
            count, wrong_rules = rules(stage.prometheus)
    except KeyboardInterrupt:
        say("interrupted; everything that was started is ended")
        return 130
    except AssertionError as error:
        say(f"FAILED  {error}")
        return 1
    wrong += wrong_rules + faults_of(answers, Exceptions(PERMITTED_EMPTY, UNMOVED), is_whole)
    for line in wrong:
        say(f"FAILED  {line}")
    say(f"{counts(answers)}; {count} rules; {ended - began:.0f} s")
    if not answers or not count:
        say("FAILED  no dashboards, or no rules, were found")
        return 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
