# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What the system hands to the process: signals, descriptors, clocks."""

import contextlib
import json
import os
import signal
import subprocess

import pytest

from client import Client
from hub import Hub
from process import die_with_parent, environment, eventually

CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, time);
    if (clock == CLOCK_REALTIME) time->tv_sec = atoll(getenv("WALL_SECONDS"));
    return result;
}
"""


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXFSZ])
def test_signals_that_mean_nothing_to_a_hub_do_not_end_it(start_hub, number):
    hub = start_hub()
    hub.program.send_signal(number)
    if number == signal.SIGHUP:
        assert hub.program.wait_for_line(lambda line: "SIGHUP is ignored" in line or None)
    assert hub.get("/livez")[0] == 200


def listening_port(pid):
    """The port on which a process listens: one without a log cannot say which it took; None before it listens."""
    sockets = set()
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            sockets.add(os.readlink(f"/proc/{pid}/fd/{descriptor}"))
    with open(f"/proc/{pid}/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    listening = "0A"
    ports = [int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == listening and f"socket:[{row[9]}]" in sockets]
    return ports[0] if ports else None


class Running:
    """A hub that was started in another way than by ``Hub``."""

    host = "127.0.0.1"
    get = Hub.get

    def __init__(self, process):
        self.port = eventually(lambda: listening_port(process.pid), what="listening")


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1), (0, 1, 2)])
def test_a_hub_that_is_started_without_standard_descriptors_serves_and_ends_in_order(binary, tmp_path, closed):
    log = tmp_path / "log"
    redirections = [f"2>{log}"] + [f"{descriptor}{'<' if descriptor == 0 else '>'}&-" for descriptor in closed]
    process = subprocess.Popen(
        ["sh", "-c", f'exec "$0" serve --server-addr 127.0.0.1:0 --log-format json {" ".join(redirections)}', binary],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        preexec_fn=die_with_parent,
    )
    try:
        assert Running(process).get("/livez")[0] == 200
        for descriptor in closed:
            assert os.readlink(f"/proc/{process.pid}/fd/{descriptor}") == "/dev/null"
        process.terminate()
        assert process.wait(20) == 0
        messages = [json.loads(line)["message"] for line in log.read_text().splitlines()]
        assert messages[-1:] == ([] if 2 in closed else ["ended"])
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.mark.parametrize("command", [["pub", "t", "x"], ["sub", "t"], ["version"], ["check"]])
def test_commands_without_standard_descriptors_end_as_ever(binary, command):
    url = ["--url", "ws://127.0.0.1:1/ws"] if command[0] in ("pub", "sub") else []
    answers = [
        subprocess.run(["sh", "-c", f'"$0" "$@" {closed}; exit $?', binary, *command, *url], env=environment(), timeout=30)
        for closed in ("</dev/null >/dev/null 2>/dev/null", "<&- >&- 2>&-")
    ]
    assert answers[0].returncode == answers[1].returncode
    assert answers[0].returncode == (69 if url else 0)


@pytest.fixture(scope="module")
def clock(tmp_path_factory):
    """A library that sets the wall clock of the program that loads it."""
    directory = tmp_path_factory.mktemp("clock")
    (directory / "clock.c").write_text(CLOCK, encoding="utf-8")
    library = directory / "clock.so"
    subprocess.run(["clang", "-shared", "-fPIC", "-o", library, directory / "clock.c", "-ldl"], check=True)
    return library


@pytest.mark.parametrize(
    ("seconds", "timestamp", "year"),
    [
        (-1, -1000, "1969"),
        (-2_177_452_800, -2_177_452_800_000, "1901"),
        (-(2**63), -9_223_372_036_855, "1677"),
        (2**63 - 1, 9_223_372_036_854, "2262"),
    ],
)
async def test_no_wall_clock_ends_the_hub(binary, tmp_path, clock, monkeypatch, seconds, timestamp, year):
    monkeypatch.setenv("LD_PRELOAD", str(clock))
    monkeypatch.setenv("WALL_SECONDS", str(seconds))
    hub = Hub(binary, tmp_path)
    monkeypatch.undo()
    async with Client(hub) as client:
        await client.send("subscribe", {"topic": "t"})
        await client.receive("subscribed")
        await client.send("publish", {"topic": "t", "payload": 1})
        message = await client.receive()
        # Whole seconds but for the part that goes on.
        assert timestamp <= message["ts"] < timestamp + 1000
    assert hub.records()[0]["time"].startswith(year)
    assert hub.metrics().value("gohub_connections_opened_total") == 1
    hub.close()

