# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Ticks of axes, and where a value stands on them."""

import math
import time

# What the steps between ticks may be: of decimal values times a power of ten, of bytes powers of two.
DECIMAL = (1, 2, 5, 10)
TIME = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)


class Scale:
    """Maps values from `low` to `high` to pixels from `start` to `end`; what `bend` makes of them is linear."""

    def __init__(self, low, high, start, end, bend=float):
        self._low = bend(low)
        self._start = start
        self._bend = bend
        self._factor = (end - start) / (bend(high) - self._low)

    def __call__(self, value):
        return self._start + (self._bend(value) - self._low) * self._factor


def step(extent, unit, count):
    """The distance between about so many ticks, at which they are round numbers."""
    wanted = extent / count
    if unit == "bytes":
        return 2.0 ** math.ceil(math.log2(wanted))
    if unit == "s" and wanted > 10:
        return next((step for step in TIME if step >= wanted), math.ceil(wanted / 86400) * 86400)
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(factor for factor in DECIMAL if factor * power >= wanted * 0.9999) * power


def ticks(low, high, unit="short", count=4):
    """Round numbers of which the first is not above `low` and the last not below `high`, which have to differ."""
    distance = step(high - low, unit, count)
    first, last = math.floor(low / distance + 1e-9), math.ceil(high / distance - 1e-9)
    return [index * distance for index in range(first, last + 1)]


def powers(low, high, base, count):
    """Powers of which the first is not above `low` and the last not below `high`; about so many, at least two."""
    first, last = math.floor(math.log(low, base) + 1e-9), math.ceil(math.log(high, base) - 1e-9)
    last = max(last, first + 1)
    every = math.ceil((last - first) / count)
    return [float(base) ** power for power in range(first, last + every, every)]


def time_ticks(began, ended, count):
    """[(time, label)] of round times between the two, in UTC; about so many."""
    distance = next((step for step in TIME if step >= (ended - began) / count), TIME[-1])
    form = "%H:%M:%S" if distance < 60 else "%H:%M" if ended - began <= 86400 else "%d %H:%M"
    first = math.ceil(began / distance)
    return [
        (index * distance, time.strftime(form, time.gmtime(index * distance)))
        for index in range(first, math.floor(ended / distance) + 1)
    ]


def segments(points, gap):
    """Points of a series without those that are not finite, cut where more than `gap` lies between two."""
    current = []
    for moment, value in points:
        if current and (not math.isfinite(value) or moment - current[-1][0] > gap):
            yield current
            current = []
        if math.isfinite(value):
            current.append((moment, value))
    if current:
        yield current
