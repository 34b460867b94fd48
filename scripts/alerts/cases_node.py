# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Cases of the alerts of a node and its process."""

from alerts.cases import JOB, NODE
from alerts.series import level, named, rise


def add(suite):
    """Adds the cases to a suite."""
    _reachable(suite)
    _states(suite)
    _loops(suite)
    _resources(suite)
    _program(suite)


def _reachable(suite):
    suite.fires("GohubDown", "no answer to scrapes", {named("up"): level((10, 1), 0)}, 12)
    suite.quiet("GohubDown", "a restart of a minute and a half", {named("up"): level((10, 1), (1.5, 0), 1)}, 15)
    suite.fires(
        "GohubAbsent", "no target of the job", {}, 5, labels=JOB, without=(named("up"), named("up", instance="b:9090"))
    )
    suite.quiet("GohubAbsent", "one target is left", {named("up"): level((3, 1), None)}, 10)
    start = named("process_start_time_seconds")
    restarts = {start: level((20, 0), (5, 1), (5, 2), 3)}
    suite.fires("GohubCrashLooping", "third restart within half an hour", restarts, 30, "3")
    suite.quiet("GohubCrashLooping", "a deploy and a second one", {start: level((20, 0), (5, 1), 2)}, 40)
    suite.quiet("GohubCrashLooping", "three deploys in two hours", {start: level((20, 0), (25, 1), (25, 2), 3)}, 80, 60)


def _states(suite):
    live, ready = named("gohub_health_check", 'check="live"'), named("gohub_health_check", 'check="ready"')
    bus = named("gohub_health_check", 'check="bus"')
    draining = named("gohub_state", 'state="draining"')
    is_ready = named("gohub_state", 'state="ready"')
    deadline = named("gohub_drain_deadline_timestamp_seconds")
    suite.fires("GohubNotLive", "a loop hangs", {live: level((10, 1), 0)}, 11, labels=NODE | {"check": "live"})
    suite.quiet("GohubNotLive", "not ready, but alive", {ready: level((10, 1), 0), bus: level((10, 1), 0)}, 20)
    suite.fires("GohubNotReady", "a check fails", {ready: level((10, 1), 0)}, 14, labels=NODE | {"check": "ready"})
    suite.quiet("GohubNotReady", "other checks fail", {live: level((10, 1), 0), bus: level((10, 1), 0)}, 20)
    drain = {ready: level((10, 1), 0), draining: level((10, 0), 1), is_ready: level((10, 1), 0)}
    suite.quiet("GohubNotReady", "a drain", drain, 25)
    for what, other in (("node", {"instance": "b:9090"}), ("job's node", {"job": "staging"})):
        drains = {named("gohub_state", 'state="draining"', **other): level(1)}
        suite.fires(
            "GohubNotReady",
            f"another {what} drains",
            drains | {ready: level((10, 1), 0)},
            14,
            labels=NODE | {"check": "ready"},
        )
    late = {draining: level((10, 0), 1), is_ready: level((10, 1), 0), deadline: level((10, 0), 15 * 60)}
    suite.fires("GohubDrainStuck", "ten minutes beyond its deadline", late, 25, labels=NODE | {"state": "draining"})
    hour = {draining: level((10, 0), 1), is_ready: level((10, 1), 0), deadline: level((10, 0), 70 * 60)}
    suite.quiet("GohubDrainStuck", "a drain of an hour", hour, 75, 60)
    for what, other in (("node", {"instance": "b:9090"}), ("job's node", {"job": "staging"})):
        both = late | {named("gohub_drain_deadline_timestamp_seconds", **other): level(10**6)}
        suite.fires("GohubDrainStuck", f"another {what} has time left", both, 25, labels=NODE | {"state": "draining"})


