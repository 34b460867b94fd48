# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What the hub is attacked with: the settings it has to stand it with, who attacks, and what has to be seen."""

import dataclasses
import signal
import time

from bounds import INBOX_OF_A_LOOP, MIB, Load, inbox

SECONDS = 12
FLOOD_SECONDS = 60
ATTACKER = "127.0.1.1"
# Thousands of clients that prepare themselves one behind the other cannot answer pings in between.
WITHOUT_PINGS = {"server": {"read_timeout": "1h"}, "hub": {"ping_interval": "30m"}}
# Receivers of a flood only read, and one that the machine gave no time for a while shall lose messages, counted, not leave.
FLOODED = {**WITHOUT_PINGS, "hub": {**WITHOUT_PINGS["hub"], "slow_client_policy": "drop_oldest"}}


@dataclasses.dataclass
class Evidence:
    """What was seen of one attack."""

    # What each load says of itself.
    results: list
    # The hub's metrics before the attack, and when all its clients have gone.
    before: object
    after: object
    # What each of the attack's gauges showed meanwhile, looked at twice a second.
    gauges: dict

    def counted(self, name, **labels):
        """How much a counter has grown."""
        return self.after.value(name, **labels) - self.before.value(name, **labels)


@dataclasses.dataclass
class Attack:
    """One attack."""

    name: str
    # Functions of loads.py with what they are given; each runs in a process of its own.
    loads: list
    # What that makes the hub hold, by which its memory is judged; gets the results of the loads.
    holds: object
    settings: dict = dataclasses.field(default_factory=dict)
    # Families, with labels, of which one has to have moved: the bound was reached, and an operator can see it.
    counters: list = dataclasses.field(default_factory=list)
    # Families that are looked at during the attack.
    gauges: list = dataclasses.field(default_factory=list)
    # The hub's limit of open files, and whether it writes its log to a pipe that nobody reads.
    open_files: int = 0
    is_log_unread: bool = False
    # Whether the hub is a node on a Redis.
    has_bus: bool = False
    # Whether health and metrics have a listener of their own.
    has_admin: bool = False
    # What honest clients cannot be spared here: a node that is full takes no new ones.
    unjudged: tuple = ()
    # What happens meanwhile; returns the times between which nobody can be answered.
    meanwhile: object = None
    # Faults in the evidence.
    faults: object = lambda evidence: []


def flood(size, subscribers=100, publishers=2):
    topic = "t"
    # What is delivered, and held in the inbox: the topic with its length, and the payload.
    message = 1 + len(topic) + size
    frame = message + (2 if message < 126 else 4 if message < 65_536 else 10)

    def faults(evidence):
        return ended(evidence) + reached(evidence, *inbox(publishers, message)) + lost(evidence, frame, subscribers)

    given = {"topic": topic, "seconds": FLOOD_SECONDS}
    return Attack(
        f"1 inbox flood between two loops, {size} B to {subscribers}",
        [
            ("subscribers", {**given, "loop": 1, "count": subscribers, "source": "127.0.1.1"}),
            ("publishers", {**given, "loop": 0, "count": publishers, "source": "127.0.2.1", "size": size}),
        ],
        lambda results: Load(
            connections=subscribers + publishers, subscriptions=subscribers, publishers=publishers, slow=subscribers
        ),
        settings=FLOODED,
        gauges=["gohub_inbox_largest_bytes", "gohub_paused_clients"],
        faults=faults,
    )


def ended(evidence):
    """No client of a flood may lose its connection."""
    count = sum(result["ended"] for result in evidence.results)
    return [f"{count} connections of the flood ended"] if count else []


def reached(evidence, mark, bound):
    """The inbox was as full as it may be and no fuller, and those who filled it had to wait."""
    found = []
    limit = evidence.after.value("gohub_inbox_limit_bytes")
    if limit != INBOX_OF_A_LOOP:
        found.append(f"gohub_inbox_limit_bytes is {limit:.0f}, expected {INBOX_OF_A_LOOP}")
    peak = max(evidence.gauges["gohub_inbox_largest_bytes"], default=0)
    if not mark <= peak <= bound:
        found.append(f"the fullest inbox held {peak:.0f} B, expected {mark} to {bound}")
    # A quarter of the looks at the least, so that it was no short burst.
    waiting = sum(1 for clients in evidence.gauges["gohub_paused_clients"] if clients)
    pauses = evidence.counted("gohub_client_pauses_total", reason="inbox")
    if min(waiting, pauses) < FLOOD_SECONDS / 2:
        found.append(
            f"publishers waited for the inbox {pauses:.0f} times, at {waiting} looks, expected are {FLOOD_SECONDS / 2:.0f} of each"
        )
    return found


