# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Series of test cases, told in minutes.

level(1)                    always 1
level((10, 1), 0)           1 for ten minutes, then 0
level((10, None), 1)        not there for ten minutes
rise(60)                    a counter, 60 more each minute
rise((10, 0), 60)           none for ten minutes, then 60 each minute
rise((10, 6), RESTART, 6)   the process starts again after ten minutes
"""

import dataclasses

RESTART = object()


@dataclasses.dataclass(frozen=True)
class Series:
    """Phases of (minutes, value or None for no sample); the last one has no end."""

    phases: tuple
    is_counter: bool

    def notation(self, minutes, step):
        """The samples of so many minutes, one each `step` minutes, as promtool takes them."""
        left, total, parts = round(minutes / step), 0.0, []
        for phase in self.phases:
            if phase is RESTART:
                total = 0.0
                continue
            length, value = phase if isinstance(phase, tuple) else (None, phase)
            count = left if length is None else min(left, round(length / step))
            left -= count
            if not count:
                continue
            if value is None:
                parts.append(f"_x{count}")
                continue
            increment = value * step if self.is_counter else 0
            # A counter begins at 0, without what it would have gained before.
            first = value if not self.is_counter else total + increment if parts else 0.0
            parts.append(_run(first, increment, count))
            total = first + increment * (count - 1)
        return " ".join(parts)


def _run(first, increment, count):
    if count == 1:
        return _number(first)
    if not increment:
        return f"{_number(first)}x{count - 1}"
    return f"{_number(first)}+{_number(increment)}x{count - 1}"


def _number(value):
    return f"{value:.10g}"


def level(*phases):
    """A gauge, or a counter that is told by its values."""
    return Series(phases, False)


def rise(*phases):
    """A counter, told by what it gains in a minute."""
    return Series(phases, True)


def named(name, labels="", job="gohub", instance="a:9090"):
    """The name of a series of a node."""
    return f'{name}{{job="{job}",instance="{instance}"{"," if labels else ""}{labels}}}'
