# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Every dashboard can be drawn, whatever its series are."""

import json
import math
import pathlib
import re
import xml.etree.ElementTree

import pytest

from dashboards.reading import data_panels
from drawing import layout, page
from drawing.asking import Answers, Mark, Series, Span

FILES = sorted((pathlib.Path(__file__).resolve().parents[2] / "dashboards").glob("*.json"))
SPAN = Span(1_700_000_000.0, 1_700_000_300.0)
MOMENTS = [SPAN.began + 2 * index for index in range(151)]
HOSTILE = '<script>"&'


def drawn(board, points):
    """The page of a board whose panels have three series with these points, as a tree of elements."""
    series = {
        panel["id"]: [Series(HOSTILE, {"le": bound, "instance": HOSTILE}, points) for bound in ("0.1", "1", "+Inf")]
        for panel in data_panels(board)
    }
    marks = [Mark("Starts", "blue", HOSTILE, SPAN.began + 10, SPAN.began + 60)]
    answers = Answers(board, SPAN, {}, series, marks)
    text = page.render(answers, layout.place(board["panels"]), "a test")
    return answers, xml.etree.ElementTree.fromstring(text.removeprefix("<!doctype html>"))


def test_there_are_dashboards():
    assert len(FILES) == 4


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("value", [0.0, 1.0, -3.0, 1e-9, 1e12])
def test_every_panel_shows_its_series(file, value):
    board = json.loads(file.read_text(encoding="utf-8"))
    answers, tree = drawn(board, [(at, value if index % 7 else math.nan) for index, at in enumerate(MOMENTS, 1)])
    sections = list(tree.iter("section"))
    assert len(sections) == len(answers.series)
    assert answers.without_data() == []
    for section in sections:
        assert section.find("div[@class='nothing']") is None
        assert section.find(".//svg") is not None or section.find("table") is not None
    assert list(tree.iter("script")) == []
    places = [shape.get(key, "") for shape in tree.iter() for key in ("d", "x", "y", "width", "height")]
    assert not any(re.search("nan|inf", place) for place in places)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_panel_without_data_says_so(file):
    board = json.loads(file.read_text(encoding="utf-8"))
    answers, tree = drawn(board, [(at, math.nan) for at in MOMENTS])
    assert len(answers.without_data()) == len(answers.series)
    said = {section.find(".//h3").text: section.find("div[@class='nothing']").text for section in tree.iter("section")}
    for panel in data_panels(board):
        assert said[panel["title"]] == panel["fieldConfig"]["defaults"].get("noValue", "No data")


@pytest.mark.parametrize("is_shown, expected", [(True, ["down", "ready"]), (False, [])])
def test_a_timeline_explains_its_colours_where_the_panel_wants_it(is_shown, expected):
    board = json.loads(next(file for file in FILES if file.stem == "gohub-overview").read_text(encoding="utf-8"))
    board["panels"] = [panel for panel in board["panels"] if panel["type"] == "state-timeline"][:1]
    board["panels"][0]["options"]["legend"]["showLegend"] = is_shown
    _, tree = drawn(board, [(at, 2.0 * (index % 2)) for index, at in enumerate(MOMENTS)])
    assert ["".join(entry.itertext()) for entry in tree.findall(".//div[@class='legend']/span")] == expected


def test_it_says_who_drew_it():
    board = json.loads(FILES[0].read_text(encoding="utf-8"))
    _, tree = drawn(board, [(at, 1.0) for at in MOMENTS])
    assert "from a test. Grafana looks different" in tree.find(".//footer").text
