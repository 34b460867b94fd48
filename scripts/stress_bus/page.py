# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""docs/stress.md: what is judged, and the last result of each part, which is written alone."""

import os
import pathlib
import platform
import re
import subprocess

FILE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "stress.md"
# The parts by their titles, and what writes each.
PARTS = {
    "Redis": "scripts/stress-bus --bus redis --write",
    "NATS": "scripts/stress-bus --bus nats --write",
    "Crashes": "scripts/stress-crashes --write",
}
HEAD = """<!-- SPDX-License-Identifier: Apache-2.0 -->
# Under faults

Nodes under load on real servers of Redis and NATS, to which one fault is done after another. `make stress` does all of it.

## What is judged

Two nodes with two loops each; eight clients that are not the hub's own code, four of which publish a thousand messages a second,
in both directions, to topics, to all and to single clients. Half of those to topics and to all have `"confirm":true`, with
JetStream a quarter, as a client with 256 requests without an answer is not read. The clients
write down what they sent, were answered and received. In each round a fault is done and undone. A round fails unless all of
this holds:

- **Answers.** Each publication is answered within `bus.publish_timeout` and a little: 60 ms with Redis, 15 ms with core NATS, 2.01 s with
  JetStream; a unicast, which the other node answers, within 2.06 s. Left out is how late the measuring program itself was,
  and how long a thread of the node waited for a core, which the kernel tells. No node counts a publication above the next
  bound of its histogram (0.1 s, 25 ms, 2.5 s), unless the machine kept it from its cores.
- **Load.** At least 950 publications a second are sent, also during the fault. At a node to which nothing is done no
  confirmed publication fails.
- **Readiness.** `/readyz` is asked ten times a second. While confirmed publications all fail it says no, from 0.25 s after
  the first of them was late. It says yes again within 12 s of the fault's end, and within 1 s of when all confirmed
  publications work again. After that, and without a fault, it never says no twice in a row, unless the machine kept the
  node from its cores.
- **Losses.** What did not come to a node is accounted for. A message with `confirm` that was taken, or that timed out, is
  among the gaps of its topic that this node's log tells. Any other message is a gap, or its publisher was told
  (`"bus":"unavailable"`, an error), or the publisher's node counts it as failed. A node tells of no more gaps of a topic
  than messages are missing.
- **Streams.** Redis writes each entry to its files (`appendonly yes`, `appendfsync always`), JetStream does so as it comes; these are in
  memory where there is room, so that the disk is not judged. Then nothing is missing but what its publisher was told, or
  its node counts as failed. Rounds in which a replica of Redis becomes the master are judged as without streams: a replica gets
  entries after their publishers were told that they are taken.
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

**Crashes** are of three nodes on a stream of JetStream. In each round the server, one, two or three nodes, or both are killed
without a warning, while another node may stand still. Two publishers and a listener at each node come back by themselves. Each
message that was taken has to be in the stream, as a client of NATS reads it, and has to come once, and in its publisher's order,
to each listener that was there; in the end nothing waits to be acknowledged (`gohub_bus_nats_ack_pending`).
"""


def write(title, binary, table, verdict):
    """Writes the result of one part, and leaves the others as they are."""
    version = subprocess.run([binary, "version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.release()}"
    parts = dict(re.findall(r"^## (\w+)\n\n(The last result .*?)(?=\n## |\Z)", FILE.read_text(encoding="utf-8"), re.S | re.M))
    parts[title] = f"The last result of `{PARTS[title]}`: {version} on {machine}.\n\n{table}\n\n{verdict}.\n"
    sections = [f"\n## {name}\n\n{parts[name].rstrip()}\n" for name in PARTS if name in parts]
    FILE.write_text(HEAD + "".join(sections), encoding="utf-8")
