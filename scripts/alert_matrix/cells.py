# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""All cells: each module adds its own."""

import alert_matrix.bus_cells
import alert_matrix.client_cells
import alert_matrix.nats_cells
import alert_matrix.node_cells
import alert_matrix.simulated_cells
from alert_matrix.cell import CELLS

__all__ = ["CELLS"]
