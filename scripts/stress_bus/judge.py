# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Holds one round against what the hub promises."""

import collections

import readiness
from ledger import REFUSED, TAKEN, UNAVAILABLE, UNICAST
from load import RATE
from faults import TIMEOUT

# Of a unicast, which the other node answers: a request is given up after 2 s.
UNICAST_ANSWER = 2.060
# A thread that waited so long for a core cannot keep to 50 ms, nor to 0.1 s with what it had waited for before.
STARVED = 0.04
# What a publication is refused with that had its number and no answer in time.
LATE = "the message bus did not take it: timeout"
# Times of a round are not judged when this program or a thread of a node had no core for so long.
STANDSTILL = 0.1
BUS = "gohub_bus_"


def difference(before, after, name, **labels):
    return after.value(name, **labels) - before.value(name, **labels)


class Round:
    """One round: what was seen, and what is wrong with it (`faults`)."""

    def __init__(self, way, ledger, samples, waits, pages, gaps, strike, is_timed):
        """`samples`, `waits`: what the monitor saw of each node; `pages`: each node's metrics before and after.

        `gaps`: how many messages to each topic each node's log says are lost; `is_timed`: whether to judge times at all.
        """
        self.way = way
        self.ledger = ledger
        self.samples = samples
        self.waits = waits
        self.pages = pages
        self.told_gaps = gaps
        self.strike = strike
        self.faults = list(ledger.troubles)
        self.lost = self.unsure = self.told = self.gaps = self.duplicates = 0
        self.outages = []
        self.worst = 0.0
        # Whether the machine stood still for these processes, so that no time that was measured tells anything.
        self.is_untimed = not is_timed or any(late > STANDSTILL for seen in (ledger.lags, *waits) for _, late in seen)
        for check in (
            *(self.durations, self.answers, self.rate, self.order, self.losses, self.unicasts, self.readiness),
            *(self.interest, self.counters),
        ):
            check()

    def fault(self, text):
        self.faults.append(text)

    def count(self, node, name, **labels):
        return difference(*self.pages[node], BUS + name, **labels)

    def answers(self):
        """Each publication was answered as the protocol says, and in time."""
        times = []
        for publication in self.ledger.publications:
            if publication.answer not in (TAKEN, UNAVAILABLE, REFUSED):
                self.fault(f"{publication.key} was answered {publication.answer or 'by nothing'}")
                continue
            took = publication.answered - publication.sent
            if publication.is_confirmed:
                times.append(took)
            if publication.topic == UNICAST:
                self.judge_time(publication, took, UNICAST_ANSWER)
            elif took > self.worst:
                self.worst = max(self.worst, self.judge_time(publication, took, self.way.answer))
        self.times = sorted(times)

    def judge_time(self, publication, took, bound):
        """How much of the time is the hub's: neither was this program late, nor had a thread of the node no core."""
        if self.is_untimed:
            return 0.0
        start, end = publication.sent, publication.answered
        late = [(max(start, at - late), min(at, end)) for at, late in self.ledger.lags]
        own = took - covered(late + self.waited(publication))
        if own > bound:
            self.fault(f"{publication.key} was answered after {1000 * took:.0f} ms, of which {1000 * own:.0f} ms are the hub's")
        return own

    def rate(self):
        """A thousand publications were sent each second, whatever was done meanwhile."""
        ledger = self.ledger
        sent = sum(publication.sent <= ledger.ended for publication in ledger.publications)
        rate = sent / (ledger.ended - ledger.began)
        if rate < 0.95 * RATE and not self.is_untimed:
            self.fault(f"only {rate:.0f} publications a second were sent")

    def waited(self, publication):
        """When a thread of the publisher's node may have had no core meanwhile, as (start, end).

        It is only known how long it waited between two looks: as late in it as can be, and as much as there was of the time.
        """
        times = []
        for at, waited in self.waits[self.ledger.nodes[publication.publisher]]:
            start = max(publication.sent, at - max(waited, readiness.LOOK))
            end = min(publication.answered, at)
            if start < end:
                times.append((max(start, end - waited), end))
        return times

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
        by_topic = self.told_gaps[node]
        if sum(by_topic.values()) != gaps:
            self.fault(f"node {node} counts {gaps:.0f} lost messages, and its log tells of {sum(by_topic.values())}")
        if by_topic[UNICAST] > unicasts:
            self.fault(f"node {node} tells of {by_topic[UNICAST]} lost unicasts and answers, and {unicasts} are missing")
        for topic in {publication.topic for publication in missing} | by_topic.keys() - {UNICAST}:
            self.judge_topic(node, topic, [publication for publication in missing if publication.topic == topic])
        told = [
            publication for publication in self.ledger.publications
            if self.ledger.nodes[publication.publisher] == other and publication.topic != UNICAST
            and publication.answer != TAKEN
        ]
        # Failed though their publishers, who did not want to know, were told nothing; unicasts and answers are among them.
        silent = self.count(other, "publish_failures_total") - len(told)
        untold = [publication for publication in missing if publication.answer == TAKEN]
        sure = [publication for publication in untold if publication.is_confirmed]
        self.lost += len(sure)
        self.unsure += len(untold) - len(sure)
        self.told += len(missing) - len(untold)
        self.gaps += gaps
        self.duplicates += self.count(node, "duplicates_total")
        # A gap tells of a loss only where nothing need be lost; elsewhere the publisher's node has to know of each.
        counted = max(0, silent) + (gaps - by_topic[UNICAST] if self.strike and self.strike.may_lose else 0)
        if len(untold) > counted:
            self.fault(
                f"{len(untold)} messages are missing at node {node} of {gaps:.0f} gaps, and {silent:.0f} failed unseen:"
                f" {untold[0].key} …"
            )
        if sure and not (self.strike and self.strike.may_lose):
            self.fault(f"{len(sure)} confirmed messages were lost at node {node}: {sure[0].key} …")

    def judge_topic(self, node, topic, missing):
        """What had a number and is missing is a gap, and a gap is nothing else."""
        gaps = self.told_gaps[node][topic]
        numbered = [p for p in missing if p.is_confirmed and (p.answer == TAKEN or p.reason == LATE)]
        if len(numbered) > gaps:
            self.fault(
                f"{len(numbered)} confirmed messages to {topic} are missing at node {node}, which tells of {gaps}:"
                f" {numbered[0].key} …"
            )
        if gaps > len(missing):
            self.fault(f"node {node} tells of {gaps} lost messages to {topic}, and {len(missing)} are missing")

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
            for untruth in [] if self.is_untimed else readiness.untruths(samples, by_node[node], self.way.detection):
                self.fault(f"node {node} said {untruth}")
            is_struck = self.strike and node in self.strike.struck
            began = self.strike.began if is_struck else float("inf")
            idle = [
                at for at in readiness.idle_refusals(samples, began) if not self.was_starved(node, at - 0.5, at + 0.5)
            ]
            if idle and not self.is_untimed:
                self.fault(f"node {node} was not ready twice in succession though nothing was wrong, {len(idle)} times")
            self.judge_idle(node, [p for p in by_node[node] if p.answer != TAKEN and p.sent < began - 0.1])
            if is_struck:
                self.judge_return(node, samples, by_node[node])

    def judge_idle(self, node, failed):
        failed = [p for p in failed if not self.is_untimed and not self.was_starved(node, p.sent - 0.1, p.answered)]
        if failed:
            self.fault(f"{len(failed)} publications failed at node {node} though nothing was wrong: {failed[0].key} …")

    def judge_return(self, node, samples, publications):
        took = readiness.recovered(samples, self.strike.over)
        if took is None:
            self.fault(f"node {node} was not ready at the end of the round")
        elif took > self.strike.bound and not self.is_untimed:
            self.fault(f"node {node} was ready {took:.1f} s after the fault, not within {self.strike.bound:.0f} s")
        else:
            self.outages.append(took)
            if self.is_untimed:
                return
            late = self.strike.over + took - readiness.working(publications, self.strike.over)
            if late > readiness.HESITATION:
                self.fault(f"node {node} was not ready for {late:.1f} s in which publications worked")
            if readiness.relapses(samples, self.strike.began, self.strike.over):
                self.fault(f"node {node} was not ready once more when the fault was over, and it had been ready")

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
                if TIMEOUT in self.strike.moved and not any(p.reason == LATE for p in self.ledger.publications):
                    self.fault("no publisher was told that the bus did not answer in time")
                self.judge_reconnects(node)
                for name, labels in self.strike.moved:
                    if self.count(node, name, **labels) <= 0:
                        self.fault(f"node {node} has not counted {BUS}{name}{labels or ''}")
            else:
                for name in ("disconnects_total", "reconnects_total", "outage_seconds_count", "probe_failures_total"):
                    if self.count(node, name):
                        self.fault(f"node {node} has counted {BUS}{name} though nothing was done to it")
            if self.pages[node][1].value(BUS + "up") != 1:
                self.fault(f"gohub_bus_up of node {node} is not 1 after the fault")

    def judge_reconnects(self, node):
        for name in ("reconnects_total", self.way.counter("reconnects")):
            if self.strike.reconnects not in (None, self.count(node, name)):
                self.fault(f"node {node} counts {self.count(node, name):.0f} of {BUS}{name}, not {self.strike.reconnects}")

    def durations(self):
        """No publication took longer than its time, as the nodes see it."""
        for node in range(len(self.pages)):
            name = "publish_duration_seconds"
            late = self.count(node, name + "_count") - self.count(node, name + "_bucket", le=self.way.bucket)
            if late and self.was_starved(node):
                self.is_untimed = True
            elif late and not self.is_untimed:
                self.fault(f"node {node} answered {late:.0f} publications later than {self.way.bucket} s")


def covered(times):
    """How long at least one of some times lasts, each of which is (start, end)."""
    total, until = 0.0, float("-inf")
    for start, end in sorted(times):
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total


def quantile(ordered, share):
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
