# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Cases of all alerts together: times in which nothing is wrong."""

from alerts.cases import STEP, Case, OneLine, duration
from alerts.healthy import CLIENTS, NODES, ON_BUS, PROCESS, healthy, neighbour, of_node
from alerts.series import RESTART, Series, level, named

FIRING = 'ALERTS{alertstate="firing"}'


def add(suite):
    """Adds the cases to a suite."""
    suite.cases.append(_silent("two healthy nodes", healthy(), 120))
    suite.cases.append(_silent("healthy nodes without a bus", healthy(with_bus=False), 60))
    suite.cases.append(_silent("a deploy: one node after the other drains and starts again", _deploy(), 120))
    suite.cases.append(_silent("a scrape of each node that is missed now and then", _missed(), 60))


def _silent(name, series, minutes):
    times = [duration(number * STEP) for number in range(int(minutes / STEP) + 1)]
    checks = [OneLine(expr=FIRING, eval_time=time, exp_samples=[]) for time in times]
    return Case(f"no alert: {name}", None, series, minutes + STEP, expressions=checks)


def _deploy():
    """At minute 70 a node drains, is away for a minute and comes back as a new build; 4 minutes later the other."""
    series = neighbour()
    for node, drains in zip(NODES, (70, 74)):
        for name, values in of_node(PROCESS | CLIENTS | ON_BUS, node).items():
            series[name] = _restarted(values, drains + 1)
        series |= _during(node, drains)
    return series


def _restarted(values, at):
    """The series of a process that ends at a minute, and of one that begins a minute later."""
    (value,) = values.phases
    if values.is_counter:
        return Series(((at, value), (1, None), RESTART, value), True)
    return level((at, value), (1, None), value)


def _during(node, drains):
    """What a drain and a start change."""

    def its(name, labels=""):
        return named(name, labels, instance=node)

    gone, back = drains + 1, drains + 2
    opened, clients = its("gohub_connections_opened_total"), its("gohub_connections")
    other_build = 'version="0.2.0",revision="def"'
    return {
        its("up"): level((gone, 1), (1, 0), 1),
        its("process_start_time_seconds"): level((gone, -86400), (1, None), back * 60),
        its("gohub_build_info", 'version="0.1.0",revision="abc"'): level((gone, 1), None),
        its("gohub_build_info", other_build): level((back, None), 1),
        its("gohub_state", 'state="ready"'): level((drains, 1), (1, 0), (1, None), 1),
        its("gohub_state", 'state="draining"'): level((drains, 0), (1, 1), (1, None), 0),
        its("gohub_health_check", 'check="ready"'): level((drains, 1), (1, 0), (1, None), (0.5, 0), 1),
        its("gohub_health_check", 'check="bus"'): level((gone, 1), (1, None), (0.5, 0), 1),
        its("gohub_drain_deadline_timestamp_seconds"): level((drains, 0), (1, (drains + 1) * 60), (1, None), 0),
        its("gohub_bus_up", 'bus="redis"'): level((gone, 1), (1, None), (0.5, 0), 1),
        its("gohub_nodes"): level((gone, 2), (1, None), 2),
        clients: level((drains, 1000), (0.5, 400), (0.5, 0), (1, None), (1, 300), 1000),
        its("gohub_connections_peak"): level((gone, 1200), (1, None), (1, 300), 1200),
        # All come back to one node, and at the others' start to another.
        opened: Series(((drains, 30), (1, 30), (1, None), RESTART, (2, 500), 30), True),
    }


def _missed():
    """Both nodes are well, and at times no sample is there."""
    series = neighbour()
    for node, first in zip(NODES, (7, 12)):
        for name, values in of_node(PROCESS | CLIENTS | ON_BUS, node).items():
            series[name] = _with_holes(values, first)
            if name.startswith("up{"):
                series[name] = level((first, 1), (STEP, 0), (20, 1), (STEP, 0), 1)
    return series


def _with_holes(values, first):
    (value,) = values.phases
    # What a counter gains in the hole is left out, which is less than it would have behind it.
    return Series(((first, value), (STEP, None), (20, value), (STEP, None), value), values.is_counter)
