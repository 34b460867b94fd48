# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""How trials of alerts are judged, put in order and written down."""

import dataclasses

import pytest

from alert_matrix.cell import Cell
from alert_matrix.confirm import run
from alert_matrix.rewriting import replace_value
from alert_matrix.run import in_order, may_start
from alert_matrix.table import MATRIX, QUIET, document, grid, matrix, rows
from alert_matrix.verdict import faults, gaps
from alerts.runbooks import confirm_lines

CELL = Cell("GohubDown", "a node is killed", None, 300, 150, 90, {"GohubOther": "it sees the same"}, False, "")
GOOD = {
    "alert": "GohubDown",
    "baseline": [],
    "fired_after": 140.0,
    "others": {},
    "resolved_after": 20.0,
    "confirmed": 2,
    "build": "a81a64560a4d",
    "wrong": [],
}


def changed(**changes):
    return faults(CELL, {**GOOD, **changes})


def test_an_alert_that_fires_alone_and_resolves_passes():
    assert changed() == []
    assert changed(others={"GohubOther": 150.0}) == []


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"baseline": ["GohubDown"]}, "fired before the fault"),
        ({"fired_after": None}, "did not fire within 300 s"),
        ({"others": {"GohubThird": 10.0}}, "GohubThird fired as well, 10 s"),
        ({"resolved_after": None}, "still fires 150 s"),
        ({"wrong": ["GohubDown.md: exit code 1"]}, "exit code 1"),
    ],
)
def test_anything_else_fails(changes, words):
    found = changed(**changes)
    assert len(found) == 1 and words in found[0]


def test_an_alert_that_is_not_waited_for_need_not_resolve():
    assert faults(dataclasses.replace(CELL, resolves=None), {**GOOD, "resolved_after": None}) == []


def test_alerts_and_cells_have_to_be_the_same():
    assert gaps({"GohubDown": CELL}, ["GohubDown", "GohubOther"]) == ["GohubOther has no cell"]
    assert gaps({"GohubDown": CELL}, ["GohubOther"]) == [
        "GohubOther has no cell",
        "the cell GohubDown stands for no alert",
    ]
    assert gaps({"GohubDown": CELL}, ["GohubDown"]) == ["the cell GohubDown allows GohubOther, which is no alert"]


def test_what_takes_an_hour_begins_first_and_what_is_heavy_runs_with_it_alone():
    short, long = dataclasses.replace(CELL, within=100), dataclasses.replace(CELL, within=900)
    hour, heavy = dataclasses.replace(CELL, within=3900), dataclasses.replace(CELL, is_heavy=True)
    assert in_order([short, heavy, long, hour]) == [hour, heavy, long, short]
    assert may_start(heavy, [hour])
    assert not may_start(heavy, [short])
    assert not may_start(short, [hour, heavy])
    assert may_start(short, [hour, long])


PAGE = """# GohubDown

## Confirm

Ask it.

```sh
curl "$NODE/livez"
```

```text
ok
```

```sh
one
# why
ask $REDIS
```

## What to do

```sh
rm
```
"""


def test_commands_are_the_lines_of_the_section_confirm(tmp_path):
    page = tmp_path / "GohubDown.md"
    page.write_text(PAGE, encoding="utf-8")
    assert confirm_lines(page) == ['curl "$NODE/livez"', "one", "ask $REDIS"]
    assert confirm_lines(page, {"REDIS"}) == ['curl "$NODE/livez"', "one", "ask $REDIS"]
    assert confirm_lines(page, {"NATS"}) == ['curl "$NODE/livez"', "one"]


@pytest.mark.parametrize(
    ("command", "code", "output"),
    [("echo $NODE", 0, "a:1\n"), ("true", 0, ""), ("echo no; false", 1, "no\n"), ("false | cat", 1, "")],
)
def test_a_command_is_judged_by_its_exit_code_and_by_what_it_says(command, code, output):
    assert run(command, {"NODE": "a:1"}) == (code, output)


def test_a_value_of_a_page_is_replaced_and_a_series_that_is_not_there_is_a_fault():
    page = 'a{b="c"} 0\na_total 0\n'
    assert replace_value(page, r'a\{b="c"\}', 7) == 'a{b="c"} 7\na_total 0\n'
    with pytest.raises(AssertionError):
        replace_value(page, "b", 7)


def test_each_part_of_the_document_is_kept_until_it_is_written_anew():
    first = document("", f"{MATRIX}\n\nold matrix\n", 90)
    both = document(first, f"{QUIET}\n\nold quiet\n", 90)
    assert "old matrix" in both and "old quiet" in both
    new = document(both, f"{MATRIX}\n\nnew matrix\n", 90)
    assert "new matrix" in new and "old matrix" not in new and "old quiet" in new
    assert new.index(MATRIX) < new.index(QUIET)
    assert document(new, f"{MATRIX}\n\nnew matrix\n", 90) == new


def test_the_tables_show_what_fired_beside():
    other = dataclasses.replace(CELL, alert="GohubOther", fault="another", allowed={}, simulated="it has no such fault")
    cells = {"GohubDown": CELL, "GohubOther": other}
    results = {"GohubDown": {**GOOD, "others": {"GohubOther": 150.0}}, "GohubOther": {**GOOD, "fired_after": None}}
    assert list(grid(cells, results))[2:] == ["| 1 | ● | ○ |", "| 2 |  |  |"]
    text = matrix(cells, results, "a machine")
    assert "| 1 | a node is killed | [GohubDown](runbooks/GohubDown.md) | 140 s | GohubOther (150 s) | 20 s | 2 | a81a64560a4d |" in text
    assert "- GohubOther at “a node is killed”: it sees the same." in text
    assert "- GohubOther: it has no such fault." in text
    # What is not tried again is taken from there.
    told = {key: GOOD[key] for key in ("fired_after", "others", "resolved_after", "confirmed", "build")}
    assert rows(text) == {
        "GohubDown": {**told, "others": {"GohubOther": 150.0}},
        "GohubOther": {**told, "fired_after": None},
    }
