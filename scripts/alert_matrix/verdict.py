# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What is wrong with trials, and with the list of cells."""


def faults(cell, result):
    """What is wrong with one trial, a line each."""
    found = list(result["wrong"])
    found += [f"{name} fired before the fault" for name in result["baseline"]]
    if result["fired_after"] is None:
        found.append(f"it did not fire within {cell.within:.0f} s")
    for name, seconds in sorted(result["others"].items()):
        if name not in cell.allowed:
            found.append(f"{name} fired as well, {seconds:.0f} s after the fault")
    if result["fired_after"] is not None and cell.resolves and result["resolved_after"] is None:
        found.append(f"it still fires {cell.resolves:.0f} s after the fault was undone")
    return found


def gaps(cells, alerts):
    """Alerts without a cell, and cells without an alert."""
    return [
        *(f"{name} has no cell" for name in sorted(set(alerts) - set(cells))),
        *(f"the cell {name} stands for no alert" for name in sorted(set(cells) - set(alerts))),
        *(
            f"the cell {name} allows {other}, which is no alert"
            for name, cell in sorted(cells.items())
            for other in sorted(set(cell.allowed) - set(alerts))
        ),
    ]
