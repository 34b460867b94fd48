# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The program as a person or a script calls it."""

import json
import os
import pty
import re
import signal
import subprocess

import pytest

from process import Program, die_with_parent, environment, eventually

FAULTY = """\
server:
  addr: 127.0.0.1
  drain_timeuot: 5s
  write_timeout: soon
hub:
  message_buffer_cap: -1
  message_buffer_cap: 256
"""
FAULTS = {2: "server.addr", 3: "drain_timeuot", 4: "server.write_timeout", 6: "hub.message_buffer_cap", 7: "message_buffer_cap"}


def run(binary, *arguments):
    return subprocess.run(
        [binary, *map(str, arguments)], env=environment(), capture_output=True, text=True, timeout=30
    )


def test_version_names_the_program(binary):
    answer = run(binary, "version")
    assert answer.returncode == 0
    assert answer.stdout.startswith("gohub")


def test_check_reports_every_fault_with_its_line(binary, tmp_path):
    file = tmp_path / "faulty.yaml"
    file.write_text(FAULTY, encoding="utf-8")
    answer = run(binary, "check", "--config", file)
    assert answer.returncode == 78
    assert answer.stdout == ""
    for line, word in FAULTS.items():
        reports = [report for report in answer.stderr.splitlines() if f"{file}:{line}" in report]
        assert len(reports) == 1, f"line {line}:\n{answer.stderr}"
        assert word in reports[0]
    assert "drain_timeout" in answer.stderr, "no hint for the misspelt key"


def test_check_is_content_with_a_sound_file(binary, tmp_path):
    file = tmp_path / "sound.yaml"
    file.write_text("server:\n  addr: 127.0.0.1:0\n", encoding="utf-8")
    assert run(binary, "check", "--config", file).returncode == 0
    answer = run(binary, "check", file)
    assert (answer.returncode, answer.stdout) == (0, f"{file}, flags and environment are right\n")


@pytest.mark.parametrize(
    "line, answer",
    [
        ("--port 9000", "--server-addr :9000"), ("-p 9000", "--server-addr :9000"), ("--adress :80", "--server-addr"),
        ("-c my.yaml", "--config"), ("servr", "serve"), ("my.yaml", "serve my.yaml"), ("help publish", "pub"),
    ],
)
def test_a_misspelt_command_line_is_answered_with_the_right_spelling(binary, line, answer):
    refusal = run(binary, *line.split())
    assert refusal.returncode == 64
    assert f"(did you mean {answer}?)" in refusal.stderr


class Terminal:
    """A hub whose standard error is a terminal."""

    def __init__(self, binary, *arguments):
        self.text = b""
        self._master, slave = pty.openpty()
        os.set_blocking(self._master, False)
        self.process = subprocess.Popen(
            [binary, *map(str, arguments)], env=environment(), stdin=subprocess.DEVNULL, stdout=slave, stderr=slave,
            start_new_session=True, preexec_fn=die_with_parent,
        )
        os.close(slave)

    def read(self):
        """All that was written so far, as lines."""
        try:
            self.text += os.read(self._master, 65536)
        except (BlockingIOError, OSError):  # nothing more yet, or the other end is gone
            pass
        return self.text.decode().replace("\r\n", "\n")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0
        text = self.read()
        os.close(self._master)
        return text


def test_the_first_screen_has_urls_to_open_and_a_line_to_try(binary, tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text('server:\n  addr: "127.0.0.1:0"\n  drain_timeout: 0s\n', encoding="utf-8")
    terminal = Terminal(binary, "serve", file)
    try:
        eventually(lambda: "Ctrl-C" in terminal.read(), what="the first screen")
        screen = terminal.read()
        url = re.search(r"ws://127\.0\.0\.1:[0-9]+/ws", screen).group()
        base = "http" + url.removeprefix("ws").removesuffix("/ws")
        for line in (url, f"{base}/metrics", f"{base}/readyz"):
            assert re.search(f" {re.escape(line)}$", screen, re.MULTILINE), screen
        assert f"  {binary} sub news --url {url}\n  {binary} pub news hello --url {url}\n" in screen
        assert "listening" not in screen and "WARN" not in screen
        answer = run(binary, "pub", "news", "hello", "--url", url)
        assert answer.returncode == 0, answer.stderr
    finally:
        text = terminal.stop()
    assert "listening" not in text


@pytest.mark.parametrize("wanted, warns", [(None, False), (5000, True)])
def test_few_open_files_are_warned_of_only_when_more_connections_were_asked_for(binary, wanted, warns):
    flags = ["--server-addr=127.0.0.1:0", "--log-format=json", *([f"--server-max-connections={wanted}"] if wanted else [])]
    hub = Program(["/bin/sh", "-c", 'ulimit -n 1024 && exec "$0" "$@"', binary, "serve", *flags])
    hub.wait_for_line(lambda line: "listening" in line or None)
    assert hub.stop() == 0
    assert any("ulimit" in line for line in hub.lines) == warns, hub.tail()


@pytest.mark.parametrize(
    ("command", "format", "is_json"),
    [
        ("serve", "auto", True),
        ("serve", "text", False),
        ("serve", "json", True),
        ("serve", "yaml", True),
        ("check", "auto", False),
        ("check", "text", False),
        ("check", "json", True),
    ],
)
def test_faults_look_like_the_log(binary, command, format, is_json):
    """Standard error is no terminal here, so that a log whose format is left to the program is JSON."""
    answer = run(binary, command, "--log-format", format, "--server-loops", "999")
    assert answer.returncode == 78
    lines = answer.stderr.splitlines()
    assert len(lines) == (2 if format == "yaml" else 1)
    if not is_json:
        assert lines[0].startswith("gohub: flag --server-loops: server.loops: \"999\" is too large")
        return
    record = {record["key"]: record for record in map(json.loads, lines)}["server.loops"]
    assert record["level"] == "error"
    assert record["message"] == "wrong configuration"
    assert record["code"] == "out_of_range"
    assert record["origin"] == "flag --server-loops"
    assert record["allowed"].startswith("0 to 256")
    assert "999" in record["error"]
