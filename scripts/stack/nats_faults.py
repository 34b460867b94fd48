# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Faults of the hubs on NATS, which are there in scripts/panels alone."""

from process import eventually

from stack.faults import hold

# More than a node asks of JetStream at once.
MESSAGES = 1500


def restart(stage):
    stage.nats.send_lame_duck()
    node = stage.nats_nodes[0]
    eventually(lambda: node.metrics().value("gohub_bus_nats_lame_duck_total") > 0, 10, "the server's word that it ends")
    stage.nats.kill()
    try:
        hold(3)
    finally:
        stage.nats.start()


def freeze_node(stage):
    stage.nats_nodes[1].freeze()
    try:
        stage.nats_load.ask("flood", 0, "demo/1", MESSAGES, 200)
        hold(3)
    finally:
        stage.nats_nodes[1].thaw()
    # What waits is asked of the server, and scraped, once in some seconds.
    hold(6)


# (what is said when it begins, function of the stage)
ALL = [
    ("NATS tells that it is about to end, ends, and is back 3 seconds later", restart),
    (f"node4, on NATS, stands still while {MESSAGES} messages are published that it wants", freeze_node),
]
