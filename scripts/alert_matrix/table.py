# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Writes docs/alerts-matrix.md: each of the two parts is of its last run."""

import re

HEADING = """# Which alert fires for which fault

Written by `scripts/stress-alerts --write` and `scripts/stress-alerts --quiet --write`; with `--only` the other rows stay as they were,
and *build* says with which commit each was tried. The rules are those of
`alerts/gohub.rules.yml`, unchanged, with their real durations; Prometheus scrapes every 5 s. Each fault has hubs, a Prometheus
and a light load of its own, for {baseline} s or more without the fault and then until its alert has fired for a minute. `Confirm`
is how many commands under that heading of the alert's [runbook](runbooks/README.md) were run while the alert fired;
each worked and printed something.
"""
MATRIX, QUIET = "## The matrix", "## Half an hour in which nothing fires"


def seconds(value):
    return "–" if value is None else f"{value:.0f} s"


def seconds_of(text):
    return None if text == "–" else float(text.removesuffix(" s"))


def row(number, cell, result):
    others = ", ".join(f"{name} ({seconds(after)})" for name, after in sorted(result["others"].items()))
    mark = " ¹" if cell.simulated else ""
    return (
        f"| {number} | {cell.fault}{mark} | [{cell.alert}](runbooks/{cell.alert}.md) | {seconds(result['fired_after'])} "
        f"| {others or 'none'} | {seconds(result['resolved_after'])} | {result['confirmed']} | {result['build']} |"
    )


def rows(text):
    """{alert: result} of a document that was written."""
    found = {}
    for line in re.findall(r"^\| \d+ \| .*\]\(runbooks/.*", text, re.MULTILINE):
        _, _, alert, fired, others, resolved, confirmed, build = (cell.strip() for cell in line.strip("|").split("|"))
        found[re.match(r"\[(\w+)\]", alert)[1]] = {
            "fired_after": seconds_of(fired),
            "others": {name: seconds_of(after) for name, after in re.findall(r"(\w+) \(([^)]*)\)", others)},
            "resolved_after": seconds_of(resolved),
            "confirmed": int(confirmed),
            "build": build,
        }
    return found


def grid(cells, results):
    """Faults by alerts, by their numbers: ● the alert of the fault, ○ one that sees the same fault."""
    names = list(cells)
    numbers = range(1, len(names) + 1)
    yield "| fault | " + " | ".join(map(str, numbers)) + " |"
    yield "|---|" + "---|" * len(names)
    for number, name in zip(numbers, names):
        result = results[name]
        fired = {name: "●"} if result["fired_after"] is not None else {}
        fired |= {other: "○" for other in result["others"]}
        yield f"| {number} | " + " | ".join(fired.get(each, "") for each in names) + " |"


def matrix(cells, results, setting):
    """The part of the document about faults."""
    allowed = [
        f"- {name} at “{cell.fault}”: {reason}."
        for cell in cells.values()
        for name, reason in cell.allowed.items()
        if name in results[cell.alert]["others"]
    ]
    simulated = [f"- {cell.alert}: {cell.simulated}." for cell in cells.values() if cell.simulated]
    return "\n".join(
        [
            MATRIX,
            "",
            f"The last run: {setting}",
            "",
            "| | fault | alert | fires after | others that fire | resolved after | Confirm | build |",
            "|---|---|---|---|---|---|---|---|",
            *(row(number, cell, results[cell.alert]) for number, cell in enumerate(cells.values(), 1)),
            "",
            "*Resolved after* is told where the rule does not look further back than some minutes.",
            "",
            "¹ What Prometheus reads is changed on its way from a hub that is well:",
            "",
            *simulated,
            "",
            "Where two alerts see one fault:",
            "",
            *(allowed or ["- nowhere."]),
            "",
            "The same as a grid: faults in rows, alerts in columns, both by the numbers above. ● is the fault's own alert, ○ another"
            " that sees it.",
            "",
            *grid(cells, results),
            "",
        ]
    )


def quiet(lines, setting):
    """The part about half an hour without faults."""
    return "\n".join([QUIET, "", setting, "", *(f"- {line}" for line in lines), ""])


def document(old, part, baseline):
    """The document with one part new, and the other as it is in the old one."""
    parts = {heading: "" for heading in (MATRIX, QUIET)}
    for heading in parts:
        found = re.search(rf"^{re.escape(heading)}\n.*?(?=^## |\Z)", old, re.MULTILINE | re.DOTALL)
        parts[heading] = found[0].rstrip() + "\n" if found else ""
    parts[part.partition("\n")[0]] = part
    return "\n".join([HEADING.format(baseline=baseline), *(text for text in parts.values() if text)])
