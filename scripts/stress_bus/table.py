# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The results as a table, on the terminal and as docs/stress.md."""

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

Two nodes with two loops each and real Redis servers; eight clients that are not the hub's own code, four of which publish a
thousand messages a second, in both directions, to topics, to all and to single clients. Half of those to topics and to all
have `"confirm":true`. The clients write down what they sent, were answered and received. In each round a fault is done and
undone. A round fails unless all of this holds:

- **Answers.** Each publication is answered within 60 ms, as `bus.publish_timeout` is 50 ms; a unicast, which the other node
  answers, within 2.06 s. Left out is how late the measuring program itself was, and how long a thread of the node waited for
  a core, which the kernel tells. No node counts a publication above 0.1 s, unless the machine kept it from its cores.
- **Load.** At least 950 publications a second are sent, also during the fault. At a node to which nothing is done no
  confirmed publication fails.
- **Readiness.** `/readyz` is asked ten times a second. While confirmed publications all fail it says no, from 0.3 s after
  the first of them on. It says yes again within 12 s of the fault's end, and within 1 s of when all confirmed publications
  work again. After that, and without a fault, it never says no twice in a row, unless the machine kept the node from its
  cores.
- **Losses.** What did not come to a node is accounted for. A message with `confirm` that was taken, or that timed out, is
  among the gaps of its topic that this node's log tells. Any other message is a gap, or its publisher was told
  (`"bus":"unavailable"`, an error), or the publisher's node counts it as failed. A node tells of no more gaps of a topic
  than messages are missing.
- **Streams.** Redis writes each entry to its files (`appendonly yes`, `appendfsync always`); these are in memory where there
  is room, so that the disk is not judged. Then nothing is missing but what its publisher was told, or its node counts as
  failed. Rounds in which a replica becomes the master are judged as without streams: a replica gets entries after their
  publishers were told that they are taken.
- **Order.** Nobody gets a message twice or out of order, and a unicast that was answered `published` has come.
- **Afterwards.** The server has confirmed everything that a node wants, also what clients began to want during the fault,
  and a last message of each publisher to each of its topics and to all, and of each node to a client of the other one,
  arrives.
- **Counters.** Those that the fault has to move have moved, and a node to which nothing is done counts no lost connection.
  `gohub_bus_up` is seen at 0 where the connection is lost for longer than a page of metrics lives.
- **Processes.** Both nodes live, their logs hold no error, and in the end they drain and exit with 0.

Times are not judged in a round in which the machine gives the nodes, or the measuring program, no core for 0.1 s
("untimed"). A fault fails when that is so in more than a fifth of its rounds.

"Lost" are messages that did not come to the other node: "confirmed" those that were `published` with `confirm`, "not to be
confirmed" those that were `published` without it, "publisher told" those whose publisher got an error or
`"bus":"unavailable"`. "Out of turn" are messages that a node got behind newer ones, when they counted as lost already, and
dropped (`gohub_bus_duplicates_total`). "Ready again" is the median and the maximum of the time until nodes are ready.
"Answer" is the time of confirmed publications; "the hub's part" is the longest of all but unicasts, less what is left out above.

{table}

{len(rows) - failed} passed, {failed} failed.
"""
