# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Ticks are round, cover what is drawn, and can be told apart."""

import math

import pytest

from drawing.scale import Scale, powers, segments, ticks, time_ticks
from drawing.units import text, tick_texts


@pytest.mark.parametrize("low, high, unit, expected", [
    (0, 1, "short", [0, 0.5, 1]),
    (0, 0.97, "percentunit", [0, 0.5, 1]),
    (0, 203, "short", [0, 100, 200, 300]),
    (-6, 20, "short", [-10, 0, 10, 20]),
    (0, 5, "bytes", [0, 2, 4, 6]),
    (0, 3 * 2**20, "bytes", [0, 2**20, 2 * 2**20, 3 * 2**20]),
    (0, 200, "s", [0, 120, 240]),
    (0, 0.0029, "s", [0, 0.001, 0.002, 0.003]),
])
def test_ticks_are_round_and_cover_the_values(low, high, unit, expected):
    assert ticks(low, high, unit, 3) == pytest.approx(expected)


@pytest.mark.parametrize("exponent", range(-9, 12))
@pytest.mark.parametrize("unit", ["short", "s", "bytes", "percentunit", "ops"])
def test_there_are_neither_too_many_ticks_nor_too_few(exponent, unit):
    for factor in (1, 1.3, 2.6, 4.9, 7.7):
        high = factor * 10.0**exponent
        found = ticks(0, high, unit, 4)
        assert 2 <= len(found) <= 6
        assert found[0] == 0
        assert found[-1] >= high * 0.999999


@pytest.mark.parametrize("unit, decimals, values, expected", [
    ("percentunit", None, [0, 0.00002, 0.00004], ["0%", "0.002%", "0.004%"]),
    ("percentunit", 0, [0, 0.005, 0.01], ["0.0%", "0.5%", "1.0%"]),
    ("s", None, [0, 0.05, 0.1], ["0 s", "50 ms", "100 ms"]),
    ("short", None, [100.0, 100.2, 100.4], ["100.0", "100.2", "100.4"]),
])
def test_texts_of_ticks_differ(unit, decimals, values, expected):
    assert tick_texts(values, unit, decimals) == expected


def test_times_are_round_and_within():
    began = 1_700_000_000  # 22:13:20 UTC
    assert time_ticks(began, began + 295, 4) == [(began + 40, "22:14"), (began + 160, "22:16"), (began + 280, "22:18")]
    assert [label for _, label in time_ticks(began, began + 12, 3)] == ["22:13:20", "22:13:25", "22:13:30"]


def test_values_grow_upwards():
    up = Scale(0, 10, 100, 20)
    assert [up(0), up(5), up(10)] == [100, 60, 20]
    up = Scale(0.01, 100, 100, 20, math.log10)
    assert [up(0.01), up(1), up(100)] == [100, 60, 20]


@pytest.mark.parametrize("low, high, base, count, expected", [
    (0.002, 7, 10, 5, [0.001, 0.01, 0.1, 1, 10]),
    (0.001, 1, 10, 3, [0.001, 0.01, 0.1, 1]),
    (1e-6, 3, 10, 4, [1e-6, 1e-4, 1e-2, 1, 100]),
    (5, 5, 10, 4, [1, 10]),
    (1, 1, 10, 4, [1, 10]),
    (200, 5000, 2, 3, [128, 512, 2048, 8192]),
])
def test_powers_cover_the_values(low, high, base, count, expected):
    assert powers(low, high, base, count) == pytest.approx(expected)


def test_a_line_is_cut_where_values_are_missing():
    points = [(0, 1.0), (2, 2.0), (4, math.nan), (6, 3.0), (20, 4.0), (22, math.inf)]
    assert list(segments(points, 3)) == [[(0, 1.0), (2, 2.0)], [(6, 3.0)], [(20, 4.0)]]


@pytest.mark.parametrize("value, unit, decimals, expected", [
    (0, "short", None, "0"),
    (203, "short", None, "203"),
    (3060, "short", None, "3.06 K"),
    (999_900, "short", None, "1 Mil"),
    (67_108_864, "short", None, "67.1 Mil"),
    (-1500, "short", None, "-1.5 K"),
    (1240, "ops", None, "1.24K ops/s"),
    (0.05171, "ops", None, "0.0517 ops/s"),
    (1240, "mps", None, "1.24K msg/s"),
    (67_108_864, "locale", None, "67,108,864"),
    (0.25, "locale", None, "0.25"),
    (0, "s", None, "0 s"),
    (0.0917, "s", None, "91.7 ms"),
    (3.52e-6, "s", None, "3.52 µs"),
    (60, "s", None, "1 min"),
    (5400, "s", None, "1.5 hours"),
    (86400, "s", None, "1 day"),
    (math.inf, "s", None, "∞"),
    (math.nan, "s", None, "NaN"),
    (65536, "bytes", None, "64 KiB"),
    (4_270_000, "Bps", None, "4.27 MB/s"),
    (0.0912, "percentunit", 1, "9.1%"),
    (0, "percentunit", 2, "0.00%"),
    (0.0000316, "percentunit", None, "0.00316%"),
    (150, "dtdurations", None, "2 minutes"),
    (1, "dtdurations", None, "1 second"),
    (1_700_000_000_000, "dateTimeAsIso", None, "2023-11-14 22:13:20"),
    (1_700_000_120_000, "dateTimeFromNow", None, "in 2 minutes"),
    (1_699_999_940_000, "dateTimeFromNow", None, "1 minute ago"),
])
def test_values_have_their_units(value, unit, decimals, expected):
    assert text(value, unit, decimals, now=1_700_000_000) == expected


def test_a_unit_that_is_not_known_is_a_fault():
    with pytest.raises(KeyError):
        text(1, "furlongs")