def lost(evidence, frame, subscribers):
    """Every message came to every subscriber, or was counted as dropped for one."""
    received, rest = divmod(evidence.results[0]["received"], frame)
    due = evidence.results[1]["published"] * subscribers
    dropped = evidence.counted("gohub_deliveries_dropped_total", scope="topic")
    if received == due - dropped and not rest:
        return []
    return [
        f"{due} deliveries were due and {dropped:.0f} of them dropped, but {received} came and {rest} B of one more"
    ]


def missing(evidence):
    few = [] if evidence.results[0]["received"] > MIB else ["the flood did not reach the subscribers"]
    return few + ended(evidence)


def outbox(size):
    """Nobody on the node has subscribed: all that the publishers do goes to Redis."""
    return Attack(
        f"9 flood to the bus, {size} B",
        [("publishers", {"loop": 0, "count": 4, "topic": "t", "size": size, "source": "127.0.2.1", "seconds": FLOOD_SECONDS})],
        lambda results: Load(connections=4, publishers=4),
        has_bus=True,
        counters=[("gohub_client_pauses_total", {"reason": "bus"})],
        faults=ended,
    )


def from_bus(size):
    """Another program publishes as much as Redis takes; Redis ends the connection of a node that does not keep up."""
    return Attack(
        f"9 flood from the bus, {size} B",
        [
            ("subscribers", {"loop": 1, "count": 100, "topic": "t", "source": "127.0.1.1", "seconds": FLOOD_SECONDS + 2}),
            ("redis_publisher", {"topic": "t", "size": size, "seconds": FLOOD_SECONDS}),
        ],
        lambda results: Load(connections=100, subscriptions=100, slow=100),
        settings=FLOODED,
        has_bus=True,
        counters=[("gohub_bus_bare_received_total", {})],
        # The node is not ready while Redis has ended its connection, and says so.
        unjudged=("readyz",),
        faults=missing,
    )


def pipelined(count):
    return Attack(
        f"2 pipelined requests, {count} connections",
        [("pipelines", {"count": count, "path": "/version", "source": ATTACKER, "seconds": SECONDS})],
        lambda results: Load(http_connections=count),
    )


