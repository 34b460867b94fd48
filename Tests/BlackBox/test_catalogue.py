# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What the catalogue lists is what a hub exposes, from the first scrape on."""

import itertools
import json
import subprocess

import pytest

from bus import node_settings
from process import eventually

# What one of the node's messages to itself may be in just while the page is made.
ON_ITS_WAY = {"gohub_inbox_bytes", "gohub_inbox_largest_bytes"}
# Before the first client everything is at zero but what says something about the process, the machine, the settings, or
# the scrape itself.
NOT_ZERO = {
    "gohub_build_info": "names the version",
    "gohub_bus_info": "names the bus",
    "gohub_health_check": "1 is healthy",
    "gohub_state": "1 is the state it is in",
    "gohub_connection_limit": "a setting",
    "gohub_inbox_limit_bytes": "a constant",
    "gohub_event_loops": "a setting",
    "gohub_limit": "settings",
    "gohub_node_info": "names the node",
    "gohub_slow_client_policy_info": "a setting",
    "gohub_event_loop_waiting_seconds_total": "the machine",
    "gohub_event_loop_busy_seconds_total": "the loops started",
    "gohub_event_loop_tick_seconds": "the loops started",
    "gohub_event_loop_lag_seconds": "the loops' own timers",
    "gohub_event_loop_ticks_total": "the loops started",
    "gohub_socket_read_bytes_total": "the scrape",
    "gohub_http_connections": "the scrape",
    "gohub_connections_accepted_total": "the scrape",
    "gohub_metrics_series": "the scrape",
    "gohub_log_events_total": "the hub said where it listens",
    "gohub_canary_total": "the node's messages to itself, the first at the start",
    "gohub_canary_latency_seconds": "the node's messages to itself",
    "gohub_host_cores": "the machine",
    "gohub_runtime_heap_bytes": "the process",
    "gohub_host_throttled_seconds_total": "the machine",
    "gohub_host_pressure_seconds_total": "the machine",
}
# How the catalogue's types look in the text format.
TEXT_TYPES = {"info": "gauge", "stateset": "gauge"}


@pytest.fixture
def catalogue(binary):
    answer = subprocess.run([binary, "metrics", "--json"], capture_output=True, text=True, timeout=30, check=True)
    return {family["name"]: family for family in json.loads(answer.stdout)}


def by_name(page):
    """The families of a scrape by the names on their TYPE lines."""
    families = page.families.values()
    return {family.name + "_total" if family.type == "counter" else family.name: family for family in families}


@pytest.fixture
def bus(broker):
    """A server that carries a bus."""
    return broker


@pytest.fixture
def bus_hub(bus, start_hub):
    """A node with a bus."""
    return start_hub(node_settings(bus, "n1"))


@pytest.fixture
def exposed(bus_hub):
    """Its families."""
    return by_name(bus_hub.metrics())


@pytest.fixture
def exposed_alone(hub):
    """Those of a node without one."""
    return by_name(hub.metrics())


def test_exactly_the_catalogue_is_exposed_before_the_first_client(catalogue, exposed, bus):
    assert set(exposed) <= set(catalogue)
    # What only another bus has is not there.
    missing = {name for name in set(catalogue) - set(exposed) if not name.startswith("gohub_bus_nats_")}
    assert not missing and (bus.kind == "redis" or set(exposed) == set(catalogue))
    for name, family in exposed.items():
        assert family.type == TEXT_TYPES.get(catalogue[name]["type"], catalogue[name]["type"]), name
        assert family.documentation == catalogue[name]["help"], name


def test_a_node_without_a_bus_lacks_the_families_of_the_bus_alone(catalogue, exposed_alone):
    assert set(exposed_alone) <= set(catalogue)
    missing = set(catalogue) - set(exposed_alone)
    assert {name for name in missing if not name.startswith("gohub_bus_")} == {"gohub_nodes"}


def test_every_combination_of_labels_that_can_be_is_there_before_the_first_client(catalogue, exposed, bus):
    for name, family in exposed.items():
        labels = catalogue[name]["labels"]
        if any(label["values"] is None for label in labels):
            continue
        names = [label["name"] for label in labels]
        possible = catalogue[name]["combinations"] or itertools.product(*(label["values"] for label in labels))
        expected = {tuple(values) for values in possible}
        if "bus" in names and name != "gohub_bus_info":
            expected = {values for values in expected if values[names.index("bus")] == bus.kind}
        assert {tuple(sample.labels[name] for name in names) for sample in family.samples} == expected, name


def test_the_page_keeps_to_its_budget_without_a_bus(hub):
    assert series_of_sixteen_loops(hub) <= 1000


def test_the_page_keeps_to_its_budget_with_a_bus(bus_hub):
    assert series_of_sixteen_loops(bus_hub) <= 1000


def series_of_sixteen_loops(node):
    """How many series a page would have with so many loops, each of which has series of its own."""
    page = node.metrics()
    loops = [sample for sample in page.samples if "loop" in sample.labels]
    of_one = len(loops) // len({sample.labels["loop"] for sample in loops})
    return page.value("gohub_metrics_series") - len(loops) + 16 * of_one


def test_every_count_starts_at_zero(hub):
    counted = [
        sample
        for name, family in by_name(hub.metrics()).items()
        if name not in NOT_ZERO and not name.startswith("process_")
        for sample in family.samples
        if sample.value != 0
    ]
    assert {sample.name for sample in counted} <= ON_ITS_WAY, counted
    for name in ON_ITS_WAY:
        eventually(lambda name=name: hub.metrics().value(name) == 0, what=f"{name} at 0")


def test_what_may_differ_from_zero_exists(catalogue):
    assert set(NOT_ZERO) - set(catalogue) == set()
