# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Measures gohub beside its peers: the same load, in turns, on this machine.

Each server is pinned to the first core and the load generator (`gohub bench`) to the second. Rounds alternate between
servers, so that what else the machine does hits all alike. Figures are the server's processor time from the
scheduler, not wall time. A ratio is taken within each round, where the machine was the same for all, and the table shows
the median of these ratios and between which two half of the rounds lie.
"""

import argparse
import atexit
import contextlib
import json
import os
import pathlib
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOHUB = ROOT / ".build/release/gohub"
# The same program with observing compiled out.
BARE = ROOT / ".build/bare/release/gohub"
BUILT = ROOT / "Benchmarks/results/peers"
SERVER_CORE, LOAD_CORE = "0", "1"


def gohub_server(port, loops=1, program=GOHUB):
    return [
        str(program), "serve", f"--server-addr=127.0.0.1:{port}", f"--server-loops={loops}",
        "--server-max-connections-per-ip=0", "--log-level=warning",
    ]


def nchan_server(port):
    folder = tempfile.TemporaryDirectory(prefix="gohub-bench-")
    atexit.register(folder.cleanup)
    text = (ROOT / "Benchmarks/peers/nchan/nginx.conf").read_text().replace("PORT", str(port)).replace("FOLDER", folder.name)
    file = pathlib.Path(folder.name) / "nginx.conf"
    file.write_text(text)
    return ["nginx", "-p", folder.name, "-c", str(file)]


SERVERS = {
    "floor": lambda port: [str(BUILT / "floor"), str(port)],
    "gohub": gohub_server,
    "gohub, two loops": lambda port: gohub_server(port, loops=2),
    "uWebSockets": lambda port: [sys.executable, str(ROOT / "Benchmarks/peers/uwebsockets/hub.py"), str(port)],
    "gorilla": lambda port: [str(BUILT / "gorilla"), str(port)],
    "centrifuge": lambda port: [str(BUILT / "centrifuge"), str(port)],
    "nchan": nchan_server,
    "bare": lambda port: gohub_server(port, program=BARE),
}
# The release build of an earlier commit, there only when one is asked for.
EARLIER = "earlier"
DELIVERY = ("server_cpu_microseconds_per_delivery", "µs")


class Variant:
    """One server under one load; the first of a row is what the others are compared with."""

    def __init__(self, label, load, server="gohub", dialect="binary", cores=SERVER_CORE):
        self.label = label
        self.load = load
        self.server = server
        self.dialect = dialect
        self.cores = cores
        self.is_long = any(part.startswith("--duration") for part in load)


def peers(*load):
    dialects = {
        "floor": "raw", "gohub": "binary", "uWebSockets": "raw", "gorilla": "raw", "nchan": "raw", "centrifuge": "centrifuge",
        EARLIER: "binary",
    }
    return [Variant(name, load, name, dialect) for name, dialect in dialects.items()]


def json_peers(*load):
    """Those that carry JSON in JSON."""
    return [Variant("gohub", load, dialect="json"), Variant("centrifuge", load, "centrifuge", "centrifuge")]


# Of a measurement with a time of its own. Idle servers are not watched at once, though they load nothing: both wake up at
# the same points of time, and a server beside a copy of itself was at 0.93 and 1.07 of that.
LONG_ROUNDS = 4
ONE = ("fanout", "--in-flight=1")
SIXTEEN = ("fanout", "--in-flight=16")
# name, the figure that is compared and its unit, what is compared
ROWS = [
    ("fan-out 64 B to 1 000, 1 in flight", DELIVERY, peers(*ONE)),
    ("fan-out 64 B to 1 000, 16 in flight", DELIVERY, peers(*SIXTEEN)),
    ("fan-out 64 B to 5 000, 1 in flight", DELIVERY, peers(*ONE, "--clients=5000")),
    ("fan-out 64 B to 5 000, 16 in flight", DELIVERY, peers(*SIXTEEN, "--clients=5000")),
    ("fan-out 1 KiB to 1 000, 16 in flight", DELIVERY, peers(*SIXTEEN, "--size=1024")),
    (
        "protocols and topics, 16 in flight", DELIVERY,
        [
            Variant("binary", SIXTEEN),
            Variant("JSON", SIXTEEN, dialect="json"),
            Variant("1 000 × 10", (*SIXTEEN, "--topics=1000", "--subscribers=10")),
            Variant("unicast", ("unicast", "--clients=100", "--in-flight=16")),
        ],
    ),
    ("JSON publishes of 64 B to 1 000, 16 in flight", DELIVERY, json_peers(*SIXTEEN)),
    (
        "10 000 topics of ten, 16 in flight", DELIVERY,
        [
            Variant("gohub, binary", (*SIXTEEN, "--topics=10000", "--subscribers=10")),
            *json_peers(*SIXTEEN, "--topics=10000", "--subscribers=10"),
        ],
    ),
    ("connect", ("server_cpu_microseconds_per_connect", "µs"), peers("connect", "--clients=5000")),
    (
        "memory of an idle connection, 10 000", ("server_resident_bytes_per_connection", "B"),
        peers("idle", "--clients=10000"),
    ),
    ("metrics against none, 1 in flight", DELIVERY, [Variant("without", ONE, "bare"), Variant("with", ONE)]),
    ("metrics against none, 16 in flight", DELIVERY, [Variant("without", SIXTEEN, "bare"), Variant("with", SIXTEEN)]),
    (
        "latency (p99) while 50 more stall", ("latency_p99_microseconds", "µs"),
        [Variant("nobody", SIXTEEN), Variant("50 stall", (*SIXTEEN, "--stalled=50"))],
    ),
    (
        "two loops against one, 16 in flight", ("deliveries_per_second", "1/s"),
        [
            Variant("one loop", SIXTEEN, cores="0,1"),
            Variant("two loops", SIXTEEN, "gohub, two loops", cores="0,1"),
        ],
    ),
    (
        "idle connection, 25 s pings, 10 000", ("server_cpu_microseconds_per_connection_second", "µs/s"),
        [
            Variant(server, ("idle", "--clients=10000", "--duration=50"), server) for server in ("gohub", EARLIER)
        ],
    ),
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(variant):
    port = free_port()
    command = ["taskset", "-c", variant.cores, *SERVERS[variant.server](port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"bench: {variant.label} does not listen; its command is {' '.join(command)}")
                time.sleep(0.05)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def measure(variant, seconds):
    with running(variant) as (port, pid):
        command = [
            "taskset", "-c", LOAD_CORE, str(GOHUB), "bench", f"--url=ws://127.0.0.1:{port}/ws", f"--server-pid={pid}",
            f"--dialect={variant.dialect}", "--json", *variant.load,
        ]
        # To connect takes as long as it takes.
        if not variant.is_long and "connect" not in variant.load:
            command.append(f"--duration={seconds}")
        outcome = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 170)
        if outcome.returncode:
            sys.exit(f"bench: {variant.label}: {outcome.stderr.strip()}")
        if variant.server.startswith("gohub") or variant.server == EARLIER:
            check_books(port)
        return json.loads(outcome.stdout)


def check_books(port):
    """A figure of a hub that loses messages would be worth nothing."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
        text = page.read().decode()
    if "\ngohub_deliveries_residual 0\n" not in text:
        sys.exit("bench: the hub lost count of deliveries: gohub_deliveries_residual is not 0")


