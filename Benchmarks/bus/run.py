# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Measures what a message between nodes costs: on one Redis, beside Redis itself and beside the centrifuge library; on one NATS,
core and JetStream, beside the library nats.c.

What is compared takes turns within each round; a ratio is taken within a round, and the table shows the median of these
ratios and between which two half of the rounds lie.
"""

import argparse
import contextlib
import json
import os
import pathlib
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Benchmarks/hub"), str(ROOT / "Tests/BlackBox")]

import run as hub  # noqa: E402
from bus_server import in_memory  # noqa: E402
from nats_server import NatsServer  # noqa: E402
from process import eventually  # noqa: E402
from redis_server import RedisServer  # noqa: E402

BUILT = hub.BUILT
HUB = ROOT / ".build/release/BusBench"
BARE = BUILT / "bare"
BARE_NATS = BUILT / "bare-nats"
CENTRIFUGE = BUILT / "centrifuge-bus"
WITH_BUS = "gohub, Redis"
# bytes of a payload, and how many a second both can publish and receive
SIZES = [(64, 40_000), (1024, 20_000), (16_384, 2_000)]
# name, target: what the median may not be below, or above
AT_LEAST, AT_MOST = "at least", "at most"


def told(command, timeout):
    """What a program prints in its last line."""
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    if outcome.returncode:
        sys.exit(f"bench: {' '.join(map(str, command))}: {outcome.stdout}{outcome.stderr}".strip())
    return json.loads(outcome.stdout.splitlines()[-1])


def flood(program, address, size, seconds, rate=None, mode="publish"):
    command = [str(program), mode, address, str(size), str(seconds)]
    return told(command + ([str(rate)] if rate else []), seconds + 30)


def rate_of(program, address, size, seconds, mode="publish"):
    found = flood(program, address, size, seconds, mode=mode)
    return found["messages"] / found["seconds"]


def between_nodes(program, redis, size, seconds, rate):
    """Messages from one node to another for each second of their processors; all have to arrive."""
    address = to(redis) if program == HUB else redis.address
    command = [str(program), "receive", address, str(size), str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as receiver:
        try:
            if receiver.stdout.readline() != "ready\n":
                sys.exit(f"bench: {program} cannot receive")
            sent = flood(program, address, size, seconds, rate)
            settle(redis)
            receiver.stdin.close()
            got = json.loads(receiver.stdout.read())
        finally:
            receiver.kill()
    missing = sent["messages"] - got["messages"]
    # A last message of another kind may be among what is received.
    if missing > 0:
        sys.exit(f"bench: {program} lost {missing} of {sent['messages']} messages of {size} bytes")
    return sent["messages"] / (sent["processor_seconds"] + got["processor_seconds"])


def settle(redis):
    """Waits until Redis has nothing left to send, and who receives had time to take it."""
    while any(f"omem={count}" in redis.cli("client", "list") for count in range(1, 10)):
        time.sleep(0.05)
    time.sleep(0.3)


def to(server, kind=None):
    """Where BusBench finds a bus."""
    return f"{kind or server.kind}://{server.address}"


def latency(program, address, size, seconds, share):
    return told([str(program), "latency", address, str(size), str(seconds)], seconds + 30)[f"{share}_microseconds"]


def drained(command, nats, size, seconds):
    """Messages a second that a reader of the stream takes which was stopped while they were written."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        try:
            if reader.stdout.readline() != "ready\n":
                sys.exit(f"bench: {command[0]} cannot read the stream")
            reader.send_signal(signal.SIGSTOP)
            flood(HUB, to(nats, "jetstream"), size, seconds)
            reader.send_signal(signal.SIGCONT)
            eventually(lambda: is_drained(nats), 60, "a stream that is read")
            reader.stdin.close()
            found = json.loads(reader.stdout.read())
        finally:
            reader.send_signal(signal.SIGCONT)
            reader.kill()
    return found["messages"] / found["seconds"]


