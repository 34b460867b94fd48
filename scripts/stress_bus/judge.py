# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Holds one round against what the hub promises."""

import collections

import readiness
from ledger import REFUSED, TAKEN, UNAVAILABLE, UNICAST

# bus.publish_timeout is 50 ms, and its deadline is looked at when the loop has its turn.
ANSWER = 0.060
# The bucket of gohub_bus_publish_duration_seconds above that.
BUCKET = "0.1"
# A thread that waited so long for a core cannot keep to 50 ms, nor to 0.1 s with what it had waited for before.
STARVED = 0.03
# Times of a round are not judged when this program or a thread of a node had no core for so long.
STANDSTILL = 0.1
BUS = "gohub_bus_"


def difference(before, after, name, **labels):
    return after.value(name, **labels) - before.value(name, **labels)


class Round:
    """One round: what was seen, and what is wrong with it (`faults`)."""

    def __init__(self, ledger, samples, waits, pages, strike, bound):
        """`samples`, `waits`: what the monitor saw of each node; `pages`: each node's metrics before and after.

        `bound`: the longest answer that is in order, in seconds.
        """
        self.ledger = ledger
        self.samples = samples
        self.waits = waits
        self.pages = pages
        self.strike = strike
        self.bound = bound
        self.faults = list(ledger.troubles)
        self.lost = self.unsure = self.told = self.gaps = self.duplicates = self.idle_failures = 0
        self.outages = []
        self.worst = 0.0
        # Whether the machine stood still for these processes, so that no time that was measured tells anything.
        self.is_untimed = any(late > STANDSTILL for seen in (ledger.lags, *waits) for _, late in seen)
        for check in (
            *(self.answers, self.durations, self.order, self.losses, self.unicasts, self.readiness, self.interest),
            self.counters,
        ):
            check()

    def fault(self, text):
        self.faults.append(text)

    def count(self, node, name, **labels):
        return difference(*self.pages[node], BUS + name, **labels)

    def answers(self):
        """Each publication was answered as the protocol says, and those that wait for the bus in time."""
        times = []
        for publication in self.ledger.publications:
            if publication.answer not in (TAKEN, UNAVAILABLE, REFUSED):
                self.fault(f"{publication.key} was answered {publication.answer or 'by nothing'}")
            elif publication.is_confirmed:
                took = publication.answered - publication.sent
                times.append(took)
                # What this program itself was late, or the node had no core, is not the hub's.
                own = took - self.ledger.lag(publication.sent, publication.answered) - self.waited(publication)
                self.worst = max(self.worst, 0.0 if self.is_untimed else own)
                if self.bound and own > self.bound and not self.is_untimed:
                    shares = f"{1000 * took:.0f} ms, of which {1000 * own:.0f} ms are the hub's"
                    self.fault(f"{publication.key} was answered after {shares}")
        self.times = sorted(times)

    def waited(self, publication):
        """How long a thread of the publisher's node had no core meanwhile."""
        waits = self.waits[self.ledger.nodes[publication.publisher]]
        start, end = publication.sent, publication.answered + readiness.LOOK
        return sum(waited for at, waited in waits if start <= at <= end)

    def was_starved(self, node, start=0.0, end=float("inf")):
        """Whether the machine kept a node from its cores for so long that it cannot have kept its times."""
        return any(waited > STARVED for at, waited in self.waits[node] if start <= at <= end)

    def order(self):
        """Nothing twice, nothing out of order; what came in an earlier round counts as well."""
        for name, receipts in self.ledger.receipts.items():
            last = {}
            for publisher, topic, number, _ in receipts:
                if number <= last.get((publisher, topic), 0):
                    self.fault(f"{name} got {publisher}, {topic}, {number} after {last[publisher, topic]}")
                last[publisher, topic] = max(number, last.get((publisher, topic), 0))
        sent = {publication.key for publication in self.ledger.publications}
        for name, receipts in self.ledger.receipts.items():
            strange = [receipt[:3] for receipt in receipts if receipt[:3] not in sent]
            if strange:
                self.fault(f"{name} got {len(strange)} messages of an earlier round, {strange[0]} first")

    def losses(self):
        """What is missing at a node is counted as a gap there, or its publisher was told, or counted it as failed."""
        ledger = self.ledger
        received = ledger.received()
        nodes = sorted(set(ledger.nodes.values()))
        missing = {node: [] for node in nodes}
        for publication in ledger.publications:
            if publication.topic == UNICAST:
                continue
            for node in nodes:
                names = ledger.receivers(publication.topic, node)
                without = [name for name in names if publication.key not in received[name]]
                if without and (len(without) < len(names) or ledger.nodes[publication.publisher] == node):
                    self.fault(f"{publication.key} is missing at {without} of {names}, inside of a node")
                elif without:
                    missing[node].append(publication)
        for node in nodes:
            self.judge_losses(node, missing[node], self.lost_unicasts(node, received))

    def lost_unicasts(self, node, received):
        """How many requests to a node and answers to it were lost, at most."""
        lost = 0
        for publication in self.ledger.publications:
            if publication.topic != UNICAST:
                continue
            has_come = publication.key in received[publication.target]
            if self.ledger.nodes[publication.target] == node:
                lost += not has_come
            else:
                lost += publication.answer != TAKEN
        return lost

    def judge_losses(self, node, missing, unicasts):
        other = 1 - node
        gaps = self.count(node, "gap_messages_total")
        told = [
            publication for publication in self.ledger.publications
            if self.ledger.nodes[publication.publisher] == other and publication.topic != UNICAST
            and publication.answer != TAKEN
        ]
        # Failed though their publishers, who did not want to know, were told nothing.
        silent = self.count(other, "publish_failures_total") - len(told)
        untold = [publication for publication in missing if publication.answer == TAKEN]
        sure = [publication for publication in untold if publication.is_confirmed]
        self.lost += len(sure)
        self.unsure += len(untold) - len(sure)
        self.told += len(missing) - len(untold)
        self.gaps += gaps
        self.duplicates += self.count(node, "duplicates_total")
        if len(sure) > gaps:
            self.fault(f"{len(sure)} confirmed messages missing at node {node} of {gaps:.0f} gaps: {sure[0].key} …")
        if len(untold) > gaps + max(0, silent):
            self.fault(
                f"{len(untold)} messages are missing at node {node} of {gaps:.0f} gaps, and {silent:.0f} failed unseen:"
                f" {untold[0].key} …"
            )
        if gaps > len(missing) + unicasts:
            self.fault(f"node {node} tells of {gaps:.0f} lost messages, and {len(missing) + unicasts} are missing")
        if sure and self.strike and not self.strike.may_lose:
            self.fault(f"{len(sure)} confirmed messages were lost at node {node}: {sure[0].key} …")

    def unicasts(self):
        """A unicast that was answered `published` arrives."""
        received = self.ledger.received()
        for publication in self.ledger.publications:
            if publication.topic == UNICAST and publication.answer == TAKEN:
                if publication.key not in received[publication.target]:
                    self.fault(f"{publication.key} was taken for {publication.target} and did not come")

    def readiness(self):
        """The node said the truth at /readyz, and was ready again in time."""
        by_node = collections.defaultdict(list)
        for publication in self.ledger.publications:
            if publication.is_confirmed:
                by_node[self.ledger.nodes[publication.publisher]].append(publication)
        for node, samples in enumerate(self.samples):
            for untruth in [] if self.is_untimed else readiness.untruths(samples, by_node[node]):
                self.fault(f"node {node} said {untruth}")
            is_struck = self.strike and node in self.strike.struck
            began = self.strike.began if is_struck else float("inf")
            idle = [
                at for at in readiness.idle_refusals(samples, began) if not self.was_starved(node, at - 0.5, at + 0.5)
            ]
            if idle:
                self.fault(f"node {node} was not ready though nothing was wrong, {len(idle) + 1} times in succession")
            self.idle_failures += sum(p.answer != TAKEN and p.sent < began - 0.1 for p in by_node[node])
            if is_struck:
                self.judge_return(node, samples)

    def judge_return(self, node, samples):
        took = readiness.recovered(samples, self.strike.over)
        if took is None:
            self.fault(f"node {node} was not ready at the end of the round")
        elif took > self.strike.bound:
            self.fault(f"node {node} was ready {took:.1f} s after the fault, not within {self.strike.bound:.0f} s")
        else:
            self.outages.append(took)

    def interest(self):
        """The server has confirmed everything that a node wants."""
        for node, (_, page) in enumerate(self.pages):
            desired, confirmed = (page.value(BUS + "subscriptions", state=state) for state in ("desired", "confirmed"))
            # Its inbox, broadcast, nodes and unicast/* are wanted whatever clients want.
            topics = sum(bool(self.ledger.receivers(topic, node)) for topic in self.ledger.subscribers)
            if not desired == confirmed >= topics + 4:
                self.fault(f"node {node} wants {desired:.0f} names and has {confirmed:.0f}; its clients want {topics}")

    def counters(self):
        """What should have moved has, and nothing on a node that nothing was done to."""
        for node in range(len(self.pages)):
            if self.strike and node in self.strike.struck:
                for name, labels in self.strike.moved:
                    if self.count(node, name, **labels) <= 0:
                        self.fault(f"node {node} has not counted {BUS}{name}{labels or ''}")
            else:
                for name in ("disconnects_total", "reconnects_total", "outage_seconds_count", "probe_failures_total"):
                    if self.count(node, name):
                        self.fault(f"node {node} has counted {BUS}{name} though nothing was done to it")
            if self.pages[node][1].value(BUS + "up") != 1:
                self.fault(f"gohub_bus_up of node {node} is not 1 after the fault")

    def durations(self):
        """No publication took longer than its time, as the nodes see it."""
        for node in range(len(self.pages)):
            name = "publish_duration_seconds"
            late = self.count(node, name + "_count") - self.count(node, name + "_bucket", le=BUCKET)
            if late and not self.was_starved(node):
                self.fault(f"node {node} answered {late:.0f} publications later than {BUCKET} s")


def quantile(ordered, share):
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
