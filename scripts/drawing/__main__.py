# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Draws dashboards from a running Prometheus, or from a run of the demo with its faults."""

import argparse
import json
import pathlib
import sys
import time
import urllib.error
import urllib.parse

from stack import demo
from stack.api import ApiError, PrometheusApi
from stack.ending import ended_in_order
from stack.stage import Stage

from drawing import layout, page
from drawing.asking import SCRAPE_INTERVAL, Span, ask
from drawing.browser import BrowserError, screenshot

ROOT = pathlib.Path(__file__).resolve().parents[2]
DASHBOARDS = ROOT / "dashboards"
RESULTS = ROOT / ".build" / "results" / "dashboards"
# What README shows: the first lines of the first board to look at.
README = ROOT / "docs" / "images" / "overview.png"
README_BOARD = "gohub-overview"
README_LINES = 5
README_BYTES = 300_000


def of_prometheus(url, seconds, boards):
    """The answers to boards over the last seconds of a Prometheus, and what they are of."""
    ended = time.time()
    api = PrometheusApi(urllib.parse.urlsplit(url).netloc)
    return [ask(api, board, Span(ended - seconds, ended)) for board in boards], f"the Prometheus at {api.url}"


def of_demo(seconds, boards):
    """The same of a demo, over so many seconds after its first minute."""
    with ended_in_order() as stack:
        stage = Stage(stack)
        # Until a rate has its whole window behind it, it only grows.
        demo.wait(stage, 4 * SCRAPE_INTERVAL)
        began = time.time()
        demo.play(stage, time.monotonic() + seconds, None)
        span = Span(began, time.time())
        answers = [ask(stage.prometheus.api, board, span) for board in boards]
    day = time.strftime("%Y-%m-%d", time.gmtime(began))
    return answers, f"a run of the demo with its faults ({span.ended - span.began:.0f} s on {day})"


def draw(answers, placed, source, html, png):
    """Writes a page and its picture."""
    for file in (html, png):
        file.parent.mkdir(parents=True, exist_ok=True)
    html.write_text(page.render(answers, placed, source), encoding="utf-8")
    screenshot(html, png, layout.PAGE, page.height(placed))


def draw_whole(answers, source):
    """A board with all its rows; says where it is, and which panels have no data."""
    html = RESULTS / f"{answers.board['uid']}.html"
    png = html.with_suffix(".png")
    placed = layout.place(answers.board["panels"])
    draw(answers, placed, source, html, png)
    empty = answers.without_data()
    print(f"{png.relative_to(ROOT)}: {len(answers.series)} panels, {len(empty)} without data", flush=True)
    for title in empty:
        print(f"    {title}")


def draw_for_readme(answers, source):
    """The picture of README; one that is too large is refused."""
    placed = layout.first_lines(layout.place(answers.board["panels"]), README_LINES)
    draw(answers, placed, source, RESULTS / "readme.html", README)
    if README.stat().st_size > README_BYTES:
        raise SystemExit(f"{README.relative_to(ROOT)} has {README.stat().st_size} bytes, more than {README_BYTES}")
    print(f"{README.relative_to(ROOT)}: {README.stat().st_size} bytes")


def parse():
    parser = argparse.ArgumentParser(prog="scripts/draw-dashboard", description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--prometheus", metavar="URL", help="a Prometheus that runs")
    source.add_argument("--demo", type=float, metavar="SECONDS", help="runs the demo, and draws so much of it")
    parser.add_argument("--last", type=float, default=900, metavar="SECONDS", help="how much of it is drawn: 900")
    parser.add_argument("--write", action="store_true", help="also writes README's picture")
    parser.add_argument("boards", nargs="*", metavar="FILE", help="files of dashboards; all of them without any")
    arguments = parser.parse_args()
    if arguments.prometheus and not urllib.parse.urlsplit(arguments.prometheus).netloc:
        parser.error("--prometheus takes an address such as http://127.0.0.1:9090")
    files = [pathlib.Path(file) for file in arguments.boards] or sorted(DASHBOARDS.glob("*.json"))
    boards = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    if not boards:
        parser.error(f"{DASHBOARDS} has no dashboards")
    if arguments.write and README_BOARD not in [board["uid"] for board in boards]:
        parser.error(f"--write needs {README_BOARD}.json")
    return arguments, boards


def main():
    arguments, boards = parse()
    try:
        if arguments.demo is not None:
            found, source = of_demo(arguments.demo, boards)
        else:
            found, source = of_prometheus(arguments.prometheus, arguments.last, boards)
        for answers in found:
            draw_whole(answers, source)
            if arguments.write and answers.board["uid"] == README_BOARD:
                draw_for_readme(answers, source)
    except KeyboardInterrupt:
        print("interrupted; everything that was started is ended")
        return 130
    except (ApiError, BrowserError, urllib.error.URLError) as error:
        print(f"scripts/draw-dashboard: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
