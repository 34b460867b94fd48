# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Cases of the alerts of the bus."""

from alerts.cases import NODE
from alerts.healthy import BUS
from alerts.series import level, named, rise

ON_BUS = NODE | {"bus": "redis"}


def add(suite):
    """Adds the cases to a suite."""
    _connection(suite)
    _nodes(suite)
    _silence(suite)
    _subscriptions(suite)
    _losses(suite)
    _latency(suite)
    _nats(suite)


def _connection(suite):
    up = named("gohub_bus_up", BUS)
    suite.fires("GohubBusDown", "no connection", {up: level((10, 1), 0)}, 13, labels=ON_BUS)
    back = {up: level((10, 1), (10, 0), 1)}
    suite.fires("GohubBusDown", "until it has been back for five minutes", back, 13, labels=ON_BUS, still=24.5)
    suite.quiet("GohubBusDown", "it has been back for longer", back, 27, since=25.5)
    suite.quiet("GohubBusDown", "a fail-over of two minutes", {up: level((10, 1), (2, 0), 1)}, 20)
    suite.quiet("GohubBusDown", "a start of a minute without it", {up: level((5, None), (0.5, 0), 1)}, 15)
    suite.quiet("GohubBusDown", "up and down each minute", {up: level(*[(1, 0), (1, 1)] * 10, 1)}, 20)
    reconnects = named("gohub_bus_reconnects_total", BUS)
    four = level((10, 0), (2, 1), (2, 2), (2, 3), 4)
    suite.fires("GohubBusFlapping", "four times", {reconnects: four}, 16, "4", ON_BUS)
    three = level((10, 0), (2, 1), (2, 2), 3)
    suite.quiet("GohubBusFlapping", "three times, as when three servers are restarted", {reconnects: three}, 30)
    hourly = level((10, 0), (5, 1), (5, 2), (5, 3), (5, 4), 5)
    suite.quiet("GohubBusFlapping", "once each five minutes", {reconnects: hourly}, 40)


def _nodes(suite):
    alone, other = named("gohub_nodes"), named("gohub_nodes", instance="b:9090")
    suite.fires("GohubNodesMissing", "it knows itself alone", {alone: level((10, 2), 1)}, 15, "1")
    more = {alone: level(3), other: level(3)}
    suite.quiet("GohubNodesMissing", "a third one that is not scraped", more, 15)
    suite.quiet("GohubNodesMissing", "the other is restarted", {alone: level((10, 2), (3, 1), 2)}, 20)
    gone = {alone: level((10, 2), 1), other: level((10, 2), None)}
    gone[named("gohub_state", 'state="ready"', instance="b:9090")] = level((10, 1), None)
    suite.quiet("GohubNodesMissing", "the other is gone", gone, 20)
    draining = {alone: level((10, 2), 1)}
    draining[named("gohub_state", 'state="ready"', instance="b:9090")] = level((10, 1), 0)
    draining[named("gohub_state", 'state="draining"', instance="b:9090")] = level((10, 0), 1)
    suite.quiet("GohubNodesMissing", "the other has left the bus at the end of its drain", draining, 20)
    elsewhere = {
        named("gohub_state", 'state="ready"', job="staging", instance=f"{name}:9090"): level(1) for name in "cde"
    }
    suite.quiet("GohubNodesMissing", "another job has more nodes", elsewhere, 10)


def _silence(suite):
    alert, up = "GohubBusSilent", named("gohub_bus_up", BUS)
    lost, received = named("gohub_bus_probe_failures_total", BUS), named("gohub_bus_received_total", BUS)
    suite.fires(alert, "probes are lost", {lost: rise((10, 0), 1)}, 13.5, labels=ON_BUS)
    suite.fires(alert, "nothing comes", {received: level((10, 0), (1, 100), 200)}, 16, labels=ON_BUS)
    suite.quiet(alert, "one probe is lost", {lost: level((10, 0), 1)}, 20)
    suite.quiet(alert, "a probe is lost each five minutes", {lost: level((10, 0), (5, 1), (5, 2), 3)}, 25)
    suite.quiet(alert, "two and a half minutes of silence", {received: rise((10, 12), (4, 0), 12)}, 25)
    suite.quiet(alert, "a quiet night: only the nodes' words to each other", {received: rise(24)}, 20)
    down = {up: level((10, 1), 0), received: rise((10, 12), 0), lost: rise((12.5, 0), 4)}
    suite.quiet(alert, "no connection, which is another alert", down, 30)
    coming = {up: level((10, 0), (0.5, 1), (1, 0), (0.5, 1), (1, 0), (0.5, 1), (1, 0), 1), lost: rise((10, 0), 1)}
    suite.fires(alert, "it comes back and is silent again", coming, 13.5, labels=ON_BUS)


