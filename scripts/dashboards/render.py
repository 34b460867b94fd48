# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""A board as Grafana's JSON: the classic model, schema version 39, which Grafana reads since 10.3.

No value is null: what Grafana writes as null is left out, as its own SDK does not read it.
"""

from dashboards import kinds
from dashboards.model import RUNBOOKS, runbook

SCHEMA_VERSION = 39
GRID_WIDTH = 24
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


def render(board):
    """The dashboard as Grafana takes it."""
    return {
        "uid": board.uid,
        "title": board.title,
        "description": board.description,
        "tags": ["gohub"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "timezone": "",
        "refresh": "30s",
        "graphTooltip": 1,
        "time": {"from": "now-3h", "to": "now"},
        "annotations": {"list": _annotations()},
        "links": _links(),
        "templating": {"list": _variables()},
        "panels": _panels(board),
    }


def _annotations():
    """Starts of nodes and alerts that fire, on every graph."""

    def annotation(name, colour, expr, title, text, tags):
        return {
            "name": name,
            "datasource": DATASOURCE,
            "enable": True,
            "hide": False,
            "iconColor": colour,
            "expr": expr,
            "step": "30s",
            "titleFormat": title,
            "textFormat": text,
            "tagKeys": tags,
        }

    return [
        # Not changes(): a node that was away for longer than its window starts without a change.
        annotation(
            "Starts",
            "blue",
            'time() - process_start_time_seconds{job=~"$job", instance=~"$instance"} < 60',
            "{{instance}} started",
            "The process of {{instance}} is a new one.",
            "instance",
        ),
        annotation(
            "Alerts",
            "red",
            'ALERTS{alertname=~"Gohub.*", alertstate="firing", job=~"$job"}',
            "{{alertname}}",
            "{{severity}} {{instance}}",
            "severity,instance",
        ),
    ]


def _links():
    link = {"icon": "external link", "tooltip": "", "targetBlank": False}
    return [
        {
            **link,
            "title": "gohub",
            "type": "dashboards",
            "tags": ["gohub"],
            "url": "",
            "asDropdown": False,
            "includeVars": True,
            "keepTime": True,
        },
        {
            **link,
            "title": "Runbooks",
            "type": "link",
            "icon": "doc",
            "tags": [],
            "url": f"{RUNBOOKS}/README.md",
            "asDropdown": False,
            "targetBlank": True,
            "includeVars": False,
            "keepTime": False,
        },
    ]


def _variables():
    def query(name, label, expr):
        return {
            "name": name,
            "label": label,
            "type": "query",
            "hide": 0,
            "query": expr,
            "datasource": DATASOURCE,
            "refresh": 2,
            "sort": 1,
            "regex": "",
            "multi": True,
            "includeAll": True,
            "allValue": ".+",
            "skipUrlSync": False,
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        }

    return [
        {
            "name": "datasource",
            "label": "Data source",
            "type": "datasource",
            "hide": 0,
            "query": "prometheus",
            "refresh": 1,
            "regex": "",
            "multi": False,
            "includeAll": False,
            "skipUrlSync": False,
        },
        query("job", "Job", "label_values(gohub_build_info, job)"),
        query("instance", "Instance", 'label_values(gohub_build_info{job=~"$job"}, instance)'),
        query("bus", "Bus", 'label_values(gohub_bus_info{job=~"$job"}, bus)'),
    ]


def _panels(board):
    """Rows from the top down; the panels of a collapsed row stand inside it."""
    result = []
    y = identity = 0
    for row in board.rows:
        heading = None
        if row.title:
            identity += 1
            heading = {
                "id": identity,
                "type": "row",
                "title": row.title,
                "collapsed": row.collapsed,
                "panels": [],
                "gridPos": {"x": 0, "y": y, "w": GRID_WIDTH, "h": 1},
            }
            result.append(heading)
            y += 1
        inside = heading["panels"] if row.collapsed else result
        end = y
        for panel, position in _flow(row.panels, y):
            identity += 1
            inside.append(_panel(panel, identity, position))
            end = max(end, position["y"] + position["h"])
        y = y if row.collapsed else end
    return result


def _flow(panels, y):
    """Panels side by side as far as they fit; each line is as high as its highest."""
    x = line = 0
    for panel in panels:
        if x + panel.width > GRID_WIDTH:
            x, y, line = 0, y + line, 0
        yield panel, {"x": x, "y": y, "w": panel.width, "h": panel.height}
        x += panel.width
        line = max(line, panel.height)


def _panel(panel, identity, position):
    kind, make, form, instant = kinds.KINDS[panel.kind]
    options, defaults = make(panel)
    defaults = {
        "unit": panel.unit,
        **defaults,
        "mappings": kinds.mappings(panel),
        "thresholds": kinds.thresholds(panel),
    }
    if panel.decimals is not None:
        defaults["decimals"] = panel.decimals
    if panel.no_value:
        defaults["noValue"] = panel.no_value
    return {
        "id": identity,
        "type": kind,
        "title": panel.title,
        "description": panel.description,
        "transparent": False,
        "datasource": DATASOURCE,
        "gridPos": position,
        "links": [{"title": f"Runbook of {name}", "url": runbook(name), "targetBlank": True} for name in panel.alerts],
        "options": options,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "targets": [_target(target, index, form, instant) for index, target in enumerate(panel.targets)],
        "transformations": kinds.transformations(panel),
    }


def _target(target, index, form, instant):
    return {
        "refId": chr(ord("A") + index),
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": target.expr,
        "legendFormat": target.legend,
        "format": form,
        "instant": instant,
        "range": not instant,
    }
