# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Time that the hub did not get shows in its metrics."""

import signal
import time

from process import eventually

STOPPED = 1.2  # seconds


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
    # Each loop has a timer that is due twice a second.
    eventually(lambda: later_than(hub.metrics(), 0.5) >= before + 2, what="a late timer of each loop")
    assert hub.get("/readyz")[0] == 200
    # No client did anything, and no tick was long: neither shows it.
    assert hub.metrics().value("gohub_delivery_latency_seconds_count") == 0
