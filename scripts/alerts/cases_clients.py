# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Cases of the alerts of clients and deliveries."""

from alerts.cases import JOB, NODE
from alerts.healthy import NODES
from alerts.series import level, named, rise


def add(suite):
    """Adds the cases to a suite."""
    _admission(suite)
    _storms(suite)
    _slow(suite)
    _drops(suite)
    _canary(suite)


def _admission(suite):
    connections = named("gohub_connections")
    suite.fires("GohubNearConnectionLimit", "9500 of 10 000", {connections: level((10, 1000), 9500)}, 20, "95%")
    suite.quiet("GohubNearConnectionLimit", "8000 of 10 000", {connections: level(8000)}, 20)
    rejected = "gohub_connections_rejected_total"
    for reason, before in (("node_limit", 0), ("ip_limit", 20)):
        changes = {named(rejected, f'reason="{reason}"'): rise((10, before), 120)}
        suite.fires("GohubRejecting", reason, changes, 17 if before else 17.5, "2", NODE | {"reason": reason})
    suite.quiet("GohubRejecting", "half a client a second", {named(rejected, 'reason="ip_limit"'): rise(30)}, 30)
    # What strangers and deploys cause.
    for reason in ("origin", "draining", "bad_handshake", "bad_request", "header_timeout", "silent", "aborted"):
        suite.quiet("GohubRejecting", reason, {named(rejected, f'reason="{reason}"'): rise(600)}, 20, 15)


def _both(name, values):
    return {named(name, instance=node): values for node in NODES}


def _storms(suite):
    alert, opened, start = "GohubReconnectStorm", "gohub_connections_opened_total", "process_start_time_seconds"
    storm = _both(opened, rise((30, 30), 3000))
    suite.fires(alert, "a hundred a second instead of one", storm, 32.5, "60.4", JOB)
    suite.fires(alert, "the last start was 15 minutes ago", storm | {named(start): level(18 * 60)}, 35, "100", JOB)
    restarted = {named(start): level((30, -86400), 30 * 60)}
    suite.quiet(alert, "a deploy", storm | restarted, 45, 30)
    suite.quiet(alert, "four times the average", _both(opened, rise((30, 1200), 4800)), 45, 30)
    suite.quiet(alert, "few of many clients", storm | _both("gohub_connections", level(10_000)), 45, 30)
    small = _both(opened, rise((30, 1), 120)) | _both("gohub_connections", level(100))
    suite.quiet(alert, "a quiet night", small, 45, 30)
    suite.quiet(alert, "a job without a past", _both(opened, rise(3000)), 10)
    busier = _both(opened, rise((30, 30), 240)) | _both("gohub_connections", level(200))
    suite.fires(alert, "eight a second instead of one, of few clients", busier, 34.5, "8", JOB, still=39.5)
    before = _both(opened, rise((60, 3000), (75, 30), 240)) | _both("gohub_connections", level(200))
    suite.fires(alert, "the same, two hours after a busy time", before, 139.5, "8", JOB)
    busy = _both(opened, rise((40, 300), (35, 30), 240)) | _both("gohub_connections", level(200))
    suite.quiet(alert, "the same, half an hour after a busy time", busy, 82, 75)
    suite.quiet(
        alert, "three times what it was for most of an hour", _both(opened, rise((15, 30), (45, 1200), 4000)), 66, 60
    )
    elsewhere = {named(start, job="other"): level(35 * 60)}
    suite.fires(alert, "a start in another job", storm | elsewhere, 32.5, "60.4", JOB)
    other_job = {named(opened, job="staging", instance="c:9090"): rise(100_000)}
    suite.fires(alert, "another job has many clients", storm | other_job, 32.5, "60.4", JOB)


