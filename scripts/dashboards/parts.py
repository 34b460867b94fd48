# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Panels that come in the same shape on several boards."""

from dashboards import queries
from dashboards.model import Panel, Target


def distribution(
    title, name, *matchers, normal, act, unit="s", cells="eps", alerts=(), limits=(), what="", quantiles="", width=12
):
    """A histogram as two panels: where all values lie, and three quantiles of all nodes with the worst of each node.

    `quantiles` is what the second says of itself.
    """
    buckets = queries.total(queries.rate(f"{name}_bucket", *matchers), "le")
    shared = {"normal": normal, "act": act, "alerts": alerts, "width": width, "unit": unit}
    return (
        Panel(title, "heatmap", (Target(buckets, "{{le}}"),), what=what, cells=cells, **shared),
        Panel(
            f"{title}: quantiles",
            "graph",
            (
                Target(queries.quantile(0.5, name, *matchers), "p50 of all"),
                Target(queries.quantile(0.9, name, *matchers), "p90 of all"),
                Target(queries.quantile(0.99, name, *matchers), "p99 of all"),
                Target(queries.quantile(0.99, name, *matchers, by=queries.NODE), "p99 of {{instance}}"),
            ),
            what=f"{what} {quantiles}".strip(),
            limits=limits,
            logarithmic_from=0,
            **shared,
        ),
    )


def budget_burn(title, record, objective, what, normal, act, alert):
    """The share of bad events over all windows of a budget's alerts, with the alerts' four bounds."""
    windows = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
    return Panel(
        title,
        "graph",
        tuple(
            Target(f'{record}:ratio_rate{window}{{job=~"$job"}}', f"{{{{job}}}} over {window}") for window in windows
        ),
        unit="percentunit",
        what=what,
        normal=normal,
        act=act,
        alerts=(alert,),
        limits=tuple(
            (round(factor * objective, 6), colour)
            for factor, colour in ((1, "orange"), (3, "orange"), (6, "red"), (14.4, "red"))
        ),
        logarithmic_from=objective / 10,
        width=12,
    )
