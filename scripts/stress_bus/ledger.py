# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What clients sent, were answered and received in one round, as they wrote it down."""

import collections
import dataclasses
import json

# What a publication was answered.
TAKEN, UNAVAILABLE, REFUSED = "taken", "unavailable", "refused"
BROADCAST, UNICAST = "broadcast", "unicast"


@dataclasses.dataclass(slots=True)
class Publication:
    """One message; (publisher, topic, number) stands in its payload. Times are seconds of the monotonic clock."""

    publisher: str
    topic: str
    number: int
    is_confirmed: bool
    sent: float
    target: str = ""
    answered: float = 0.0
    # One of the above, or what else came; empty without an answer.
    answer: str = ""
    reason: str = ""

    @property
    def key(self):
        return self.publisher, self.topic, self.number


@dataclasses.dataclass
class Ledger:
    """One round."""

    # The node of each client, and who has subscribed to each topic.
    nodes: dict
    subscribers: dict
    publications: list = dataclasses.field(default_factory=list)
    # (publisher, topic, number, time) by receiver, in the order of arrival.
    receipts: dict = dataclasses.field(default_factory=dict)
    # (time, how late the process that wrote this was) where it was late.
    lags: list = dataclasses.field(default_factory=list)
    # What went wrong that no message shows.
    troubles: list = dataclasses.field(default_factory=list)
    # From when to when all publishers published.
    began: float = 0.0
    ended: float = 0.0

    def receivers(self, topic, node):
        """Who at a node gets what is published to a topic."""
        names = self.nodes if topic == BROADCAST else self.subscribers.get(topic, ())
        return [name for name in names if self.nodes[name] == node]

    def received(self):
        """The keys that each receiver got, with how often."""
        return {name: collections.Counter(receipt[:3] for receipt in got) for name, got in self.receipts.items()}

    def write(self, file):
        """Writes all of it, a line an event, in the order of the events."""
        events = [(p.sent, "publish", dataclasses.asdict(p)) for p in self.publications]
        for name, got in self.receipts.items():
            events += [(at, "receive", {"receiver": name, "key": [*key]}) for *key, at in got]
        with open(file, "w", encoding="utf-8") as lines:
            for at, kind, what in sorted(events, key=lambda event: event[0]):
                lines.write(json.dumps({"at": at, "what": kind, **what}) + "\n")