def _slow(suite):
    slow, connections = named("gohub_slow_clients"), named("gohub_connections")
    suite.fires("GohubSlowClients", "every fiftieth client", {slow: level((10, 3), 20)}, 20, "20")
    suite.quiet("GohubSlowClients", "sixty of very many", {slow: level(60), connections: level(10_000)}, 20)
    suite.quiet("GohubSlowClients", "two of a hundred, but few", {slow: level(6), connections: level(300)}, 20)
    action = "gohub_slow_client_actions_total"
    ended = named(action, 'action="disconnect"')
    suite.fires("GohubSlowDisconnects", "three a minute", {ended: rise((20, 0.5), 3)}, 27, "23.75")
    suite.quiet("GohubSlowDisconnects", "of very many", {ended: rise((20, 0), 3), connections: level(8000)}, 45, 20)
    suite.quiet("GohubSlowDisconnects", "few", {ended: rise((20, 0), 0.6), connections: level(100)}, 45, 20)
    suite.quiet(
        "GohubSlowDisconnects",
        "dropped messages are another alert",
        {named(action, 'action="drop"'): rise(6000)},
        30,
        20,
    )
    suite.quiet("GohubSlowDisconnects", "some at once, ten minutes ago", {ended: level((10, 0), 9)}, 30)


def _drops(suite):
    dropped, due = "gohub_deliveries_dropped_total", named("gohub_deliveries_total", 'scope="topic"')
    full = named(dropped, 'scope="topic",reason="queue_messages"')
    large = named(dropped, 'scope="topic",reason="queue_bytes"')
    closed = named(dropped, 'scope="topic",reason="closed"')
    alert = "GohubDropsHigh"
    for what, family in (("messages", full), ("bytes", large)):
        suite.fires(
            alert,
            f"two of a thousand, by {what}",
            {family: rise((20, 0), 120)},
            27,
            "0.2033%" if family is full else "0.205%",
        )
    suite.quiet(alert, "half of a thousandth", {full: rise(28)}, 20, 10)
    suite.quiet(alert, "a quiet night", {full: rise(30), due: rise(40)}, 20, 10)
    few = {full: rise((20, 0), 12), large: level(0), due: rise(120)}
    suite.fires(alert, "one of ten of few", few, 27.5, "10%")
    suite.quiet(alert, "three a minute", {full: rise(3), large: level(0), due: rise(1200)}, 20, 10)
    suite.quiet(
        alert, "two drops in an hour", {full: level((20, 0), (4, 1), 2), large: level(0), due: rise(90)}, 40, 20
    )
    suite.quiet(alert, "many clients went", {closed: rise(6000)}, 20, 10)
    residual = named("gohub_deliveries_residual")
    for what, missing in (("missing", 3), ("too many", -3)):
        suite.fires("GohubAccountingDrift", f"three are {what}", {residual: level((10, 0), missing)}, 15, str(missing))
    suite.quiet("GohubAccountingDrift", "four minutes", {residual: level((10, 0), (4, 3), 0)}, 20)


def _canary(suite):
    canary, alert = "gohub_canary_total", "GohubCanaryFailing"
    for path in ("local", "bus"):
        lost = named(canary, f'path="{path}",result="timeout"')
        suite.fires(alert, f"half of those by {path}", {lost: rise((20, 0), 12)}, 24, "47.37%", NODE | {"path": path})
    lost = named(canary, 'path="bus",result="timeout"')
    suite.quiet(alert, "one in ten", {lost: rise(1.3)}, 30, 10)
    suite.quiet(alert, "a bad minute and a half", {lost: rise((20, 0), (1.5, 12), 0)}, 35, 20)
    waves = rise((20, 0), *[(0.5, 12), (1, 0)] * 4, 0)
    suite.fires(alert, "half a minute of each one and a half", {lost: waves}, 26, "23.08%", NODE | {"path": "bus"})
    rest = rise((20, 0), (1.5, 12), 1)
    suite.fires(alert, "a bad minute and a half, and some after it", {lost: rest}, 24, "25.93%", NODE | {"path": "bus"})
    nothing = {named(canary, f'path="{path}",result="ok"'): level(0) for path in ("local", "bus")}
    suite.quiet(alert, "no canary at all", nothing, 20)
