# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""A dashboard that keeps every rule, and for each rule what breaks it."""

from dashboards.model import Board, Panel, Row, Target
from dashboards.reading import Surroundings
from dashboards.render import render
from names.catalogue import Catalogue
from names.sources import Rules


def _entry(name, kind, labels=(), board="overview", buckets=()):
    return {
        "name": name,
        "type": kind,
        "labels": [{"name": label, "values": values} for label, values in labels],
        "combinations": None,
        "buckets": list(buckets),
        "dashboard": board,
    }


SURROUNDINGS = Surroundings(
    families=Catalogue(
        [
            _entry("gohub_connections", "gauge"),
            _entry("gohub_deliveries_total", "counter", [("scope", ["topic", "client"])]),
            _entry("gohub_latency_seconds", "histogram", [("scope", ["topic", "client"])], buckets=[0.1, 1.0]),
            _entry("gohub_host_cores", "gauge", board=None),
            _entry("process_start_time_seconds", "gauge", board=None),
        ]
    ),
    rules=Rules(alerts={"GohubDropsHigh": ["rate(gohub_deliveries_total[5m]) > 0.001"]}),
    runbooks=frozenset({"GohubDropsHigh"}),
    prometheus={"global": {"scrape_interval": "15s"}, "scrape_configs": [{"job_name": "gohub"}]},
    data_sources={"datasources": [{"name": "Prometheus", "jsonData": {"timeInterval": "15s"}}]},
)


def boards():
    """name of file: dashboard; a new one each time."""
    chosen = 'job=~"$job", instance=~"$instance"'
    text = {"normal": "0.", "act": "look."}
    first = Panel("Connections", "graph", (Target(f"gohub_connections{{{chosen}}}"),), **text)
    second = Panel(
        "Drops",
        "graph",
        (Target(f"sum by (scope) (rate(gohub_deliveries_total{{{chosen}}}[$__rate_interval]))", "{{scope}}"),),
        alerts=("GohubDropsHigh",),
        limits=((0.001, "orange"),),
        **text,
    )
    third = Panel(
        "Latency",
        "heatmap",
        (Target(f"sum by (le) (rate(gohub_latency_seconds_bucket{{{chosen}}}[$__rate_interval]))", "{{le}}"),),
        **text,
    )
    fourth = Panel("Nodes", "table", (Target(f"gohub_connections{{{chosen}}}"),), columns={"instance": "Node"}, **text)
    board = Board(
        "gohub-overview",
        "gohub / Test",
        "A test.",
        (Row("", (first, second)), Row("Closed", (third, fourth), collapsed=True)),
    )
    return {"gohub-overview.json": render(board)}


def _board(change):
    """What breaks the only dashboard."""
    return lambda all_boards: change(all_boards["gohub-overview.json"])


def _panel(change, index=0):
    return _board(lambda board: change(board["panels"][index]))


def _query(expression):
    """Another query on the first panel."""
    return _panel(lambda panel: panel["targets"][0].update(expr=expression))


def _variable(name, **changes):
    return _board(lambda board: next(v for v in board["templating"]["list"] if v["name"] == name).update(changes))


def _inside(change):
    """A change to the first panel of the collapsed row."""
    return _board(lambda board: change(board["panels"][2]["panels"][0]))


NODE = 'job=~"$job", instance=~"$instance"'
DRAFT = {"type": "prometheus", "uid": "draft"}