def is_drained(nats):
    """Whether nothing of the stream is still to be delivered, or acknowledged."""
    accounts = nats.monitoring("jsz?streams=true&consumers=true")["account_details"]
    consumers = [c for account in accounts for s in account["stream_detail"] for c in s.get("consumer_detail", [])]
    return all(c["num_pending"] == c["num_ack_pending"] == 0 for c in consumers)


class Row:
    """One comparison: the figure of each side in each round."""

    def __init__(self, name, unit, sides, target=None, difference=False):
        self.name = name
        self.unit = unit
        self.sides = sides
        self.target = target
        self.difference = difference
        self.rounds = {label: [] for label in sides}

    def measure(self, rounds):
        for number in range(rounds):
            # Whoever comes first in one round comes last in the next.
            for label in self.sides if number % 2 == 0 else reversed(self.sides):
                self.rounds[label].append(self.sides[label]())
        self.show()

    @property
    def comparisons(self):
        """The first side beside each other one, round by round, in order of size."""
        first, *others = self.rounds
        for other in others:
            pairs = zip(self.rounds[first], self.rounds[other])
            yield other, sorted(a - b if self.difference else a / b for a, b in pairs)

    def show(self):
        print(f"\n{self.name}")
        for label, figures in self.rounds.items():
            print(f"  {label:14} {statistics.median(figures):>12,.0f} {self.unit}")
        first = next(iter(self.rounds))
        for other, found in self.comparisons:
            kind = f" {self.unit} more than" if self.difference else " times"
            half = f"{hub.quantile(found, 0.25):,.3f} … {hub.quantile(found, 0.75):,.3f}"
            target = f"; the target is {self.target[0]} {self.target[1]}" if self.target else ""
            print(f"  {first} is at {statistics.median(found):,.3f}{kind} {other} ({half}){target}", flush=True)

    @property
    def is_met(self):
        if not self.target:
            return True
        kind, bound = self.target
        medians = [statistics.median(found) for _, found in self.comparisons]
        return all(median >= bound if kind == AT_LEAST else median <= bound for median in medians)


def local(server, seconds, *load):
    variant = hub.Variant(server, ("fanout", *load), server)
    return lambda: 1000 * hub.measure(variant, seconds)["server_cpu_microseconds_per_delivery"]


def nats_rows(nats, seconds):
    """What NATS costs: gohub knows of each publication that the server has it; the library does with `confirm`."""
    core, stream = to(nats), to(nats, "jetstream")
    for size, _ in SIZES:
        yield Row(
            f"publications of {size} B to NATS", "1/s",
            {
                "gohub": lambda size=size: rate_of(HUB, core, size, seconds),
                "nats.c": lambda size=size: rate_of(BARE_NATS, nats.address, size, seconds, "confirm"),
            },
            (AT_LEAST, 0.7),
        )
        # Told, not judged: nobody knows what becomes of these.
        yield Row(
            f"publications of {size} B to NATS, beside some without any answer", "1/s",
            {
                "gohub": lambda size=size: rate_of(HUB, core, size, seconds),
                "nats.c": lambda size=size: rate_of(BARE_NATS, nats.address, size, seconds),
            },
        )
    for share in ("p50", "p99"):
        yield Row(
            f"latency of 64 B over NATS from node to node, 1 000 a second, {share}", "µs",
            {
                "gohub": lambda share=share: latency(HUB, core, 64, seconds, share),
                "nats.c": lambda share=share: latency(BARE_NATS, nats.address, 64, seconds, share),
            },
            difference=True,
        )
    for size, _ in SIZES[:2]:
        yield Row(
            f"publications of {size} B to JetStream, each stored", "1/s",
            {
                "gohub": lambda size=size: rate_of(HUB, stream, size, seconds),
                "nats.c": lambda size=size: rate_of(BARE_NATS, nats.address, size, seconds, "store"),
            },
        )
    for size, _ in SIZES[:2]:
        yield Row(
            f"messages of {size} B read from JetStream", "1/s",
            {
                "gohub": lambda size=size: drained([str(HUB), "drain", stream, str(size), "1"], nats, size, seconds),
                "nats.c": lambda size=size: drained(
                    [str(BARE_NATS), "pull", nats.address, str(size), "1"], nats, size, seconds
                ),
            },
            (AT_LEAST, 0.8),
        )
    for share in ("p50", "p99"):
        yield Row(
            f"latency of 64 B over JetStream from node to node, 1 000 a second, {share}", "µs",
            {"gohub": lambda share=share: latency(HUB, stream, 64, seconds, share)},
        )


