# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Faults that the program cannot be brought to: what Prometheus reads of a hub that is well is changed on its way."""

import signal

from hub import merge
from stack.raw import slow_clients

from alert_matrix.cell import cell, hold
from alert_matrix.client_cells import PATIENT, SLOW_TOPIC, fill_queues
from alert_matrix.rewriting import Rewriter, replace_value

OWN_FAULT = "a fault of the program, which is not known to have one"


def behind_rewriter(scene, node=0):
    """Has Prometheus, and runbooks, see a node through a rewriter; to be called when all nodes serve."""
    rewriter = scene.until_end(Rewriter(scene.nodes[node].operators_address))
    scene.targets = [each.operators_address for each in scene.nodes]
    scene.targets[node] = rewriter.address
    return rewriter


@cell("GohubMetricsFaulty", "the node has refused an update of its own metrics", simulated=OWN_FAULT)
def metrics(scene):
    scene.single()
    rewriter = behind_rewriter(scene)
    yield
    series = r'gohub_metrics_updates_refused_total\{reason="decreasing"\}'
    rewriter.change = lambda page: replace_value(page, series, 1)
    yield from hold()


@cell("GohubAccountingDrift", "five deliveries are missing", within=480, resolves=120, simulated=OWN_FAULT)
def residual(scene):
    scene.single()
    rewriter = behind_rewriter(scene)
    yield
    rewriter.change = lambda page: replace_value(page, "gohub_deliveries_residual", 5)
    try:
        yield from hold()
    finally:
        rewriter.change = None


@cell(
    "GohubDrainStuck",
    "a drain goes on after its deadline",
    within=840,
    simulated="a drain ends at its deadline; here it is set to last an hour, and its deadline is said to be over",
)
def drain(scene):
    """Clients that do not read what is queued for them are waited for."""
    queues = {"message_buffer_cap": 10_000, "message_buffer_bytes": "64MiB"}
    node = scene.single(merge(PATIENT, {"server": {"drain_timeout": "1h"}, "hub": queues}))
    rewriter = behind_rewriter(scene)
    yield
    rewriter.change = lambda page: replace_value(page, "gohub_drain_deadline_timestamp_seconds", 1)
    with slow_clients(node.url, 20, SLOW_TOPIC):
        fill_queues(scene, 20, lambda page: page.value("gohub_outbound_queue_messages") > 20)
        node.signal(signal.SIGTERM)
        yield from hold()


@cell(
    "GohubVersionSkew",
    "one of two nodes is of another commit for an hour",
    within=3900,
    resolves=120,
    simulated="both nodes are of one build, and one is said to be of another commit",
)
def skew(scene):
    scene.cluster()
    rewriter = behind_rewriter(scene)
    yield
    rewriter.change = lambda page: page.replace('revision="', 'revision="other-')
    try:
        yield from hold()
    finally:
        rewriter.change = None
