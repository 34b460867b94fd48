# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""A table of labels and values at the end of the time."""

from drawing.looks import look
from drawing.markup import element, words

LINE = 25


def draw(panel, series, answers, width, height):
    """As many lines as fit; how many more there are is said."""
    columns, rows = cells(panel, series, answers.span.ended)
    room = int(height / LINE) - 1
    shown = rows if len(rows) <= room else rows[: room - 1]
    lines = [element("tr", *(element("td", words(cell)) for cell in row)) for row in shown]
    if len(shown) < len(rows):
        more = f"{len(rows) - len(shown)} more"
        lines.append(element("tr", element("td", more, class_="more", colspan=len(columns))))
    heading = element("tr", *(element("th", words(column)) for column in columns))
    return element("table", heading, *lines, class_="cells")


def cells(panel, series, now):
    """(names of the columns, rows): the fields that the panel's transformations leave, in their order, renamed.

    As in Grafana a field that no series has is no column.
    """
    defaults = panel["fieldConfig"]["defaults"]
    fields = [{**one.labels, "Value": look(one.points[-1][1], defaults, now)[0]} for one in series]
    options = {one["id"]: one["options"] for one in panel["transformations"]}
    order, names = options["organize"]["indexByName"], options["organize"]["renameByName"]
    wanted = sorted(options["filterFieldsByName"]["include"]["names"], key=order.get)
    there = [field for field in wanted if any(field in row for row in fields)]
    for key in reversed(panel["options"].get("sortBy", [])):
        (field,) = [field for field in wanted if names[field] == key["displayName"]]
        fields.sort(key=lambda row: row.get(field, ""), reverse=key["desc"])
    return [names[field] for field in there], [[row.get(field, "") for field in there] for row in fields]
