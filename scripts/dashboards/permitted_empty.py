# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Panels and annotations that may have no data while hubs run under load. All others must have some: counters are
there at 0."""

# (uid of the board, title of the panel or annotation): why it may be empty
PERMITTED_EMPTY = {
    **{(f"gohub-{board}", "Alerts"): "nothing fires" for board in ("overview", "delivery", "bus", "node")},
    ("gohub-overview", "Firing alerts"): "empty is what it should be: nothing fires",
    ("gohub-overview", "Memory / connection"): "speaks only of nodes that have had more than 1000 connections",
}
