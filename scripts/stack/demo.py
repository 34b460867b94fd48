# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Two hubs on one Redis under load, watched by Prometheus with the rules of alerts/, and a fault now and then."""

import argparse
import itertools
import sys
import time

from stack import faults
from stack.ending import ended_in_order
from stack.stage import Stage

PAUSE = 20.0


def say(text):
    print(text, flush=True)


def introduction(stage):
    """What runs where, and what to look at."""
    lines = []
    for node in stage.nodes:
        lines.append(f"{node.name:13} {node.url}, for operators http://{node.operators_address}/metrics")
    return [
        *lines,
        f"{'Redis':13} {stage.redis.address}",
        f"{'Prometheus':13} {stage.prometheus.url}/alerts shows the rules; {stage.prometheus.url}/graph takes queries",
        f"{'Alertmanager':13} {stage.alertmanager.url}",
        "",
        "Dashboards: in a Grafana on this machine (docker run --network host grafana/grafana) add a data source of type",
        f"Prometheus with this address: {stage.prometheus.url}, then import the files",
        "dashboards/*.json (Dashboards, New, Import). Their readings begin now; a minute fills most of them.",
        "",
        "Alertmanager sends to nobody here: its log says that the example's receivers do not answer.",
        "",
        "A fault comes every half minute and is undone. Ctrl-C ends everything.",
        "",
    ]


def play(stage, end, rounds):
    """Does the faults in turn, with a pause after each, until the end or so many rounds are over."""
    for _ in range(rounds) if rounds else itertools.count():
        for line, function in faults.ALL:
            if not rounds and not wait(stage, min(PAUSE, end - time.monotonic())):
                return
            say(f"{time.strftime('%H:%M:%S')}  {line}")
            faults.strike(stage, function)


def wait(stage, seconds):
    """Looks on for so long; whether there was so much time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(min(1.0, max(0.0, until - time.monotonic())))
        stage.check()
    return seconds >= PAUSE


def main():
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument(
        "--for", dest="seconds", type=float, default=float("inf"), metavar="SECONDS", help="ends by itself after so long"
    )
    parser.add_argument("--once", action="store_true", help="ends when each fault was done once, without pauses")
    arguments = parser.parse_args()
    try:
        with ended_in_order() as stack:
            stage = Stage(stack)
            for line in introduction(stage):
                say(line)
            play(stage, time.monotonic() + arguments.seconds, 1 if arguments.once else None)
    except KeyboardInterrupt:
        pass
    except (AssertionError, OSError) as error:
        say(f"FAILED  {error}\neverything that was started is ended")
        return 1
    say("\neverything that was started is ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