def run(rounds, seconds, only, wanted):
    results = []
    for name, (figure, unit), variants in ROWS:
        variants = [each for each in variants if each.server in SERVERS and (not wanted or each.server in wanted)]
        if only not in name or not variants:
            continue
        figures = {variant.label: [] for variant in variants}
        for number in range(min(LONG_ROUNDS, rounds) if variants[0].is_long else rounds):
            # Whoever comes first in one round comes last in the next.
            for variant in variants if number % 2 == 0 else reversed(variants):
                figures[variant.label].append(measure(variant, seconds))
        results.append({"row": name, "figure": figure, "unit": unit, "rounds": figures})
        print_row(results[-1])
    return results


def values(result, label, figure=None):
    return [figures[figure or result["figure"]] for figures in result["rounds"][label]]


def print_row(result):
    print(f"\n{result['row']}")
    print(f"  {'':12} {'median':>10}  {'':4} {'least':>10} {'ratio':>8}  {'half of the rounds':20} {'p99':>10}")
    base = values(result, next(iter(result["rounds"])))
    for label in result["rounds"]:
        found = values(result, label)
        p99 = ""
        if "latency_p99_microseconds" in result["rounds"][label][0]:
            p99 = f"{statistics.median(values(result, label, 'latency_p99_microseconds')) / 1000:.1f} ms"
        ratios = sorted(figure / other for figure, other in zip(found, base) if other)
        half = f"{quantile(ratios, 0.25):.2f} … {quantile(ratios, 0.75):.2f}" if len(ratios) > 1 else ""
        print(
            f"  {label:12} {statistics.median(found):>10.3f}  {result['unit']:4} {min(found):>10.3f} "
            f"{statistics.median(ratios):>7.2f}×  {half:20} {p99:>10}",
            flush=True,
        )
    if EARLIER in result["rounds"] and "gohub" in result["rounds"]:
        pairs = zip(values(result, "gohub"), values(result, EARLIER))
        ratios = sorted(now / before for now, before in pairs if before)
        print(
            f"  gohub is at {statistics.median(ratios):.3f} of earlier, in half of the rounds at "
            f"{quantile(ratios, 0.25):.3f} … {quantile(ratios, 0.75):.3f}",
            flush=True,
        )


def quantile(ordered, share):
    return ordered[round((len(ordered) - 1) * share)]


def main():
    parser = argparse.ArgumentParser(description="Measures gohub beside its peers.")
    parser.add_argument("--rounds", type=int, default=9, help="how often each server is measured (default 9)")
    parser.add_argument("--seconds", type=int, default=2, help="how long each measurement takes (default 2)")
    parser.add_argument("--only", default="", help="only rows whose name has this text")
    parser.add_argument("--servers", default="", help="only these servers, with commas between them")
    parser.add_argument("--earlier", help="the release build of an earlier commit, to stand beside this one")
    arguments = parser.parse_args()
    if arguments.earlier:
        SERVERS[EARLIER] = lambda port: gohub_server(port, program=arguments.earlier)
    if (os.cpu_count() or 1) < 2:
        sys.exit("bench: the server and the load need a core each")
    results = run(arguments.rounds, arguments.seconds, arguments.only, arguments.servers.split(",") if arguments.servers else [])
    path = ROOT / "Benchmarks/results/hub.json"
    machine = {"cores": os.cpu_count(), "kernel": platform.release(), "load": os.getloadavg()[0]}
    path.write_text(json.dumps({"machine": machine, "results": results}, indent=1) + "\n")
    print(f"\nwritten: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
