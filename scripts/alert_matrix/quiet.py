# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Half an hour of ordinary work on two nodes, later three, in which no alert may fire."""

import tempfile
import time

from alert_matrix.scene import Scene

MINUTES = 30
LISTENERS, PUBLISHERS = 30, 2


def restart(scene):
    scene.nodes[1].restart()


def drain(scene):
    """As a deploy does that takes a machine away: the node leaves the targets once it has ended."""
    scene.nodes[0].drain()
    scene.prometheus.set_targets([scene.nodes[1].operators_address])


def come_back(scene):
    scene.nodes[0].start()
    scene.nodes[0].wait()
    scene.prometheus.set_targets([node.operators_address for node in scene.nodes])


def deploy(scene):
    node = scene.start_node(bus=scene.redis.address)
    node.wait()
    scene.prometheus.set_targets([node.operators_address for node in scene.nodes])


def roll(scene):
    for node in scene.nodes:
        node.restart()


# (minute, what is said, what is done)
EVENTS = [
    (6, "a node is restarted", restart),
    (11, "the other node is drained, and goes", drain),
    (14, "it comes back", come_back),
    (18, "a third node comes", deploy),
    (24, "all nodes are restarted, one after the other", roll),
]


def alerts_in(api, state, began):
    """The alerts that have been in a state since a time."""
    series = api.query_range(f'ALERTS{{alertstate="{state}"}}', began, time.time(), 5)
    return sorted({labels["alertname"] for labels, _ in series})


def run(stack, say):
    """What happened, and what is wrong, a line each."""
    scene = Scene(stack.enter_context(tempfile.TemporaryDirectory(prefix="gohub-quiet-")), stack)
    scene.cluster(has_load=False)
    scene.start_load(LISTENERS, PUBLISHERS)
    scene.start_prometheus()
    api = scene.prometheus.api
    began = time.time()
    events = list(EVENTS)
    happened = [f"minute 0: two nodes on a Redis, {2 * (LISTENERS + PUBLISHERS + 1)} clients"]
    while time.time() < began + 60 * MINUTES:
        if events and time.time() >= began + 60 * events[0][0]:
            minute, line, function = events.pop(0)
            say(line)
            function(scene)
            happened.append(f"minute {minute}: {line}")
        scene.load.ask("check")
        time.sleep(1)
    seen = {state: alerts_in(api, state, began) for state in ("firing", "pending")}
    delivered = api.value('sum(increase(gohub_deliveries_written_total{job="gohub"}[30m]))') or 0
    wrong = [f"{name} fired" for name in seen["firing"]]
    wrong += [f"there was no time for: {line}" for _, line, _ in events]
    if delivered < 1000:
        wrong.append(f"only {delivered:.0f} messages were delivered: that is no load")
    fired = ", ".join(seen["firing"]) or "none"
    happened.append(f"minute {MINUTES}: {delivered:.0f} messages were delivered; alerts that fired: {fired}")
    happened.append(f"pending for a moment: {', '.join(seen['pending']) or 'none'}")
    return happened, wrong
