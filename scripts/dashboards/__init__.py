# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Writes and judges the Grafana dashboards of dashboards/.

    queries.py      the PromQL that panels share
    model.py        panels, rows and boards as values
    kinds.py        what each kind of panel looks like in Grafana
    render.py       a board as Grafana's JSON: layout, variables, annotations, links
    parts.py        panels that come in the same shape on several boards
    overview.py, delivery.py, bus.py, node.py with clients.py    the boards, which boards.py lists
    permitted_empty.py    panels that may have no data, with the reason
    lint.py, structure.py, readback.py, promtool.py    the rules that each board keeps; check.py gives the verdict
"""
