# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Values as text in the units that Grafana's panels name."""

import datetime
import math

SECONDS = ((86400, "day"), (3600, "hour"), (60, "min"), (1, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
DURATIONS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
# Names of units that have a plural.
WORDS = ("day", "hour", "min")
THOUSANDS = ((1e9, "Bil"), (1e6, "Mil"), (1e3, "K"), (1, ""))
BINARY = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1, "B"))
DECIMAL = ((1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s"), (1, "B/s"))


def number(value, decimals=None):
    """Three digits that count, or so many decimals."""
    if decimals is not None:
        return f"{value:.{decimals}f}"
    size = abs(value)
    if size >= 100 or size < 1e-6:
        return f"{value:.0f}"
    text = f"{value:.{2 - math.floor(math.log10(size))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _scaled(steps):
    """A unit with larger and smaller ones: the largest that the value reaches."""

    def text(value, decimals):
        factor, name = _step(value, steps)
        figure = number(value / factor, decimals)
        return f"{figure} {name}{'s' if name in WORDS and figure != '1' else ''}".strip()

    return text


def _step(value, steps):
    """(factor, name) of the largest unit that a value reaches; of 0 it is the unit itself."""
    # What would be rounded up to 1000 of one unit is 1 of the next.
    size = abs(value) or 1
    return next((step for step in steps if size >= step[0] * 0.9995), steps[-1])


def _counted(unit):
    """So many of something a second."""

    def text(value, decimals):
        factor, name = _step(value, THOUSANDS)
        return f"{number(value / factor, decimals)}{name} {unit}"

    return text


def _separated(value, _):
    return f"{value:,.0f}" if value == int(value) else f"{value:,}"


def _percent(value, decimals):
    return f"{number(value * 100, decimals)}%"


def _duration(value, _):
    """The largest unit only, as Grafana does without decimals."""
    factor, name = next((step for step in DURATIONS if abs(value) >= step[0]), DURATIONS[-1])
    count = int(value / factor)
    return f"{count} {name}{'' if count == 1 else 's'}"


def _moment(value, _):
    return datetime.datetime.fromtimestamp(value / 1000, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")


UNITS = {
    "short": _scaled(THOUSANDS),
    "locale": _separated,
    "ops": _counted("ops/s"),
    "cps": _counted("c/s"),
    "eps": _counted("evt/s"),
    "mps": _counted("msg/s"),
    "reqps": _counted("req/s"),
    "wps": _counted("wr/s"),
    "s": _scaled(SECONDS),
    "bytes": _scaled(BINARY),
    "Bps": _scaled(DECIMAL),
    "percentunit": _percent,
    "dtdurations": _duration,
    "dateTimeAsIso": _moment,
}


def text(value, unit, decimals=None, now=0.0):
    """A value in a unit; one that is not known raises KeyError. `now` is what times are compared with, in seconds."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "-∞"
    if unit == "dateTimeFromNow":
        away = value / 1000 - now
        return f"in {_duration(away, None)}" if away >= 0 else f"{_duration(-away, None)} ago"
    return UNITS[unit](value, decimals)


def tick_texts(values, unit, decimals=None):
    """Values of an axis as text, with as many decimals as it takes to tell them apart."""
    for more in (decimals, *range(7)):
        texts = [text(value, unit, more) for value in values]
        if len(set(texts)) == len(texts):
            return texts
    return texts
