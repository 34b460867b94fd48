# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Ends what was started, in order, also when a signal comes."""

import contextlib
import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def interrupt(*_):
    """The first signal ends the work; while that is cleared up no further one may disturb it."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextlib.contextmanager
def ended_in_order():
    """A stack of what is to be ended, the last first."""
    for number in SIGNALS:
        signal.signal(number, interrupt)
    with contextlib.ExitStack() as stack:
        yield stack
