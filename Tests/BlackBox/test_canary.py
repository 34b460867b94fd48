# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The messages that a node sends to itself: what they say while all is well, and while something is not."""

from bus import await_ready, node_settings
from conftest import every_way
from process import eventually

# One canary is sent in five seconds; these machines may be slow.
WITHIN = 20.0


def canaries(page, path, result):
    return page.value("gohub_canary_total", path=path, result=result)


def await_more(node, path, result):
    before = canaries(node.metrics(), path, result)
    eventually(lambda: canaries(node.metrics(), path, result) > before, WITHIN, f"a canary {path} {result}")


def test_without_a_bus_a_node_has_the_local_path_alone(hub):
    await_more(hub, "local", "ok")
    page = hub.metrics()
    assert canaries(page, "local", "timeout") == 0
    assert 'path="bus"' not in page.text
    latencies = page.value("gohub_canary_latency_seconds_count", path="local")
    assert latencies == canaries(page, "local", "ok") > 0
    # A message to nobody but the node itself is no publication, and has no delivery.
    assert sum(sample.value for sample in page.samples if sample.name == "gohub_publishes_total") == 0
    assert sum(sample.value for sample in page.samples if sample.name == "gohub_deliveries_total") == 0


@every_way
def test_through_the_bus_it_comes_back_is_late_or_is_refused(broker, start_hub):
    node = start_hub(node_settings(broker, "n1"))
    await_more(node, "bus", "ok")
    page = node.metrics()
    assert canaries(page, "bus", "timeout") + canaries(page, "bus", "refused") == 0
    broker.freeze()
    await_more(node, "bus", "timeout")
    broker.kill()
    await_more(node, "bus", "refused")
    broker.start()
    await_ready(node)
    await_more(node, "bus", "ok")
    assert canaries(node.metrics(), "local", "timeout") == 0
