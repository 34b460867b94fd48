# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Draws the dashboards of dashboards/ without Grafana: HTML with SVG, and a picture of it by headless Chromium.

    units.py        values as text, in Grafana's units
    scale.py        ticks, and places on a plot
    theme.py        colours and the style sheet
    markup.py       elements of HTML and SVG as text
    layout.py       where panels stand: Grafana's grid in pixels
    asking.py       what Prometheus answers to the panels of a board
    axes.py         the frame of a plot over time, and what is marked on all of them
    looks.py        what a value is called, and its colour
    graph.py, stat.py, table.py, timeline.py, heatmap.py    the kinds of panels
    page.py         a board as one page
    browser.py      a page as a PNG
"""
