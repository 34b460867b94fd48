# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Panels that rightly stay at 0 in a demo that goes through its faults: {(uid of the board, title of the panel): why}."""

UNMOVED = {}
