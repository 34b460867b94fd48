# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Proves that each alert of alerts/gohub.rules.yml fires for its fault and for no other, with real hubs and real durations.

    cell.py               what a cell is: one fault, with hubs and a Prometheus of its own
    scene.py              what a cell starts
    node_cells.py …       the faults; cells.py has all of them
    firehose.py, bus_proxy.py, rewriting.py   what some faults need
    trial.py              does one cell, in a process of its own
    run.py                does all of them side by side, and judges
    verdict.py, table.py  what is wrong with a trial, and docs/alerts-matrix.md
    quiet.py              half an hour in which nothing may fire
"""
