# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The metrics of the bus: names that dashboards know are always there, all others with their bus alone."""

from bus import node_settings
from conftest import every_way

COUNTERS = [
    "gohub_bus_redis_publish_errors_total",
    "gohub_bus_redis_subscribe_errors_total",
    "gohub_bus_redis_reconnects_total",
    "gohub_bus_nats_reconnects_total",
    "gohub_bus_nats_publish_errors_total",
    "gohub_bus_nats_subscribe_errors_total",
    "gohub_bus_nats_ack_errors_total",
]
GAUGES = ["gohub_bus_nats_ack_pending"]
HISTOGRAMS = [
    "gohub_bus_redis_latency_seconds",
    "gohub_bus_nats_publish_latency_seconds",
    "gohub_bus_nats_subscribe_latency_seconds",
]


def families(page):
    """The families of the bus by the names that stand in the text."""
    return {line.split()[2] for line in page.text.splitlines() if line.startswith("# TYPE gohub_bus_")}


def assert_fixed_names(page, moved=()):
    for name in COUNTERS + GAUGES + [name + "_count" for name in HISTOGRAMS]:
        samples = [sample for sample in page.samples if sample.name == name]
        assert len(samples) == 1 and samples[0].labels == {}, name
        if name not in moved:
            assert samples[0].value == 0, name


def test_a_node_without_a_bus_has_the_fixed_names_alone(hub):
    page = hub.metrics()
    assert families(page) == {"gohub_bus_info", *COUNTERS, *GAUGES, *HISTOGRAMS}
    assert_fixed_names(page)
    (info,) = [sample for sample in page.samples if sample.name == "gohub_bus_info"]
    assert info.labels["bus"] == "noop"
    assert page.value("gohub_health_check", check="bus") == 1
    assert "gohub_nodes" not in page.text


@every_way
def test_a_node_has_all_families_of_its_bus_and_no_other(broker, start_hub):
    page = start_hub(node_settings(broker, "n1")).metrics()
    assert_fixed_names(page, moved=[broker.transit + "_count", "gohub_bus_nats_publish_latency_seconds_count"])
    (info,) = [sample for sample in page.samples if sample.name == "gohub_bus_info"]
    assert (info.labels["bus"], info.labels["mode"], info.value) == (broker.kind, broker.mode, 1)
    others = families(page) - {"gohub_bus_info", *COUNTERS, *GAUGES, *HISTOGRAMS}
    assert len(others) >= 20
    samples = [sample for sample in page.samples if sample.labels.get("bus")]
    assert {sample.labels["bus"] for sample in samples} == {broker.kind}
    assert page.value("gohub_bus_up") == 1
    assert page.value("gohub_nodes") == 1
    assert page.value("gohub_bus_subscriptions", state="desired") == 4
    assert page.value("gohub_bus_subscriptions", state="confirmed") == 4
    assert page.value("gohub_bus_probe_rtt_seconds_count") == 1
    for name in ("disconnects_total", "reconnects_total", "publish_failures_total", "gap_messages_total"):
        assert page.value("gohub_bus_" + name) == 0, name
