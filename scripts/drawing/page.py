# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""A board as one HTML page."""

import time

from drawing import graph, heatmap, layout, stat, table, timeline
from drawing.asking import has_data
from drawing.markup import element, words
from drawing.theme import NAMED, PAGE, STYLE
from drawing.units import text

KINDS = {
    "timeseries": graph.draw,
    "stat": stat.draw,
    "table": table.draw,
    "state-timeline": timeline.draw,
    "heatmap": heatmap.draw,
}
HEADER = 44
FOOTER = 30
TITLE = 26
# Left and right of what a panel shows, and below it.
PADDING, BELOW = 9, 8


def height(placed):
    """How high the page is."""
    return HEADER + layout.height(placed) * layout.UNIT + FOOTER


def render(answers, placed, source):
    """The page with these panels of a board; `source` says what the data is of."""
    panels = (_place(one, answers) for one in placed)
    total = height(placed)
    body = element(
        "body",
        _header(answers),
        *panels,
        element("footer", words(_small_print(source)), style=f"top:{total - FOOTER + 6}px"),
        style=f"width:{layout.PAGE}px;height:{total}px",
    )
    head = element(
        "head", '<meta charset="utf-8"/>', element("title", words(answers.board["title"])), element("style", STYLE)
    )
    return "<!doctype html>\n" + element("html", head, body, style=f"background:{PAGE}", lang="en") + "\n"


def _small_print(source):
    return f"Drawn by scripts/draw-dashboard from {source}. Grafana looks different; panels and data are the same."


def _header(answers):
    began, ended = (time.strftime("%H:%M:%S", time.gmtime(at)) for at in (answers.span.began, answers.span.ended))
    return element(
        "header",
        element("h1", words(answers.board["title"])),
        element("p", words(f"{began} to {ended} UTC"), _key(answers.board["annotations"]["list"])),
    )


def _key(annotations):
    """What the marks on all graphs mean."""
    return "".join(
        element("span", f" &#9475; {words(one['name'])}", style=f"color:{NAMED[one['iconColor']]};padding-left:12px")
        for one in annotations
    )


def _place(placed, answers):
    box = layout.box(placed, HEADER)
    style = f"left:{box.left}px;top:{box.top}px;width:{box.width}px;height:{box.height}px"
    if placed.panel["type"] == "row":
        return element("h2", words(placed.panel["title"]), style=style)
    return element("section", _panel(placed.panel, answers, box), style=style)


def _panel(panel, answers, box):
    series = answers.series[panel["id"]]
    width, tall = box.width - 2 * PADDING, box.height - TITLE - BELOW
    title = element("div", element("h3", words(panel["title"])), _limits(panel), class_="title")
    if not any(map(has_data, series)):
        nothing = panel["fieldConfig"]["defaults"].get("noValue", "No data")
        return title + element("div", words(nothing), class_="nothing", style=f"height:{tall}px")
    return title + KINDS[panel["type"]](panel, series, answers, width, tall)


def _limits(panel):
    """The values at which a graph has dashed lines, as they may be beyond what it shows."""
    defaults = panel["fieldConfig"]["defaults"]
    if defaults.get("custom", {}).get("thresholdsStyle", {}).get("mode", "off") == "off":
        return ""
    bounds = (
        element("span", words(text(bound, defaults["unit"])), style=f"color:{NAMED[colour]}")
        for bound, colour in graph.limits(defaults)
    )
    return element("span", "&#9476; " + " ".join(bounds), class_="limits")
