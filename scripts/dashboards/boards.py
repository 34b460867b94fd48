# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""All boards, in the order in which an operator needs them."""

from dashboards import bus, delivery, node, overview

BOARDS = (overview.BOARD, delivery.BOARD, bus.BOARD, node.BOARD)