def _loops(suite):
    stale = named("gohub_metrics_stale_snapshots_total")
    suite.fires(
        "GohubLoopStuck",
        "three scrapes without an answer of a loop",
        {stale: level((10, 0), (2, 1), (2, 2), 3)},
        14,
        "3",
    )
    suite.quiet("GohubLoopStuck", "two scrapes", {stale: level((10, 0), (2, 1), 2)}, 20)
    suite.quiet(
        "GohubLoopStuck", "one scrape each three minutes", {stale: level((10, 0), (3, 1), (3, 2), (3, 3), 4)}, 25
    )
    lag, timers = "gohub_event_loop_lag_seconds", named("gohub_event_loop_lag_seconds_count")
    inside = {bound: named(f"{lag}_bucket", f'le="{bound}"') for bound in ("0.05", "0.1", "+Inf")}
    late = {inside["0.1"]: rise((20, 599), 588), inside["0.05"]: rise((20, 598), 580)}
    suite.fires("GohubEventLoopLag", "one late timer each five seconds", late, 27, "200m")
    suite.quiet(
        "GohubEventLoopLag", "one late timer each twelve seconds", {inside["0.1"]: rise((20, 599), 595)}, 40, 20
    )
    burst = {inside["0.1"]: rise((20, 599), (0.5, 559), 599)}
    suite.quiet("GohubEventLoopLag", "twenty late timers at once", burst, 40, 20)
    busy = named("gohub_event_loop_busy_seconds_total", 'loop="1"')
    suite.fires("GohubEventLoopSaturated", "one loop of two is busy", {busy: rise((20, 36), 57)}, 32.5, "95%")
    suite.quiet("GohubEventLoopSaturated", "two loops with half of their time left", {busy: rise((20, 36), 45)}, 50, 20)
    suite.quiet("GohubEventLoopSaturated", "eight busy minutes", {busy: rise((20, 36), (8, 60), 36)}, 50, 20)


def _resources(suite):
    descriptors = named("process_open_fds")
    suite.fires("GohubFdsHigh", "60 000 of 65 536", {descriptors: level((10, 1100), 60_000)}, 15, "91.55%")
    suite.quiet("GohubFdsHigh", "four fifths", {descriptors: level(52_428)}, 20)
    pauses = named("gohub_accept_pauses_total")
    suite.fires("GohubAcceptPauses", "one each ten seconds", {pauses: rise((10, 0), 6)}, 16.5, "30")
    suite.quiet("GohubAcceptPauses", "a burst", {pauses: level((10, 0), 40)}, 20)
    suite.quiet("GohubAcceptPauses", "one each minute", {pauses: rise((10, 0), 1)}, 30)
    memory, peak = named("process_resident_memory_bytes"), named("gohub_connections_peak")
    suite.fires(
        "GohubMemoryPerConnection", "100 KiB a client", {memory: level((10, 20_000_000), 122_880_000)}, 25, "100ki"
    )
    suite.quiet("GohubMemoryPerConnection", "few clients", {memory: level(122_880_000), peak: level(900)}, 30)
    suite.quiet("GohubMemoryPerConnection", "50 KiB a client", {memory: level(61_440_000)}, 30)
    night = {memory: level(1_500_000_000), peak: level(100_000)}
    suite.quiet("GohubMemoryPerConnection", "a quiet night after a busy day", night, 30)
    few = {peak: level(900), memory: level(122_880_000)}
    for what, other in (("node", {"instance": "b:9090"}), ("job's node", {"job": "staging"})):
        many = {named("gohub_connections_peak", **other): level(100_000)}
        suite.quiet("GohubMemoryPerConnection", f"few clients here, many at another {what}", few | many, 30)


def _program(suite):
    info = "gohub_build_info"
    old = named(info, 'version="0.1.0",revision="abc"', instance="b:9090")
    for what, labels in (("versions", 'version="0.2.0",revision="abc"'), ("commits", 'version="0.1.0",revision="def"')):
        changes = {named(info, labels, instance="b:9090"): level((10, None), 1), old: level((10, 1), None)}
        suite.fires("GohubVersionSkew", f"two {what}", changes, 70, "2", JOB)
    changes = {
        named(info, 'version="0.2.0",revision="abc"', instance="b:9090"): level((10, None), 1),
        old: level((10, 1), None),
    }
    changes[named(info, 'version="0.2.0",revision="abc"')] = level((30, None), 1)
    changes[named(info, 'version="0.1.0",revision="abc"')] = level((30, 1), None)
    suite.quiet("GohubVersionSkew", "a deploy of twenty minutes", changes, 80, 60)
    elsewhere = {named(info, 'version="0.3.0",revision="abc"', job="staging", instance="c:9090"): level(1)}
    suite.quiet("GohubVersionSkew", "another build in another job", elsewhere, 70, 60)
    refused = named("gohub_metrics_updates_refused_total", 'reason="decreasing"')
    suite.fires("GohubMetricsFaulty", "a refused update", {refused: level((10, 0), 1)}, 10, still=24)
    suite.quiet("GohubMetricsFaulty", "long ago", {refused: level((10, 0), 1)}, 30, 25.5)
    dropped = named("gohub_log_dropped_total")
    suite.fires("GohubLogLinesDropped", "a line each minute", {dropped: rise((10, 0), 1)}, 20, "5")
    suite.quiet("GohubLogLinesDropped", "a burst", {dropped: level((10, 0), 500)}, 25)
    suite.quiet("GohubLogLinesDropped", "two bursts", {dropped: level((10, 0), (9, 500), 1000)}, 30)
