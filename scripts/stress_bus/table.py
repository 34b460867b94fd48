# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The results as a table, on the terminal and as docs/stress.md."""

import dataclasses

from judge import quantile

HEAD = [
    *("fault", "rounds", "publications", "lost: confirmed", "not to be confirmed", "failed", "gaps", "out of turn"),
    *("ready again, s", "answer p50 / p99 / max, ms", "the hub's part, max", "result"),
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


def lines(rows):
    yield "| " + " | ".join(HEAD) + " |"
    yield "|" + "---|" * len(HEAD)
    for row in rows:
        yield "| " + " | ".join(map(str, row.cells())) + " |"


def document(rows, machine, version):
    """The page docs/stress.md."""
    table = "\n".join(lines(rows))
    failed = sum(bool(row.failed) for row in rows)
    return f"""<!-- SPDX-License-Identifier: Apache-2.0 -->
# Under faults

The last result of `scripts/stress-bus --write`: {version} on {machine}.

Two nodes with two loops each and real Redis servers; eight clients that are not the hub's own code publish a thousand
messages a second in both directions, to topics, to all and to single clients, half of them with `"confirm":true`, and
write down what they sent, were answered and received. In each round a fault is done and undone. A round fails unless:

- each publication was answered, within 60 ms: `bus.publish_timeout` is 50 ms. What the measuring program itself was late,
  and what a thread of the node waited for a core (the kernel tells), is left out; a unicast, which the other node answers,
  has 2 s. No node that had its cores counts a publication above 0.1 s;
- at least 950 publications a second were sent, whatever was done meanwhile, and none fails at a node to which nothing is done;
- `/readyz`, asked ten times a second, says no 0.3 s after the first of confirmed publications that all fail, and yes within
  12 s of the fault's end and within 1 s of the first of confirmed publications that all work; then, and without a fault, no
  two times no in succession;
- a message that is missing at a node and was confirmed, or timed out, is among the gaps that the node's log tells of its
  topic; any other one is a gap, or its publisher was told (`"bus":"unavailable"`, an error), or the publisher's node counts it
  as failed. A node claims no gap that is none. By streams, with a Redis that writes each entry to its files
  (`appendonly yes`, `appendfsync always`; in memory here, so that the disk is not judged), nothing is missing but what its publisher, or the publisher's node, knows to have
  failed, unless a replica becomes the master: it gets entries when their publishers were told already;
- in four of five rounds at least these times could be judged: in a round in which the machine gives the nodes, or the
  measuring program, no core for 0.1 s they are not;
- nobody gets a message twice or out of order;
- everything that a node wants is confirmed by the server afterwards, also what clients began to want during the fault,
  and a last message from everybody to everybody arrives;
- the counters that have to move have moved, and `gohub_bus_up` was seen at 0 where the connection was lost for longer
  than a page of metrics lives;
- both processes live, their logs hold no error, and in the end the nodes drain and exit with 0.

"Lost" are messages that did not come to the other node: those that were `published` with `confirm`, those that were
`published` without it, and those of which the publisher was told that they failed. "Out of turn" are messages that a node
got behind newer ones, when they counted as lost already, and dropped (`gohub_bus_duplicates_total`). The time until nodes
are ready again is the median and the maximum.

{table}

{len(rows) - failed} passed, {failed} failed.
"""