def rows(redis, seconds):
    address, port = redis.address, str(redis.port)
    bus = to(redis)
    hub.SERVERS[WITH_BUS] = lambda own: [*hub.gohub_server(own), "--bus-type=redis", f"--bus-redis-addrs={address}"]
    for size, _ in SIZES:
        yield Row(
            f"publications of {size} B to Redis", "1/s",
            {
                "gohub": lambda size=size: rate_of(HUB, bus, size, seconds),
                "bare": lambda size=size: rate_of(BARE, port, size, seconds),
            },
            (AT_LEAST, 0.8),
        )
    yield Row(
        "latency of 64 B from node to node, 1 000 a second, p99", "µs",
        {
            "gohub": lambda: latency(HUB, bus, 64, seconds, "p99"),
            "bare": lambda: latency(BARE, port, 64, seconds, "p99"),
        },
        (AT_MOST, 200),
        difference=True,
    )
    for size, rate in SIZES:
        yield Row(
            f"messages of {size} B from node to node, for a second of both processors", "",
            {
                "gohub": lambda size=size, rate=rate: between_nodes(HUB, redis, size, seconds, rate),
                "centrifuge": lambda size=size, rate=rate: between_nodes(CENTRIFUGE, redis, size, seconds, rate),
            },
            (AT_LEAST, 1),
        )
    # With few receivers each has a large share of the publication to Redis: told, not judged.
    for clients in (1, 10):
        load = (f"--clients={clients}", "--in-flight=16")
        yield Row(
            f"a local delivery of 64 B, one of {clients}, 16 in flight", "ns",
            {"with a bus": local(WITH_BUS, seconds, *load), "without": local("gohub", seconds, *load)},
        )
    for load in (("--in-flight=1",), ("--in-flight=16",)):
        yield Row(
            f"a local delivery of 64 B, one of 1 000, {load[0][12:]} in flight", "ns",
            {"with a bus": local(WITH_BUS, seconds, *load), "without": local("gohub", seconds, *load)},
            (AT_MOST, 1.05),
        )


def main():
    parser = argparse.ArgumentParser(description="Measures messages between nodes on one Redis, and on one NATS.")
    parser.add_argument("--rounds", type=int, default=9, help="how often each side is measured (default 9)")
    parser.add_argument("--seconds", type=int, default=2, help="how long each measurement takes (default 2)")
    parser.add_argument("--only", default="", help="only rows whose name has this text")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        redis = RedisServer(stack.enter_context(tempfile.TemporaryDirectory(prefix="gohub-bench-")))
        stack.callback(redis.stop)
        own = stack.enter_context(tempfile.TemporaryDirectory(prefix="gohub-bench-", dir=in_memory(8 << 30)))
        # Room for a stream as it is by default, of which the server of a test has less.
        nats = NatsServer(own, [f'jetstream: {{store_dir: "{own}/store", max_file: 4GB}}'])
        stack.callback(nats.stop)
        found = [*rows(redis, arguments.seconds), *nats_rows(nats, arguments.seconds)]
        found = [row for row in found if arguments.only in row.name]
        for row in found:
            row.measure(arguments.rounds)
    path = ROOT / "Benchmarks/results/bus.json"
    machine = {"cores": os.cpu_count(), "kernel": platform.release()}
    results = [{"row": row.name, "unit": row.unit, "rounds": row.rounds} for row in found]
    path.write_text(json.dumps({"machine": machine, "results": results}, indent=1) + "\n")
    print(f"\nwritten: {path.relative_to(ROOT)}")
    missed = [row.name for row in found if not row.is_met]
    if missed:
        sys.exit(f"bench: these miss their targets: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
