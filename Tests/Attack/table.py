# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What was seen of one attack, as a line of a table."""

import dataclasses

MIB = 1 << 20


@dataclasses.dataclass
class Row:
    """One attack: memory in bytes, times in seconds and in order."""

    name: str
    start: int = 0
    peak: int = 0
    limit: int = 0
    after: int = 0
    # Cores that the hub used.
    processor: float = 0.0
    is_floor: bool = False
    terms: dict = dataclasses.field(default_factory=dict)
    times: dict = dataclasses.field(default_factory=dict)
    results: list = dataclasses.field(default_factory=list)
    gauges: dict = dataclasses.field(default_factory=dict)
    faults: list = dataclasses.field(default_factory=list)

    def figures(self):
        """Everything but the single times."""
        figures = {key: value for key, value in vars(self).items() if key != "times"}
        return {**figures, **{kind: spread(times) for kind, times in self.times.items()}}


def quantile(ordered, share):
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def spread(times):
    """How many there are, and the median, the 99th percentile and the longest in milliseconds."""
    if not times:
        return {"count": 0}
    figures = {"median": quantile(times, 0.5), "p99": quantile(times, 0.99), "max": times[-1]}
    return {"count": len(times), **{name: round(1000 * figure, 1) for name, figure in figures.items()}}


def cells(row):
    def long(kind):
        figures = spread(row.times.get(kind, []))
        return f"{figures['p99']:.0f} / {figures['max']:.0f}" if figures["count"] else "–"

    def memory(size):
        return f"{size / MIB:.0f}" if size else "–"

    peak = memory(row.peak) if row.is_floor else f"{memory(row.peak)} of {memory(row.limit)}"
    return [
        row.name, memory(row.start), peak, memory(row.after), long("readyz"),
        long("livez"), long("ping"), long("connect"), long("scrape"),
        "" if row.is_floor else "FAILED" if row.faults else "passed",
    ]


HEAD = [
    "attack", "start", "peak of allowed, MiB", "a minute later", "/readyz p99 / max, ms", "/livez", "ping", "connect", "scrape",
    "result",
]
WIDTHS = [58, 5, 20, 14, 21, 13, 13, 13, 13, 6]


def line(columns):
    first, *others = [f"{text:>{width}}" for text, width in zip(columns, WIDTHS)]
    return "  ".join([f"{columns[0]:<{len(first)}}", *others])


def print_row(row):
    if row.name.endswith("idle cores"):
        print(line(HEAD))
    print(line(cells(row)))
    for fault in row.faults:
        print(f"    - {fault}")
    print(end="", flush=True)


def document(rows, machine, version):
    """The page docs/attack.md."""
    tried = [row for row in rows if not row.is_floor]
    failed = [row for row in tried if row.faults]
    text = f"""<!-- SPDX-License-Identifier: Apache-2.0 -->
# Under attack

The last result of `make attack ARGS=--write`: {version} on {machine}.

For each attack: what resident memory the hub
began with, the most it had and what it was allowed by the sum in [operations.md](operations.md), "Sizing", and what it
had a minute after the attack; then what honest clients saw meanwhile, as 99th percentile and maximum in milliseconds:
health, the answer to a `ping`, a new connection's welcome, and a scrape. The floors are what they see of a hub without
any load on this machine, with idle and with busy cores. A time in which the hub answers nobody counts for all the questions
that could have been asked in it.

| {' | '.join(HEAD)} |
|{'---|' * len(HEAD)}
"""
    text += "".join(f"| {' | '.join(cells(row))} |\n" for row in rows)
    text += f"\n{len(tried) - len(failed)} passed, {len(failed)} failed.\n"
    for row in failed:
        text += f"\n- **{row.name}**: " + "; ".join(row.faults) + ".\n"
    return text
