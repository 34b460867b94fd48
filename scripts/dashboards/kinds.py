# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What each kind of panel looks like in Grafana: its options, its field defaults, and how it asks."""


def _graph(panel):
    custom = {
        "drawStyle": "line",
        "lineInterpolation": "linear",
        "lineWidth": 1,
        # On a logarithmic scale the area below a line says nothing.
        "fillOpacity": 30 if panel.stack else 5 if panel.logarithmic_from is None else 0,
        "showPoints": "auto",
        "spanNulls": False,
        **_scale(panel),
        "stacking": {"mode": "normal" if panel.stack else "none", "group": "A"},
        "thresholdsStyle": {"mode": "dashed" if panel.limits else "off"},
    }
    options = {
        "legend": {
            "displayMode": "table",
            "placement": "bottom",
            "showLegend": True,
            "calcs": ["max"] if panel.only_above_zero else ["lastNotNull", "max"],
            # A legend shows a few of many series: those that matter.
            "sortBy": "Max",
            "sortDesc": True,
        },
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return options, {"color": {"mode": "palette-classic"}, "custom": custom}


def _scale(panel):
    """The axis of a graph: from 0 on, unless it is logarithmic all the way."""
    if panel.logarithmic_from is None:
        return {"axisSoftMin": 0}
    base = 2 if panel.unit == "bytes" else 10
    if panel.logarithmic_from == 0:
        return {"scaleDistribution": {"type": "log", "log": base}}
    bend = {"type": "symlog", "log": base, "linearThreshold": panel.logarithmic_from}
    return {"axisSoftMin": 0, "scaleDistribution": bend}


def _stat(panel):
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "orientation": "auto",
        "textMode": "auto",
        "colorMode": "background" if panel.limits or panel.mappings else "none",
        "graphMode": "none" if panel.mappings else "area",
        "justifyMode": "auto",
    }
    return options, {"color": {"mode": "thresholds"}}


def _timeline(panel):
    options = {
        "mergeValues": True,
        "showValue": "auto",
        "alignValue": "left",
        "rowHeight": 0.9,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "single", "sort": "none"},
    }
    return options, {"color": {"mode": "thresholds"}, "custom": {"fillOpacity": 70, "lineWidth": 0}}


def _heatmap(panel):
    options = {
        "calculate": False,
        "color": {
            "mode": "scheme",
            "scheme": "Oranges",
            "fill": "dark-orange",
            "scale": "exponential",
            "exponent": 0.5,
            "steps": 64,
            "reverse": False,
        },
        "yAxis": {"unit": panel.unit, "axisPlacement": "left", "reverse": False},
        "rowsFrame": {"layout": "auto"},
        "cellGap": 1,
        "cellValues": {"unit": panel.cells},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "tooltip": {"show": True, "yHistogram": False},
    }
    return options, {"custom": {"hideFrom": {"legend": False, "tooltip": False, "viz": False}}}


def _table(panel):
    options = {
        "showHeader": True,
        "cellHeight": "sm",
        "footer": {"show": False, "reducer": ["sum"], "countRows": False, "fields": ""},
    }
    if panel.sort_by:
        options["sortBy"] = [{"displayName": panel.sort_by, "desc": False}]
    cells = {"type": "color-text" if panel.mappings else "auto"}
    return options, {"color": {"mode": "thresholds"}, "custom": {"align": "auto", "cellOptions": cells}}


# kind: (Grafana's type of panel, what makes its options, how its queries answer, whether they ask for one moment only)
KINDS = {
    "graph": ("timeseries", _graph, "time_series", False),
    "stat": ("stat", _stat, "time_series", False),
    "timeline": ("state-timeline", _timeline, "time_series", False),
    "heatmap": ("heatmap", _heatmap, "heatmap", False),
    "table": ("table", _table, "table", True),
}


def thresholds(panel):
    """The steps of a panel's colours. The first has no value: it is the colour below all others."""
    steps = [{"color": panel.base}, *({"color": colour, "value": value} for value, colour in panel.limits)]
    return {"mode": "absolute", "steps": steps}


def mappings(panel):
    """Words for values."""
    if not panel.mappings:
        return []
    words = panel.mappings.items()
    return [
        {
            "type": "value",
            "options": {
                str(value): {"text": text, "color": colour, "index": index}
                for index, (value, (text, colour)) in enumerate(words)
            },
        }
    ]


def transformations(panel):
    """A table shows the columns that the panel names, in their order."""
    if not panel.columns:
        return []
    order = {column: index for index, column in enumerate(panel.columns)}
    return [
        {"id": "filterFieldsByName", "options": {"include": {"names": list(panel.columns)}}},
        {"id": "organize", "options": {"excludeByName": {}, "indexByName": order, "renameByName": panel.columns}},
    ]
