# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Time that the hub did not get shows in its metrics."""

import signal
import time

from process import eventually

STOPPED = 1.5  # seconds
ROUNDS = 12


def later_than(metrics, bound):
    """How many timers fired later than `bound` seconds, a bound of the buckets."""
    return metrics.value("gohub_event_loop_lag_seconds_count") - metrics.value(
        "gohub_event_loop_lag_seconds_bucket", le=str(bound)
    )


def test_a_process_that_stood_still_says_so(start_hub):
    hub = start_hub({"server": {"loops": 2}})
    before = later_than(hub.metrics(), 0.5)
    hub.program.send_signal(signal.SIGSTOP)
    time.sleep(STOPPED)  # what is tested: nothing can be waited for in a process that is stopped
    hub.program.send_signal(signal.SIGCONT)
    # Each loop has a timer that is due at least once a second.
    eventually(lambda: later_than(hub.metrics(), 0.5) >= before + 2, what="a late timer of each loop")
    assert hub.get("/readyz")[0] == 200
    # No client did anything, and no tick was long: neither shows it.
    assert hub.metrics().value("gohub_delivery_latency_seconds_count") == 0


def test_a_process_that_runs_a_fifth_of_the_time_says_so(start_hub):
    hub = start_hub({"server": {"loops": 2}})
    before = hub.metrics()
    for _ in range(ROUNDS):  # 400 of each 500 ms, as a group that has used up its share of the processor
        hub.program.send_signal(signal.SIGSTOP)
        time.sleep(0.4)
        hub.program.send_signal(signal.SIGCONT)
        time.sleep(0.1)
    after = hub.metrics()
    fired = after.value("gohub_event_loop_lag_seconds_count") - before.value("gohub_event_loop_lag_seconds_count")
    late = later_than(after, 0.1) - later_than(before, 0.1)
    # Six in ten are later than that in the long run.
    assert fired >= ROUNDS
    assert late >= fired / 4, f"{late} of {fired}"
