# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Measures gohub beside its peers: the same load, in turns, on this machine.

Each server is pinned to the first core and the load generator (`gohub bench`) to the second. Rounds alternate between
servers, so that what else the machine does hits all alike. Figures are the server's processor time from the
scheduler, not wall time. A ratio is taken within each round, where the machine was the same for all, and the table shows
the median of these ratios and between which two half of the rounds lie.
"""

import argparse
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
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOHUB = ROOT / ".build/release/gohub"
# The same program with observing compiled out.
BARE = ROOT / ".build/bare/release/gohub"
BUILT = ROOT / "Benchmarks/results/peers"
SERVER_CORE, LOAD_CORE = "0", "1"
DELIVERY = "server_cpu_microseconds_per_delivery"


def gohub_server(port, *options):
    return [
        str(GOHUB), "serve", f"--server-addr=127.0.0.1:{port}", "--server-loops=1",
        "--server-max-connections-per-ip=0", "--log-level=warning", *options,
    ]


def bare_server(port):
    return [str(BARE), *gohub_server(port)[1:]]


SERVERS = {
    "floor": (lambda port: [str(BUILT / "floor"), str(port)], "raw"),
    "gohub": (gohub_server, "binary"),
    "uWebSockets": (
        lambda port: [sys.executable, str(ROOT / "Benchmarks/peers/uwebsockets/hub.py"), str(port)],
        "raw",
    ),
    "gorilla": (lambda port: [str(BUILT / "gorilla"), str(port)], "raw"),
}

# name, servers, what `gohub bench` is asked for, the figure that the row compares, its unit
ROWS = [
    ("fan-out 64 B to 1 000, 1 in flight", "all", ["fanout", "--in-flight=1"], DELIVERY, "µs"),
    ("fan-out 64 B to 1 000, 16 in flight", "all", ["fanout", "--in-flight=16"], DELIVERY, "µs"),
    ("fan-out 64 B to 5 000, 16 in flight", "all", ["fanout", "--clients=5000", "--in-flight=16"], DELIVERY, "µs"),
    ("fan-out 1 KiB to 1 000, 16 in flight", "all", ["fanout", "--size=1024", "--in-flight=16"], DELIVERY, "µs"),
    ("fan-out JSON 64 B to 1 000, 16 in flight", "json", ["fanout", "--in-flight=16"], DELIVERY, "µs"),
    (
        "1 000 topics of 10 subscribers, 16 in flight", "gohub",
        ["fanout", "--topics=1000", "--subscribers=10", "--in-flight=16"], DELIVERY, "µs",
    ),
    ("unicast, 16 in flight", "gohub", ["unicast", "--clients=100", "--in-flight=16"], DELIVERY, "µs"),
    ("connect", "all", ["connect", "--clients=5000"], "server_cpu_microseconds_per_connect", "µs"),
    (
        "memory of an idle connection, 10 000", "all",
        ["idle", "--clients=10000"], "server_resident_bytes_per_connection", "B",
    ),
]
METRICS_ROWS = [
    ("metrics against none, 1 in flight", ["fanout", "--in-flight=1"]),
    ("metrics against none, 16 in flight", ["fanout", "--in-flight=16"]),
]
LOOPS_ROW = ("two loops against one, 16 in flight", ["fanout", "--in-flight=16"])
IDLE = ("idle connection, 25 s pings, 10 000", ["idle", "--clients=10000"],
        "server_cpu_microseconds_per_connection_second", "µs/s")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def server(name, extra=(), cores=SERVER_CORE):
    port = free_port()
    make = bare_server if name == "bare" else SERVERS[name][0]
    command = make(port) + list(extra)
    process = subprocess.Popen(
        ["taskset", "-c", cores, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"bench: {name} does not listen; its command is {' '.join(command)}")
                time.sleep(0.05)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def measure(name, options, dialect, seconds, extra=(), server_cores=SERVER_CORE):
    with server(name, extra, server_cores) as (port, pid):
        command = [
            "taskset", "-c", LOAD_CORE, str(GOHUB), "bench", *options, f"--url=ws://127.0.0.1:{port}/ws",
            f"--server-pid={pid}", f"--dialect={dialect}", f"--duration={seconds}", "--json",
        ]
        outcome = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 120)
        if outcome.returncode:
            sys.exit(f"bench: {name}: {outcome.stderr.strip()}")
        figures = json.loads(outcome.stdout)
        if name == "gohub":
            check_books(port)
        return figures


def check_books(port):
    """A figure of a hub that loses messages would be worth nothing."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
        text = page.read().decode()
    if "\ngohub_deliveries_residual 0\n" not in text:
        sys.exit("bench: the hub lost count of deliveries: gohub_deliveries_residual is not 0")


def run(rounds, seconds, only, wanted):
    results = []
    for row, servers, options, figure, unit in ROWS:
        if only and only not in row:
            continue
        if servers == "all":
            names = [(name, name, dialect) for name, (_, dialect) in SERVERS.items() if name in wanted]
        else:
            names = [("gohub", "gohub", "json" if servers == "json" else "binary")]
        figures = {label: [] for label, _, _ in names}
        for _ in range(rounds):
            for label, name, dialect in names:
                figures[label].append(measure(name, options, dialect, seconds))
        results.append({"row": row, "figure": figure, "unit": unit, "rounds": figures})
        print_row(results[-1])
    for row, options in METRICS_ROWS:
        if not BARE.exists() or (only and only not in row):
            continue
        figures = {"without": [], "with": []}
        for _ in range(rounds * 2):
            figures["without"].append(measure("bare", options, "binary", seconds))
            figures["with"].append(measure("gohub", options, "binary", seconds))
        results.append({"row": row, "figure": DELIVERY, "unit": "µs", "rounds": figures})
        print_row(results[-1])
    if not only or only in LOOPS_ROW[0]:
        figures = {"one loop": [], "two loops": []}
        for _ in range(rounds):
            for label, extra in (("one loop", []), ("two loops", ["--server-loops=2"])):
                figures[label].append(
                    measure("gohub", LOOPS_ROW[1], "binary", seconds, extra, server_cores="0,1")
                )
        results.append(
            {"row": LOOPS_ROW[0], "figure": "deliveries_per_second", "unit": "1/s", "rounds": figures}
        )
        print_row(results[-1])
    if not only or only in IDLE[0]:
        figures = {"gohub": [measure("gohub", IDLE[1], "binary", 50)]}
        results.append({"row": IDLE[0], "figure": IDLE[2], "unit": IDLE[3], "rounds": figures})
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


def quantile(ordered, share):
    return ordered[round((len(ordered) - 1) * share)]


def main():
    parser = argparse.ArgumentParser(description="Measures gohub beside its peers.")
    parser.add_argument("--rounds", type=int, default=9, help="how often each server is measured (default 9)")
    parser.add_argument("--seconds", type=int, default=2, help="how long each measurement takes (default 2)")
    parser.add_argument("--only", default="", help="only rows whose name has this text")
    parser.add_argument("--servers", default="", help="only these servers, with commas between them")
    arguments = parser.parse_args()
    if (os.cpu_count() or 1) < 2:
        sys.exit("bench: the server and the load need a core each")
    results = run(arguments.rounds, arguments.seconds, arguments.only, arguments.servers.split(",") if arguments.servers else list(SERVERS))
    path = ROOT / "Benchmarks/results/hub.json"
    machine = {"cores": os.cpu_count(), "kernel": platform.release(), "load": os.getloadavg()[0]}
    path.write_text(json.dumps({"machine": machine, "results": results}, indent=1) + "\n")
    print(f"\nwritten: {path.relative_to(ROOT)}")


main()