def _subscriptions(suite):
    alert = "GohubBusSubscriptionsIncomplete"
    confirmed = named("gohub_bus_subscriptions", f'{BUS},state="confirmed"')
    subscribing = named("gohub_topic_operations_total", 'op="subscribe"')
    suite.fires(alert, "one is missing", {confirmed: level((10, 500), 499)}, 16, "1", ON_BUS)
    waves = [(0.5, 500 - missing) for missing in (1, 2, 3, 0, 1, 3, 1, 1, 0, 2) * 4]
    suite.quiet(alert, "some are on their way at times", {confirmed: level(*waves, 500)}, 20)
    busy = {subscribing: rise(12_000), confirmed: level((10, 500), 485)}
    suite.quiet(alert, "fifteen on their way, and two hundred wanted a second", busy, 25)
    broken = {subscribing: rise(12_000), confirmed: level((10, 500), 475)}
    suite.fires(alert, "many are missing while others are wanted", broken, 16, "25", ON_BUS)
    for what, other in (("node", {"instance": "b:9090"}), ("job's node", {"job": "staging"})):
        elsewhere = {named("gohub_topic_operations_total", 'op="subscribe"', **other): rise(12_000)}
        changes = elsewhere | {confirmed: level((10, 500), 499)}
        suite.fires(alert, f"clients of another {what} subscribe", changes, 16, "1", ON_BUS)
    suite.quiet(alert, "five minutes", {confirmed: level((10, 500), (5.5, 499), 500)}, 20)


def _losses(suite):
    gaps = named("gohub_bus_gap_messages_total", BUS)
    suite.fires("GohubBusMessageLoss", "a gap", {gaps: level((10, 0), 1)}, 10, "1", ON_BUS, still=14.5)
    suite.quiet("GohubBusMessageLoss", "six minutes ago", {gaps: level((10, 0), 1)}, 20, 15.5)


def _latency(suite):
    alert = "GohubBusLatencyHigh"
    for family, rate in (("gohub_bus_transit_seconds", 12_000), ("gohub_bus_publish_duration_seconds", 6000)):
        near, middle, last = (named(f"{family}_bucket", f'{BUS},le="{bound}"') for bound in ("0.1", "0.25", "+Inf"))
        count = named(f"{family}_count", BUS)
        slow = {near: rise((20, rate), rate * 0.97)}
        suite.fires(alert, f"three of a hundred, by {family}", slow, 31.5, "200ms", ON_BUS)
        few = {near: rise((20, 120), 114), middle: rise(120), last: rise(120), count: rise(120)}
        suite.fires(alert, f"one of twenty of few, by {family}", few, 31, "220ms", ON_BUS)
        hardly = {near: rise(0), middle: rise(30), last: rise(30), count: rise(30)}
        suite.quiet(alert, f"hardly any, by {family}", hardly, 30, 10)
        burst = {near: rise((20, rate), (4, rate * 0.5), rate)}
        suite.quiet(alert, f"four bad minutes, by {family}", burst, 45, 20)


def _nats(suite):
    alert, pending, limit = (
        "GohubNatsAckPendingHigh",
        named("gohub_bus_nats_ack_pending"),
        named("gohub_bus_nats_ack_pending_limit"),
    )
    suite.fires(alert, "at its limit", {pending: level((10, 300), 960)}, 13, "960")
    suite.quiet(alert, "a little below", {pending: level((10, 300), 940)}, 20)
    suite.quiet(alert, "for two minutes and a half", {pending: level((10, 300), (2.5, 1000), 300)}, 20)
    suite.quiet(alert, "at its limit now and then", {pending: level((5, 300), *[(1.5, 1000), (0.5, 300)] * 10, 300)}, 20)
    errors = named("gohub_bus_nats_ack_errors_total")
    # A node that connects anew each minute.
    often = [(0.5, 200), (0.5, 1000)] * 10
    lost = [(0.5, count) for count in range(40)]
    again = {pending: level((10, 0), *often)}
    suite.fires(alert, "again and again, as acknowledgements are lost", again | {errors: level((10, 0), *lost)}, 12.5, "1000")
    suite.quiet(alert, "again and again, and all is acknowledged", again | {errors: level(0)}, 20)
    half = {pending: level(500), errors: level((10, 0), *lost)}
    suite.quiet(alert, "half of it, as acknowledgements are lost", half, 20)
    once = {pending: level((10, 300), (0.5, 1000), 300), errors: level((10, 0), 50)}
    suite.quiet(alert, "once, with acknowledgements that were lost", once, 20)
    suite.quiet(alert, "core NATS, or another bus", {pending: level(0), limit: level(0)}, 15)
    for alert, series in (
        ("GohubNatsMessagesGivenUp", "gohub_bus_nats_max_deliveries_total"),
        ("GohubNatsSlowConsumer", "gohub_bus_nats_slow_consumer_total"),
    ):
        once = {named(series): level((10, 0), 1)}
        suite.fires(alert, "once", once, 10, "1", still=14.5)
        suite.quiet(alert, "six minutes ago", once, 20, 15.5)
    alert, differences = "GohubNatsStreamDiffers", named("gohub_bus_nats_stream_differences")
    suite.fires(alert, "one option", {differences: level((10, 0), 1)}, 25, "1")
    suite.quiet(alert, "for a quarter of an hour, in which all is changed", {differences: level((10, 0), (15, 2), 0)}, 40)