# rule: what it has to refuse
BREAKS = {
    "template-datasource-rule": [_variable("datasource", label="Source"), _variable("datasource", query="loki")],
    "template-job-rule": [
        _variable("job", allValue=".*"),
        _variable("job", multi=False),
        _variable("job", datasource=DRAFT),
    ],
    "template-instance-rule": [_variable("instance", includeAll=False), _variable("instance", label="Node")],
    "template-label-promql-rule": [
        _variable("bus", query="label_values(gohub_bus_info{job=~}, bus)"),
        _variable("bus", query="bus"),
    ],
    "template-on-time-change-reload-rule": [_variable("job", refresh=1)],
    "panel-datasource-rule": [
        _panel(lambda panel: panel.update(datasource=DRAFT)),
        _inside(lambda panel: panel["targets"][0].update(datasource=DRAFT)),
        _board(lambda board: board["annotations"]["list"][0].update(datasource=DRAFT)),
    ],
    "panel-title-description-rule": [
        _panel(lambda panel: panel.pop("title")),
        _panel(lambda panel: panel.update(description="Connections.")),
        _inside(lambda panel: panel.update(description="**Normal:** 0.")),
    ],
    "panel-units-rule": [
        _panel(lambda panel: panel["fieldConfig"]["defaults"].pop("unit")),
        _inside(lambda panel: panel["fieldConfig"]["defaults"].update(unit="parsec")),
    ],
    "panel-no-targets-rule": [_panel(lambda panel: panel.update(targets=[]))],
    "target-promql-rule": [_query("sum(gohub_connections"), _query("")],
    "target-rate-interval-rule": [
        _query(f"rate(gohub_deliveries_total{{{NODE}}}[5m])"),
        _query(f"sum(irate(gohub_deliveries_total{{{NODE}}}[1m]))"),
    ],
    "target-job-rule": [
        _query('gohub_connections{instance=~"$instance"}'),
        _query(f'gohub_connections{{{NODE}}} / gohub_connections{{job="gohub", instance=~"$instance"}}'),
    ],
    "target-instance-rule": [
        _query('gohub_connections{job=~"$job"}'),
        _query('gohub_connections{job=~"$job", instance="$instance"}'),
    ],
    "target-counter-agg-rule": [
        _query(f"gohub_deliveries_total{{{NODE}}}"),
        _query(f"sum(gohub_latency_seconds_bucket{{{NODE}}})"),
        _query(f"max_over_time(gohub_deliveries_total{{{NODE}}}[5m])"),
    ],
    "uneditable-dashboard": [
        _board(lambda board: board.update(editable=True)),
        _board(lambda board: board.pop("editable")),
    ],
    "frame": [
        _board(lambda board: board.update(schemaVersion=36)),
        _board(lambda board: board.update(refresh="5s")),
        _board(lambda board: board.update(id=7)),
        _board(lambda board: board.update(__inputs=[])),
        _board(lambda board: board["templating"]["list"].reverse()),
    ],
    "nulls": [
        _board(lambda board: board.update(id=None)),
        _inside(lambda panel: panel["options"].update(cellGap=None)),
    ],
    "unique": [
        _inside(lambda panel: panel.update(id=1)),
        _inside(lambda panel: panel.update(title="Drops")),
        _panel(lambda panel: panel["targets"].append(panel["targets"][0])),
    ],
    "layout": [
        _panel(lambda panel: panel["gridPos"].update(x=1)),
        _panel(lambda panel: panel["gridPos"].update(x=20, y=90)),
        _inside(lambda panel: panel["gridPos"].update(w=9)),
    ],
    "links": [
        _board(lambda board: board["links"][0].update(keepTime=False)),
        _board(lambda board: board.update(links=[])),
    ],
    "marks": [
        _board(lambda board: board["annotations"]["list"].pop(0)),
        _board(lambda board: board["annotations"]["list"][1].update(enable=False)),
    ],
    "alerts": [
        _panel(lambda panel: panel["links"][0].update(title="Runbook of GohubGone"), 1),
        _panel(lambda panel: panel["links"][0].update(url="https://example.com"), 1),
        _panel(lambda panel: panel.update(description="no link"), 1),
        _panel(lambda panel: panel["fieldConfig"]["defaults"]["thresholds"]["steps"][1].update(value=0.002), 1),
    ],
    "legend order": [
        _panel(lambda panel: panel["options"]["legend"].pop("sortBy")),
        _panel(lambda panel: panel["options"]["legend"].update(sortDesc=False), 1),
        _panel(lambda panel: panel["options"]["legend"].update(calcs=["lastNotNull"])),
    ],
    "legends": [
        _panel(lambda panel: panel["targets"][0].update(legendFormat="{{scope}}")),
        _panel(lambda panel: panel["targets"][0].update(legendFormat="{{instance}}"), 1),
        _board(
            lambda board: board["panels"][2]["panels"][1]["transformations"][0].update(
                options={"include": {"names": ["host"]}}
            )
        ),
    ],
    "foundation SDK": [
        _panel(lambda panel: panel.update(colour="red")),
        _panel(lambda panel: panel["targets"][0].update(expression="up")),
        _variable("job", definition="label_values(up, job)"),
        _panel(lambda panel: panel.update(gridPos=None)),
    ],
    "file names": [_board(lambda board: board.update(uid="gohub-other"))],
    "families": [_panel(lambda panel: panel.update(targets=[]), 1), _inside(lambda panel: panel.update(targets=[]))],
    "alerts shown": [_panel(lambda panel: panel.update(links=[]), 1)],
    "permitted empty": [_panel(lambda panel: panel.update(title="Clients"))],
    "before alert": [
        _panel(lambda panel: panel["fieldConfig"]["defaults"]["thresholds"]["steps"].pop(1), 1),
        _panel(lambda panel: panel.update(title="Lost"), 1),
    ],
    "promtool": [
        _query("sum(gohub_connections"),
        _query(f"rate(gohub_connections{{{NODE}}})"),
        _query("gohub_connections[$window]"),
    ],
}
