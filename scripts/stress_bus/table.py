# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The results as tables, on the terminal and in docs/stress.md."""

import dataclasses

from judge import quantile

HEAD = [
    *("fault", "rounds", "publications", "lost, confirmed", "lost, not to be confirmed", "lost, publisher told"),
    *("gaps", "out of turn", "ready again, s", "answer p50 / p99 / max, ms", "the hub's part, max, ms", "result"),
]


@dataclasses.dataclass
class Row:
    """All rounds of one fault."""

    name: str
    rounds: int = 0
    untimed: int = 0
    publications: int = 0
    lost: int = 0
    unsure: int = 0
    told: int = 0
    gaps: int = 0
    duplicates: int = 0
    worst: float = 0.0
    times: list = dataclasses.field(default_factory=list)
    outages: list = dataclasses.field(default_factory=list)
    failed: list = dataclasses.field(default_factory=list)

    def add(self, round):
        self.rounds += 1
        self.publications += len(round.ledger.publications)
        if round.is_untimed:
            self.untimed += 1
        else:
            self.times += round.times
            self.outages += round.outages
        self.worst = max(self.worst, round.worst)
        for name in ("lost", "unsure", "told", "gaps", "duplicates"):
            setattr(self, name, getattr(self, name) + int(getattr(round, name)))

    def cells(self):
        times, outages = sorted(self.times), sorted(self.outages)
        answers = " / ".join(f"{1000 * quantile(times, share):.0f}" for share in (0.5, 0.99, 1))
        again = f"{quantile(outages, 0.5):.1f} / {outages[-1]:.1f}" if outages else "–"
        return [
            *(self.name, f"{self.rounds}, {self.untimed} untimed" if self.untimed else self.rounds, self.publications),
            *(self.lost, self.unsure, self.told, self.gaps, self.duplicates),
            *(again, answers),
            f"{1000 * self.worst:.0f}", "passed" if not self.failed else f"{len(self.failed)} FAILED",
        ]


def table(head, rows):
    """A table of Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def of_faults(rows):
    return table(HEAD, [row.cells() for row in rows])


def verdict(failed):
    """The last line under some rows, of which each failed or did not."""
    return f"{len(failed) - sum(failed)} passed, {sum(failed)} failed"
