# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The rules of Grafana's dashboard-linter that apply to Prometheus, under their names there.

A rule takes a dashboard and what it is compared with, and yields a sentence for each fault. Where it is stricter than
the original it says so.
"""

import re

from grafana_foundation_sdk.models import units

from dashboards.reading import annotations, data_panels, selectors, targets, variables
from names import promql
from names.sources import LABEL_VALUES

UNITS = {getattr(units, name) for name in dir(units) if not name.startswith("_")}
RATES = ("rate", "irate")
RANGES = (*RATES, "increase")
# Series that no scrape gives: alerts of a whole job, and what rules record of one, have no instance.
OF_JOBS = re.compile(r"ALERTS|job:.+")


def template_datasource(board, _):
    """There is a variable for the data source."""
    variable = variables(board).get("datasource", {})
    if (variable.get("type"), variable.get("query"), variable.get("label")) != (
        "datasource",
        "prometheus",
        "Data source",
    ):
        yield "no variable datasource of type datasource, for Prometheus, with the label Data source"


def _chooser(board, name, label):
    variable = variables(board).get(name, {})
    wanted = {"type": "query", "label": label, "multi": True, "includeAll": True, "allValue": ".+"}
    for key, value in wanted.items():
        if variable.get(key) != value:
            yield f"variable {name}: {key} is {variable.get(key)!r}, not {value!r}"
    if variable.get("datasource", {}).get("uid") != "${datasource}":
        yield f"variable {name} does not ask ${{datasource}}"


def template_job(board, _):
    """Jobs can be chosen."""
    yield from _chooser(board, "job", "Job")


def template_instance(board, _):
    """Nodes can be chosen."""
    yield from _chooser(board, "instance", "Instance")


def template_label_promql(board, _):
    """What fills a variable is a query of label values that parses."""
    for name, variable in variables(board).items():
        if variable["type"] == "query":
            match = LABEL_VALUES.fullmatch(variable.get("query", ""))
            if not match or not _parses(match[1]):
                yield f"variable {name}: {variable.get('query')!r} is no label_values() of a selector"


def template_on_time_change_reload(board, _):
    """Variables are filled anew when the time changes."""
    for name, variable in variables(board).items():
        if variable["type"] == "query" and variable.get("refresh") != 2:
            yield f"variable {name}: refresh is {variable.get('refresh')!r}, not 2"


def panel_datasource(board, _):
    """Everything asks the data source that was chosen. Stricter: queries, annotations and every kind of panel too."""
    asking = [(panel.get("title"), panel) for panel in data_panels(board)] + targets(board) + annotations(board)
    for title, part in asking:
        if part.get("datasource") != {"type": "prometheus", "uid": "${datasource}"}:
            yield f"{title}: asks {part.get('datasource')!r}, not ${{datasource}}"


def panel_title_description(board, _):
    """A panel has a title and a description. Stricter: one that says what is normal and what to do otherwise."""
    for panel in data_panels(board):
        if not panel.get("title"):
            yield f"panel {panel.get('id')} has no title"
        description = panel.get("description", "")
        if not re.search(r"\*\*Normal:\*\* \S.*\*\*Otherwise:\*\* \S", description, re.DOTALL):
            yield f"{panel.get('title')}: the description does not say what is normal, and what to do otherwise"


def panel_units(board, _):
    """A panel has a unit that Grafana knows."""
    for panel in data_panels(board):
        unit = panel.get("fieldConfig", {}).get("defaults", {}).get("unit")
        if unit not in UNITS:
            yield f"{panel.get('title')}: {unit!r} is no unit of Grafana"


def panel_no_targets(board, _):
    """A panel that shows data asks for some."""
    for panel in data_panels(board):
        if not panel.get("targets"):
            yield f"{panel.get('title')}: asks for nothing"


def target_promql(board, _):
    """Every query parses, as far as these scripts read it; promtool judges the rest."""
    for title, query in [*targets(board), *annotations(board)]:
        if not _parses(query.get("expr", "")):
            yield f"{title}: {query.get('expr', '')!r} does not parse"


def _parses(expression):
    try:
        return bool(promql.parse(expression).selectors)
    except promql.PromQLError:
        return False


def target_rate_interval(board, _):
    """A rate looks back as far as the scrape interval asks for."""
    for title, selector in selectors(board):
        if selector.calls[-1:] and selector.calls[-1] in RATES and selector.range != "$__rate_interval":
            yield f"{title}: {selector.calls[-1]}({selector.name}[{selector.range}]) is not over $__rate_interval"


def _chosen(board, label):
    for title, selector in selectors(board):
        if label == "instance" and OF_JOBS.fullmatch(selector.name):
            continue
        if (label, "=~", f"${label}") not in selector.matchers:
            yield f'{title}: {selector.name} is asked without {label}=~"${label}"'


def target_job(board, _):
    """Every selector follows the choice of the job."""
    yield from _chosen(board, "job")


def target_instance(board, _):
    """Every selector of a node follows the choice of the node."""
    yield from _chosen(board, "instance")


def target_counter_agg(board, surroundings):
    """A counter is looked at by how much it grows. Stricter: by the catalogue, not by a name's end, histograms too."""
    for title, selector in selectors(board):
        family = surroundings.families.of_series(selector.name)
        if family and family.kind in ("counter", "histogram"):
            if not selector.range or selector.calls[-1:] == () or selector.calls[-1] not in RANGES:
                yield f"{title}: the counter {selector.name} is shown without rate or increase"


def uneditable(board, _):
    """The generator changes the dashboard, nobody else."""
    if board.get("editable") is not False:
        yield "editable is not false"


RULES = {
    "template-datasource-rule": template_datasource,
    "template-job-rule": template_job,
    "template-instance-rule": template_instance,
    "template-label-promql-rule": template_label_promql,
    "template-on-time-change-reload-rule": template_on_time_change_reload,
    "panel-datasource-rule": panel_datasource,
    "panel-title-description-rule": panel_title_description,
    "panel-units-rule": panel_units,
    "panel-no-targets-rule": panel_no_targets,
    "target-promql-rule": target_promql,
    "target-rate-interval-rule": target_rate_interval,
    "target-job-rule": target_job,
    "target-instance-rule": target_instance,
    "target-counter-agg-rule": target_counter_agg,
    "uneditable-dashboard": uneditable,
}