def fragments():
    load = {
        "count": 1000, "source": ATTACKER, "seconds": SECONDS, "repeat": 8000, "reads": True,
        "first": [1, "a", False], "then": [0, "a", False],
    }
    return Attack(
        "2 fragments of one byte, 1 000 clients of one address",
        [("frames", load)],
        lambda results: Load(connections=1000, unfinished=1000, unfinished_bytes=results[0]["frames"] // 1000),
    )


def resets():
    # An address may have as many subscriptions as a hundred clients.
    load = {"count": 5000, "topics": 1000, "each": 100, "seconds": 8}
    return Attack(
        "2 RST of 10 000 clients with 1 000 topics each",
        [("leavers", {**load, "source": source}) for source in ("127.0.1.1", "127.0.2.1")],
        lambda results: Load(connections=10_000, subscriptions=10_000_000),
        settings=WITHOUT_PINGS,
    )


def small_replies():
    load = {"count": 50, "small": 20_000, "source": ATTACKER, "seconds": SECONDS}
    return Attack(
        "3 small replies to 50 clients that read none",
        [("small_replies", load)],
        lambda results: Load(connections=50, slow=50),
        settings={"hub": {"message_buffer_cap": 10_000}},
        counters=[("gohub_deliveries_dropped_total", {}), ("gohub_slow_client_actions_total", {})],
    )


def pings():
    load = {
        "count": 1000, "source": ATTACKER, "seconds": SECONDS, "repeat": 10_000, "reads": False,
        "first": [9, "", True], "then": [9, "", True],
    }
    return Attack(
        "3 pings of 1 000 clients that read no pong",
        [("frames", load)],
        lambda results: Load(connections=1000),
    )


def unfinished():
    size = 1_000_000
    return Attack(
        "4 unfinished messages of 1 MB, 300 clients",
        [("unfinished", {"count": 300, "size": size, "source": ATTACKER, "seconds": SECONDS})],
        lambda results: Load(connections=300, unfinished=300, unfinished_bytes=size),
    )


def one_address():
    def faults(evidence):
        outcomes = evidence.results[0]
        answered = sum(count for outcome, count in outcomes.items() if outcome.isdigit())
        if answered < 1200:
            return [f"{1200 - answered} of 1 200 connections were not answered: {outcomes}"]
        return [] if outcomes.get("503", 0) >= 300 else [f"one address got more than its limit: {outcomes}"]

    return Attack(
        "5 one address parks 1 200 connections",
        [("parked", {"count": 1200, "each": 1200, "path": "/", "source": ATTACKER, "seconds": SECONDS})],
        lambda results: Load(http_connections=1200),
        settings={"server": {"max_connections": 1000, "max_connections_per_ip": 900}},
        counters=[("gohub_connections_rejected_total", {"reason": "ip_limit"})],
        has_admin=True,
        faults=faults,
    )


def all_topics():
    share = 100_000

    def faults(evidence):
        found = []
        result = evidence.results[0]
        if result["subscribed"] > share:
            found.append(f"one address has {result['subscribed']} subscriptions, allowed are {share}")
        if not result["others"]:
            found.append("another address cannot subscribe")
        return found

    return Attack(
        "5 one address asks for a million topics",
        [("collectors", {"count": 1000, "topics": 1000, "source": ATTACKER, "other": "127.0.2.1", "seconds": SECONDS})],
        lambda results: Load(connections=1000, subscriptions=share, topics=share),
        settings=WITHOUT_PINGS,
        counters=[("gohub_command_errors_total", {"code": "too_many"})],
        faults=faults,
    )


def all_descriptors():
    return Attack(
        "5 all descriptors of the process, from many addresses",
        [("parked", {"count": 2500, "each": 500, "path": "/", "source": ATTACKER, "seconds": SECONDS})],
        lambda results: Load(http_connections=2000),
        counters=[("gohub_connections_rejected_total", {"reason": "node_limit"}), ("gohub_accept_pauses_total", {})],
        open_files=2000,
        has_admin=True,
        unjudged=("connect",),
    )


def unread_log():
    return Attack(
        "6 a log that nobody reads",
        [("malformed", {"count": 20_000, "source": ATTACKER, "seconds": SECONDS})],
        lambda results: Load(connections=100),
        settings={"log": {"level": "debug"}},
        counters=[("gohub_log_dropped_total", {})],
        is_log_unread=True,
    )


def scrapers():
    return Attack(
        "7 20 scrapers that never pause and 2 000 that never read",
        [
            ("scrapers", {"count": 20, "source": "127.0.1.1", "seconds": SECONDS}),
            ("deaf_scrapers", {"count": 2000, "source": "127.0.2.1", "seconds": SECONDS}),
        ],
        lambda results: Load(http_connections=2020),
    )


def stopped():
    def stop(program):
        gaps = []
        for _ in range(2):
            time.sleep(2.5)
            began = time.monotonic()
            program.send_signal(signal.SIGSTOP)
            time.sleep(4)
            program.send_signal(signal.SIGCONT)
            gaps.append((began, time.monotonic()))
        return gaps

    def faults(evidence):
        result = evidence.results[0]
        lost = [f"{result['lost']} of 200 clients that answer were lost: {result['why']}"] if result["lost"] else []
        return lost + ([] if result["answered"] >= 400 else ["too few pings for a judgement"])

    return Attack(
        "8 stopped for longer than read_timeout",
        [("answerers", {"count": 200, "delay": 0.3, "source": ATTACKER, "seconds": 18})],
        lambda results: Load(connections=200),
        settings={"server": {"read_timeout": "3s"}, "hub": {"ping_interval": "1s", "pong_timeout": "1s"}},
        meanwhile=stop,
        faults=faults,
    )


ALL = [
    # By the number of messages, and by their bytes.
    flood(8), flood(1000), flood(60_000, subscribers=10, publishers=8),
    outbox(8), outbox(10_000), from_bus(8), from_bus(10_000), pipelined(20), pipelined(200), fragments(), resets(),
    small_replies(), pings(), unfinished(), one_address(), all_topics(), all_descriptors(), unread_log(), scrapers(), stopped(),
]
