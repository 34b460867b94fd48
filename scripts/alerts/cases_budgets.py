# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Cases of the alerts that tell how fast an error budget burns.

The short window of each is a twelfth of the long one, so that one case fits all, stretched: its unit is a fifth of the
short window, a minute for the shortest.
"""

from alerts.cases import Case, duration
from alerts.healthy import BUS, NODES
from alerts.series import level, named, rise

# Of each long window: minutes in a unit, and units until an alert fires that is true from unit 90 on.
UNITS = {"1h": 1, "6h": 6, "1d": 24, "3d": 72}
GOOD, BAD = 70, 26
# How many times as bad as the threshold it is then; and how many times as bad as the objective that is.
FACTORS = {"1h": 14.4, "6h": 6, "1d": 3, "3d": 1}


def add(suite):
    """Adds the cases to a suite."""
    for window in UNITS:
        _budget(suite, "GohubDeliveryLatencyBudgetBurn", window, 0.01, _delivered, floor=60)
        _budget(suite, "GohubBusPublishErrorBudgetBurn", window, 0.001, _published, floor=6)


def _delivered(phases, total):
    """Deliveries of which a share is slow, by phases of (minutes, share); `total` a minute."""
    stage = 'stage="total",scope="topic"'
    family, all_of_them = "gohub_delivery_latency_seconds", rise(total)
    good = rise(*[(minutes, total * (1 - share)) for minutes, share in phases])
    return {
        (f"{family}_bucket", f'{stage},le="0.1"'): level(0),
        (f"{family}_bucket", f'{stage},le="0.25"'): good,
        (f"{family}_bucket", f'{stage},le="+Inf"'): all_of_them,
        (f"{family}_count", stage): all_of_them,
    }


def _published(phases, total):
    """Publications of which a share fails."""
    return {
        ("gohub_bus_published_total", BUS): rise(*[(minutes, total * (1 - share)) for minutes, share in phases]),
        ("gohub_bus_publish_failures_total", f'{BUS},reason="timeout"'): rise(
            *[(minutes, total * share) for minutes, share in phases]
        ),
    }


def _budget(suite, name, window, budget, traffic, floor):
    """`floor` is how many a minute have to be for a ratio; all nodes together."""
    alert, unit = f"{name} {window}", UNITS[window]
    threshold = FACTORS[window] * budget

    rule = suite.rules.alerts[alert]
    records = [record.name for record in suite.rules.records_of(rule)]

    def case(what, phases, per_minute, fires, ratios=()):
        """`fires`: (unit, whether) the alert does; `ratios`: (unit, value or None) of both recording rules."""
        series = traffic([(minutes * unit, share) for minutes, share in phases], per_minute / len(NODES))
        changes = {named(*family, instance=node): values for node in NODES for family, values in series.items()}
        firing = f'count by (long_window) (ALERTS{{alertname="{name}",alertstate="firing",long_window="{window}"}})'
        checks = [_check(firing, at * unit, f'{{long_window="{window}"}}', 1 if does else None) for at, does in fires]
        checks += [
            _check(record, at * unit, f'{record}{{job="gohub"}}', value) for at, value in ratios for record in records
        ]
        minutes = max(at for at, _ in [*fires, *ratios]) * unit + unit
        suite.cases.append(
            Case(f"{alert} {what}", alert, suite.background(alert, changes), minutes, expressions=checks, step=unit)
        )

    fast = [(GOOD, 0), (BAD, 3 * threshold), (100, 0)]
    end = GOOD + BAD
    case(
        "fires: three times too fast",
        fast,
        6000,
        [(GOOD + 20.5, False), (GOOD + 25, True), (end + 2, True), (end + 3, False)],
    )
    case("fires: few, and all bad", [(100, 1)], 1.5 * floor, [(65, True)], [(65, 1)])
    case("is silent: hardly any, and all bad", [(100, 1)], 0.6 * floor, [(65, False)], [(65, None)])


def _check(expression, minute, labels, value):
    samples = [] if value is None else [{"labels": labels, "value": value}]
    return {"expr": expression, "eval_time": duration(minute), "exp_samples": samples}
